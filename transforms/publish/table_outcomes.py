"""The tables of one dataset that are published as one run: what came of each, put together into what came of all."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pyarrow.parquet as pq

from beam_deid.transforms.decide.decision import Remembered
from beam_deid.transforms.label.documents import plain, to_bytes
from beam_deid.transforms.publish.concluding import write_rejected
from beam_deid.transforms.publish.register_entries import PolicyFacts
from beam_deid.transforms.publish.register_session import RegisterSession
from beam_deid.transforms.publish.run_outcome import InputFacts, ReleaseOutcome, RunOutcome, TablePersons
from beam_deid.transforms.publish.run_state import damaged, read_left
from beam_deid.transforms.run.job import Job
from beam_deid.transforms.storage.files import unwritable, write_all
from beam_deid.transforms.storage.journal import Moved
from beam_deid.transforms.storage.paths import join
from beam_deid.transforms.storage.sweeping import OUTCOME
from beam_deid.transforms.treat.rejected import Rejects

_TABLES = "tables"


def staging_of(table: str) -> str:
    """The folder of a table's run, below the staging folder of all."""
    return f"{_TABLES}/{table}"


def with_register(jobs: Sequence[Job], first: Job, session: RegisterSession | None) -> list[Job]:
    """The runs of all tables, once one of them has opened the register that all of them have.

    Args:
        jobs: The runs of all tables.
        first: One of them, which knows the register or why there is none.
        session: The register, which is told what the policy says of the releases of all.
    """
    if session is not None:
        told = {name: PolicyFacts.of(job.policy, name) for job in jobs for name in job.releases}
        session.intent = replace(session.intent, told=told)
    return [
        replace(
            job,
            register=first.register,
            unregistered=first.unregistered,
            keyring=first.keyring,
            key_ids=first.key_ids,
        )
        for job in jobs
    ]


def conclude_tables(
    staging: str,
    tables: Iterable[str],
    releases: Mapping[str, Mapping[str, str]],
    notes: Iterable[str],
    joined: Iterable[InputFacts],
) -> None:
    """Leave in staging what the driver needs to know of all tables, once each of them was proved.

    Args:
        staging: The staging folder of all.
        tables: The tables that were run.
        releases: The releases of the policy, each with its parts by table.
        notes: What a person should know of how the tables refer to each other, a sentence each.
        joined: The input files of the tables that were not run, because others only refer to them.

    Raises:
        OutputError: It cannot be read or written.
    """
    outcomes = {staging_of(table): read_left(join(staging, *staging_of(table).split("/")), OUTCOME) for table in tables}
    try:
        found = {folder: RunOutcome.from_document(outcome) for folder, outcome in outcomes.items()}
    except (AttributeError, LookupError, TypeError, ValueError):
        raise damaged(staging) from None
    merged = merged_outcome(found, releases, notes, joined)
    try:
        if not merged.refused:
            rejects = [row for folder, one in found.items() for row in _rejects(staging, folder, one)]
            merged = replace(merged, rejected=write_rejected(staging, rejects))
        write_all(join(staging, OUTCOME), to_bytes(plain(merged)))
    except OSError as error:
        raise unwritable(error, "the output", staging) from None


def merged_outcome(
    outcomes: Mapping[str, RunOutcome],
    releases: Mapping[str, Mapping[str, str]],
    notes: Iterable[str],
    joined: Iterable[InputFacts] = (),
) -> RunOutcome:
    """What came of all tables, without the files of rejects.

    A release is published with all of its parts, or none of it is.

    Args:
        outcomes: What came of each table, by its folder below the staging folder of all.
        releases: The releases of the policy, each with its parts by table.
        notes: See `conclude_tables`; so is the next.
        joined: None in a dry run, which hashes no file.
    """
    refused = tuple(line for one in outcomes.values() for line in one.refused)
    parts = {} if refused else {name: part for folder, one in outcomes.items() for name, part in _parts(folder, one)}
    unmet = {name for name, part in parts.items() if not part.published}
    held = {part for own in releases.values() if unmet & {*own.values()} for part in own.values()}
    return RunOutcome(
        read=sum(one.read for one in outcomes.values()),
        refused=refused,
        inputs=tuple(sorted([*joined, *(file for one in outcomes.values() for file in one.inputs)])),
        persons=tuple(_persons(folder, each) for folder, one in outcomes.items() for each in one.persons),
        releases={name: replace(part, published=name not in held) for name, part in parts.items()},
        notes=tuple(dict.fromkeys([*notes, *(note for one in outcomes.values() for note in one.notes)])),
        rejects=tuple(line for one in outcomes.values() for line in one.rejects),
    )


def _parts(folder: str, outcome: RunOutcome) -> Iterable[tuple[str, ReleaseOutcome]]:
    """The releases of one table, whose files are in its folder."""
    for name, part in outcome.releases.items():
        remembered = None if part.remembered is None else _below(folder, part.remembered)
        parts = tuple(Moved(f"{folder}/{one.source}", one.target, one.size, one.sha256) for one in part.parts)
        yield name, replace(part, remembered=remembered, parts=parts)


def _persons(folder: str, table: TablePersons) -> TablePersons:
    special = None if table.special is None else _below(folder, table.special)
    return replace(table, persons=_below(folder, table.persons), special=special)


def _below(folder: str, remembered: Remembered) -> Remembered:
    file = remembered.file._replace(path=f"{folder}/{remembered.file.path}")
    return replace(remembered, file=file)


def _rejects(staging: str, folder: str, outcome: RunOutcome) -> Rejects:
    """The rejects of one table, as its run wrote them."""
    name = next(one.source for one in outcome.rejected if one.target.endswith(".parquet"))
    table = pq.read_table(join(staging, *f"{folder}/{name}".split("/")))
    columns: list[list[Any]] = [column.to_pylist() for column in table.columns]
    return list(zip(*columns, strict=True))
