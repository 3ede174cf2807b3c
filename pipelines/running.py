"""A run as the command and the Python API carry it out: checked, prepared, and then carried out. Nothing of it is printed here."""

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from beam_deid.pipelines.options import worker_count
from beam_deid.transforms.errors import InputError, InternalFault, OutputError, UsageError

if TYPE_CHECKING:
    from beam_deid.transforms.policy.model import Policy
    from beam_deid.transforms.policy.tables import TablesPolicy
    from beam_deid.transforms.publish.publication import Outcome

MAX_REJECTS = 0.001
"""Greatest share of records that may be rejected, where nobody says another."""

Tell = Callable[[Iterable[str], Iterable[str]], None]
"""Takes what a person should know of files and need do nothing about, and what of them is passed over."""


@dataclass(frozen=True)
class Asked:
    """How a run is carried out.

    Attributes:
        releases: The releases to make; all if none is named.
        overwrite: Whether an earlier run's output may be replaced.
        unreleased: Whether nobody was ever given what is replaced.
        new_register: Whether a new register may be begun where one is gone.
        max_rejects: Greatest share of records that may be rejected.
        workers: Processes; None for as many as the machine and the input have use for.
        runner: Beam engine; None for the one of this process.
        beam_options: Beam's own options.
        dry: Whether it ends once all is decided, and publishes nothing.
        by: Who carries it out, and how, as ``run.json`` says it; None for the login alone.
        as_of: Time at which consent must be valid, in microseconds since 1970; None for the policy's, or now.
        text: The bytes of the policy's file; None where there is no file.
        corrections: A file of corrected records; None where there is none.
    """

    releases: tuple[str, ...] = ()
    overwrite: bool = False
    unreleased: bool = False
    new_register: bool = False
    max_rejects: float = MAX_REJECTS
    workers: int | None = None
    runner: str | None = None
    beam_options: tuple[str, ...] = ()
    dry: bool = False
    by: Mapping[str, Any] | None = None
    as_of: int | None = None
    text: bytes | None = None
    corrections: str | None = None


@dataclass(frozen=True)
class PreparedRun:
    """A run that may begin: its policy, its options and the heads of its files are found to go together.

    Attributes:
        steps: What it will do, one after the other.
        rows: Records of its files, where that is known.
        shards: Pieces that they are read in.
        first: What is done before the first step.
        carry_out: Does it all.
    """

    steps: tuple[str, ...]
    rows: int | None
    shards: int
    first: str
    carry_out: Callable[[], "Outcome"]


def prepared_run(policy: "Policy", inputs: Sequence[str], folder: str, asked: Asked, tell: Tell) -> PreparedRun:
    """Check a run over files of one table, and start its processes.

    Args:
        policy: The policy.
        inputs: Globs.
        folder: The output.
        asked: How it is carried out.
        tell: Is told of the files as soon as they were looked at.

    Raises:
        DeidError: It cannot be: see `beam_deid.transforms.errors`.
    """
    from beam_deid.transforms.run import workers as pool
    from beam_deid.transforms.run.corrections import with_corrections
    from beam_deid.transforms.run.engines import LOCAL
    from beam_deid.transforms.run.shards import prepare

    check_replacing(asked.overwrite, asked.unreleased)
    engine = asked.runner or LOCAL
    if engine != LOCAL or asked.beam_options:
        from beam_deid.transforms.beam.engine_check import check_engine  # which loads Beam

        check_engine(engine, asked.beam_options)
    if asked.dry:
        _check_here(engine, asked.beam_options)
    paths = [*inputs, folder] if asked.corrections is None else [*inputs, folder, asked.corrections]
    _check_reach(policy, paths, asked.releases, engine, asked.beam_options)
    prepared = prepare(policy, inputs, asked.releases, asked.as_of)
    if asked.corrections is not None:
        prepared = with_corrections(prepared, asked.corrections)
    tell(prepared.found.told(), prepared.passed_over)
    count = worker_count(asked.workers, len(prepared.shards)) if engine == LOCAL else 1
    pool.warm(count)  # while this process loads Beam
    from beam_deid.transforms.beam.run import STEPS, dry_run
    from beam_deid.transforms.beam.run import run as run_job

    settings = _settings(asked, engine, count)

    def carry_out() -> "Outcome":
        with saying_what_became():
            return dry_run(prepared, folder, settings) if asked.dry else run_job(prepared, folder, settings)

    return PreparedRun(
        STEPS[:2] if asked.dry else STEPS,
        prepared.rows,
        len(prepared.shards),
        "starting" if engine == LOCAL else f"running on {engine}",
        carry_out,
    )


