"""What commands do with a policy that has several tables."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from beam_deid.pipelines import options, output
from beam_deid.pipelines.run import check_replacing, releases_in, saying_what_became, show

if TYPE_CHECKING:
    from beam_deid.transforms.policy.tables import TablesPolicy


@dataclass(frozen=True)
class Options:
    """How a run is carried out: the flags of ``beam-deid run`` that say so."""

    releases: tuple[str, ...] = ()
    overwrite: bool = False
    unreleased: bool = False
    new_register: bool = False
    max_rejects: float = 0.001
    workers: int | None = None
    dry: bool = False
    verbose: bool = False
    by: Mapping[str, Any] = field(default_factory=dict)
    as_of: int | None = None
    text: bytes | None = None


def run_on_tables(
    policy: "TablesPolicy", inputs: tuple[str, ...], folder: str, as_json: bool, asked: Options
) -> dict[str, Any]:
    """Run over tables, show what came out, and return ``run.json``.

    Raises:
        ExpectationUnmet: A release did not reach the label that it expects; the others are published.
    """
    from beam_deid.pipelines.report.papers import reports
    from beam_deid.transforms.joining.tables import inputs_by_table, prepare_tables
    from beam_deid.transforms.run import workers as pool
    from beam_deid.transforms.run.heap import keep_freed

    check_replacing(asked.overwrite, asked.unreleased)
    tables = prepare_tables(policy, inputs_by_table(policy, inputs), asked.releases, asked.as_of)
    for one in tables:
        output.note(f"{one.table.name}: {told}" for told in one.prepared.found.told())
        output.warn(one.prepared.passed_over)
    shards = sum(len(one.prepared.shards) for one in tables)
    count = options.worker_count(asked.workers, shards)
    pool.warm(count)  # while this process loads Beam
    keep_freed()
    from beam_deid.transforms.beam.run import STEPS, Settings
    from beam_deid.transforms.beam.run_tables import JOINING, dry_run_tables, run_tables

    settings = Settings(
        workers=count,
        max_rejects=asked.max_rejects,
        overwrite=asked.overwrite,
        unreleased=asked.unreleased,
        new_register=asked.new_register,
        by=asked.by,
        policy=asked.text,
        reports=reports,
    )
    earlier = releases_in(folder) if asked.overwrite else ()
    with output.progress((JOINING, *STEPS), None, shards), saying_what_became():
        carry_out = dry_run_tables if asked.dry else run_tables
        outcome = carry_out(policy, tables, folder, settings)
    show(outcome, folder, as_json, dry=asked.dry, verbose=asked.verbose, earlier=earlier)
    return outcome.run


def checked_files(policy: "TablesPolicy", inputs: tuple[str, ...]) -> int:
    """The number of files, once the columns of each table are found to be those of the policy."""
    from beam_deid.transforms.joining.tables import inputs_by_table, prepare_tables

    tables = prepare_tables(policy, inputs_by_table(policy, inputs))
    for one in tables:
        output.note(f"{one.table.name}: {told}" for told in one.prepared.found.told())
    return sum(len({shard.path for shard in one.prepared.shards}) for one in tables)
