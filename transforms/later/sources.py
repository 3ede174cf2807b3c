"""The files that outputs were made of, opened for one release after the other; those of several tables are joined once."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import TracebackType

from beam_deid.transforms.dataset.published_rows import Published
from beam_deid.transforms.dataset.same_source import SameSource
from beam_deid.transforms.dataset.source_proof import Opened, as_of, of_release, open_proof, run_of
from beam_deid.transforms.joining.tables import PreparedTable, inputs_by_table, join_tables, prepare_tables
from beam_deid.transforms.policy.model import Policy
from beam_deid.transforms.policy.tables import TablesPolicy, table_in
from beam_deid.transforms.run.spill_folder import SpillFolder


class Sources:
    """The files that outputs were made of, a context manager: what tables lend each other is on disk until it ends.

    Args:
        policy: The policy that the outputs were made by.
        given: Globs; of a policy with tables each as ``TABLE=GLOB``. None where they are not at hand.

    Attributes:
        tables: The tables with what lies beside their rows, by name; empty in a dataset of one table, or without files.

    Raises:
        DeidError: See `beam_deid.transforms.joining.tables`, of whose tables the keys are read at once.
    """

    def __init__(self, policy: Policy | TablesPolicy, given: Sequence[str]) -> None:
        self.tables: Mapping[str, PreparedTable] = {}
        self._policy = policy
        self._given = tuple(given)
        self._folder: SpillFolder | None = None
        if isinstance(policy, TablesPolicy) and given:
            prepared = prepare_tables(policy, inputs_by_table(policy, given))
            self._folder = SpillFolder()
            try:
                self.tables = {one.table.name: one for one in join_tables(prepared, self._folder)}
            except BaseException:
                self._folder.remove()
                raise

    def __enter__(self) -> "Sources":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._folder is not None:
            self._folder.remove()

    def __bool__(self) -> bool:
        return bool(self._given)

    def opened(self, published: Published) -> Opened:
        """What a release was made of, before rows are read.

        Args:
            published: The release, which the policy made.

        Raises:
            DeidError: See `open_proof`.
        """
        if isinstance(self._policy, TablesPolicy):
            return self._opened_table(self._policy, published)
        return open_proof(self._policy, [published.folder], self._given)

    def _opened_table(self, policy: TablesPolicy, published: Published) -> Opened:
        told = run_of(published).get("releases", {})
        releases = [name for name, parts in policy.releases.items() if {*parts.values()} & {*told}]
        tables = prepare_tables(policy, inputs_by_table(policy, self._given), releases, as_of(published))
        name = table_in(published.release)
        prepared = next(one.prepared for one in tables if one.table.name == name)
        joined = self.tables[name].prepared
        # The run is named by the files of all tables, and by their ledgers.
        same = SameSource(prepared.job.run == published.label["run"], ())
        return of_release(published, replace(prepared, shards=joined.shards), same)