def prepared_run_on_tables(
    policy: "TablesPolicy", inputs: Sequence[str], folder: str, asked: Asked, tell: Tell
) -> PreparedRun:
    """Check a run over several tables, and start its processes; see `prepared_run`.

    Args:
        policy: The policy.
        inputs: Globs, each as ``TABLE=GLOB``.
        folder: The output.
        asked: How it is carried out.
        tell: Is told of the files as soon as they were looked at.

    Raises:
        DeidError: It cannot be: see `beam_deid.transforms.errors`.
    """
    from beam_deid.transforms.joining.tables import inputs_by_table, prepare_tables
    from beam_deid.transforms.run import workers as pool
    from beam_deid.transforms.run.engines import LOCAL

    _check_for_tables(asked)
    check_replacing(asked.overwrite, asked.unreleased)
    tables = prepare_tables(policy, inputs_by_table(policy, inputs), asked.releases, asked.as_of)
    for one in tables:
        tell([f"{one.table.name}: {told}" for told in one.prepared.found.told()], one.prepared.passed_over)
    shards = sum(len(one.prepared.shards) for one in tables)
    count = worker_count(asked.workers, shards)
    pool.warm(count)  # while this process loads Beam
    from beam_deid.transforms.beam.run import STEPS
    from beam_deid.transforms.beam.run_tables import JOINING, dry_run_tables, run_tables

    settings = _settings(asked, LOCAL, count)

    def carry_out() -> "Outcome":
        with saying_what_became():
            return (dry_run_tables if asked.dry else run_tables)(policy, tables, folder, settings)

    return PreparedRun(
        (JOINING, *STEPS),
        None,
        shards,
        "starting",
        carry_out,
    )


def _settings(asked: Asked, engine: str, workers: int) -> Any:
    """What the engine is told of how a run is carried out."""
    from beam_deid.pipelines.report.papers import reports
    from beam_deid.transforms.beam.run import Settings

    settings = Settings(
        engine,
        asked.beam_options,
        workers,
        asked.max_rejects,
        asked.overwrite,
        asked.unreleased,
        asked.new_register,
        policy=asked.text,
        reports=reports,
    )
    return settings if asked.by is None else replace(settings, by=asked.by)


def check_replacing(overwrite: bool, unreleased: bool) -> None:
    """See that what is said to be unreleased is replaced.

    Raises:
        UsageError: Nothing is.
    """
    if unreleased and not overwrite:
        raise UsageError(
            "nothing is replaced, so nothing can be unreleased", "--unreleased", "Add --overwrite, or leave it out"
        )


@contextlib.contextmanager
def saying_what_became() -> Iterator[None]:
    """Let the message of a run that failed say what was published: nothing, or all of it where only the register is not told."""
    from beam_deid.transforms.storage.stopping import STOPPING

    try:
        yield
    except (InputError, InternalFault, OutputError) as error:
        if STOPPING.is_begun:
            raise
        became = f"{STOPPING.published} is published, and whole" if STOPPING.published else "Nothing was published"
        told = ". ".join(filter(None, [error.next_step, became]))
        raise type(error)(error.what, error.where, told) from None


def _check_for_tables(asked: Asked) -> None:
    if asked.runner is not None or asked.beam_options:
        what = "tables are joined on this machine, and other engines cannot reach what lies beside them"
        raise UsageError(what, "--runner", "Leave it out")
    if asked.corrections is not None:
        what = "records are not corrected yet where the policy has tables"
        raise UsageError(what, "--corrections", "Correct them in the files of the tables")


def _check_here(engine: str, beam_options: tuple[str, ...]) -> None:
    """See that a dry run can be told what was decided: workers elsewhere would have to write it down where all can read it."""
    from beam_deid.transforms.run.engines import is_here

    if not is_here(engine, beam_options):
        what = (
            f"a dry run writes nothing, so that workers of {engine} on other machines could not tell what they decide"
        )
        raise UsageError(what, "--dry-run", "Leave out --runner: every engine decides the same")


def _check_reach(
    policy: "Policy", paths: list[str], releases: tuple[str, ...], engine: str, beam_options: tuple[str, ...]
) -> None:
    """See that an engine whose workers are elsewhere reaches the files and keys."""
    from beam_deid.transforms.run.engines import is_here
    from beam_deid.transforms.run.shipping import check_reach

    if not is_here(engine, beam_options):
        made = [name for name in policy.releases if not releases or name in releases]
        check_reach(policy, paths, made, engine)
