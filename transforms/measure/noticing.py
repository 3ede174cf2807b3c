"""What is noticed of files while they are read, beside what is measured: files without rows, and orders over several lines."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from beam_deid.transforms.columns.repeats import Repeats
from beam_deid.transforms.formats.format import Shard
from beam_deid.transforms.policy.columns import in_files
from beam_deid.transforms.policy.model import Policy
from beam_deid.transforms.policy.nearest import bare
from beam_deid.transforms.policy.scoping import identities
from beam_deid.transforms.run.job import Job
from beam_deid.transforms.treat.typed import TypedBatch


@dataclass
class Noticed:
    """What was noticed of files. Parts merge in any order.

    Attributes:
        rows: Rows of each file, as reports call it.
        repeats: What was counted for each key.
        met: How many rows have the number of each corrected record that the run was given.
        replaced: In place of how many of them it stands.
    """

    rows: Counter[str] = field(default_factory=Counter)
    repeats: dict[str, Repeats] = field(default_factory=dict)
    met: Counter[int] = field(default_factory=Counter)
    replaced: Counter[int] = field(default_factory=Counter)

    @classmethod
    def merge(cls, parts: Sequence["Noticed"]) -> "Noticed":
        """All parts together; associative."""
        merged = cls()
        for part in parts:
            for file, rows in part.rows.items():
                merged.rows[file] += rows
            for key, counted in part.repeats.items():
                merged.repeats.setdefault(key, Repeats()).add(counted)
            merged.met.update(part.met)
            merged.replaced.update(part.replaced)
        return merged

    def told(self, policy: Policy) -> Iterator[str]:
        """What a person should know, a sentence each without a full stop."""
        empty = sorted(file for file, rows in self.rows.items() if rows == 0)
        if empty:
            have = "has" if len(empty) == 1 else "have"
            yield f"{len(empty)} of {len(self.rows)} files {have} no row: {in_files(empty)}"
        for key in _keys(policy):
            counted = self.repeats.get(key, Repeats())
            once = counted.once(list(policy.fields))
            if once:
                yield _told(key, counted.repeats, once)
                return


def _told(key: str, repeats: int, once: Sequence[str]) -> str:
    names = ", ".join(map(bare, once))
    return (
        f"{bare(key)} is that of the row above in {repeats:,} rows, in which {names} are blank: if these are further lines of an "
        f"order, write input: {{fill_down: {{by: {bare(key)}, fields: [{names}]}}}}; as it is, a blank cell is a value of its own"
    )


class Noticing:
    """Notices what there is in the batches of a shard, which come in its order.

    Args:
        job: The run.
        shard: The shard; None for the batches of a collection, which have no order.
    """

    def __init__(self, job: Job, shard: Shard | None) -> None:
        self._ordered = shard is not None
        self._keys = _keys(job.policy) if job.policy.input.fill_down is None else ()
        self._noticed = Noticed()
        if shard is not None:
            self._noticed.rows[shard.told or shard.path] = 0

    def add(self, batch: TypedBatch) -> None:
        """Look at a batch."""
        if not self._ordered:
            return
        self._noticed.rows[batch.source] += batch.read
        if batch.met is not None and batch.replaced is not None:
            self._noticed.met.update(batch.met.tolist())
            self._noticed.replaced.update(batch.replaced.tolist())
        columns = batch.records.columns
        for key in self._keys:
            if key in columns and len(batch.records):
                self._noticed.repeats.setdefault(key, Repeats()).add(Repeats.of(columns, key))

    def result(self) -> Noticed:
        """What was noticed of all batches."""
        return self._noticed


def _keys(policy: Policy) -> tuple[str, ...]:
    """The fields that may tell orders, those first that do so for sure: record, order numbers, what names a person."""
    named = identities(policy)
    ordered = [name for name in policy.fields if (kind := policy.kind(name)) is not None and kind.of_orders]
    persons = [name for name in named if name != policy.subject_field]
    keys = [policy.record, *ordered, *persons, policy.subject_field]
    return tuple(dict.fromkeys(key for key in keys if key is not None))
