"""Sequences of small runs with one register on disk, in this process, and what each gave out as rows with plain values."""

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from beam_deid.transforms.actions.hierarchy import ALL
from beam_deid.transforms.columns.fingerprint import fingerprint
from beam_deid.transforms.counting.deciding_runs import decide
from beam_deid.transforms.decide import deciding
from beam_deid.transforms.decide.choosing import Chosen
from beam_deid.transforms.decide.decision import ReleaseDecision
from beam_deid.transforms.decide.remembering import remember_release
from beam_deid.transforms.label.documents import plain
from beam_deid.transforms.measure.measured import Measured
from beam_deid.transforms.measure.measuring import measure_shard
from beam_deid.transforms.past.views import Past
from beam_deid.transforms.policy.reader import policy_from_mapping
from beam_deid.transforms.policy.scoping import identities
from beam_deid.transforms.publish.register_entries import PolicyFacts, entry_of
from beam_deid.transforms.recognisers.identity import identity_text
from beam_deid.transforms.register.compacting import compact
from beam_deid.transforms.register.document import Document, Entry, State, Table
from beam_deid.transforms.register.folder import hold, read
from beam_deid.transforms.register.reference import Reference
from beam_deid.transforms.run.job import Job
from beam_deid.transforms.run.shards import prepare
from beam_deid.transforms.terms import LabelName

from ..kit.fingerprints import KEY

MADE_AT = "2026-10-01T08:00:00+00:00"


class Row(NamedTuple):
    """A kind of record of a run, alike in everything that is measured.

    Attributes:
        record: What tells it from other records.
        identities: Its cell of each field by which persons are counted, the subject's first.
        values: Of each release its released value of each field.
        left: How many such records each release gives out.
        whole: How many there are.
    """

    record: Any
    identities: dict[str, str | None]
    values: dict[str, dict[str, str | None]]
    left: dict[str, int]
    whole: int


@dataclass
class Ran:
    """One run.

    Attributes:
        rows: What it read, and gives out.
        before: The same before anything is suppressed for what releases say together.
        decisions: The decision of each release.
        past: What it knew of earlier releases.
        names: What each release is called in the register.
    """

    rows: list[Row]
    before: list[Row]
    decisions: Mapping[str, ReleaseDecision]
    past: Past
    names: dict[str, str] = field(default_factory=dict)

    def tests(self, release: str) -> dict[str, Any]:
        """The tests of line 8 of a release that compare it with others, by name."""
        tests = self.decisions[release].label.tests
        return {one.name: one for one in tests if one.name.startswith(("composition:", "common_values:"))}

    def label(self, release: str) -> LabelName:
        """The label of a release."""
        return self.decisions[release].label.label

    def failing(self, release: str) -> dict[str, str]:
        """Of a release the tests of line 8 that do not hold, and what they say."""
        return {test.name: test.detail for test in self.decisions[release].label.failing if test.line == 8}


class Chain:
    """Runs of one dataset, one after the other, with a register. A context manager."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory()
        self.place = Path(self._folder.name)
        self.register = str(self.place / "t.register")
        self._runs = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._folder.cleanup()

    @property
    def document(self) -> Document:
        """What the register says."""
        return read(self.register) or Document("r" * 16, "t", 0, "", {"id": 1, "check": "c0ffee"})

    def run(self, policy: Mapping[str, Any], *tables: pa.Table, registered: bool = True) -> Ran:
        """Decide a run as a pipeline does, with what was registered before it.

        Args:
            policy: Its policy.
            tables: Its input files.
            registered: Whether all that it gives out is registered, as if all of it had been anonymized.
        """
        self._runs += 1
        staging = self.place / f"run-{self._runs}"
        staging.mkdir()
        names = [str(staging / f"in-{at}.parquet") for at in range(len(tables))]
        for name, table in zip(names, tables, strict=True):
            pq.write_table(table, name)
        prepared = prepare(policy_from_mapping(policy), names)
        reference = Reference(self.register, "r" * 16, None, 1, "c0ffee", self.document.tested)
        job = replace(prepared.job, fingerprint_key=KEY, register=reference, unregistered="")
        measured = Measured.merge([measure_shard(shard, job) for shard in prepared.shards])
        with _watched() as seen:
            decision = decide(job, measured, 1.0, str(staging))
        chosen = seen.after
        words = _Words(job, tables)
        past = next(iter(chosen.values())).data.past
        ran = Ran(
            _rows(job, chosen, words, {name: one.recoding.cut.left for name, one in chosen.items()}),
            _rows(job, chosen, words, seen.before),
            decision.releases,
            past,
        )
        if registered:
            ran.names = self._registered(job, chosen, ran, staging)
        return ran

    def compact(self) -> None:
        """Let the releases share a table."""
        with hold(self.register) as held:
            compact(held, 7)

    def change(self, name: str, **changes: Any) -> None:
        """Change what the register says of a release."""
        with hold(self.register) as held:
            document = held.document
            assert document is not None
            entry = document.entry(name)
            assert entry is not None
            held.save(document.with_entries({name: replace(entry, **changes)}))

    def tables(self) -> list[Path]:
        """The files of fingerprints."""
        return sorted((Path(self.register) / "tables").iterdir())

    def _registered(self, job: Job, chosen: Mapping[str, Chosen], ran: Ran, staging: Path) -> dict[str, str]:
        entries = dict[str, Entry]()
        with hold(self.register) as held:
            document = held.document or self.document
            for release, one in chosen.items():
                decided = ran.decisions[release]
                if not decided.records.released:
                    continue
                remembered = decided.remembered or remember_release(one, str(staging))
                called = document.with_entries({made.name: made for made in entries.values()}).next_name(release)
                path, rows, size, sha256 = remembered.file
                table = Table(held.add(str(staging / path), called, sha256), rows, size, sha256)
                label = {
                    **plain(decided.label.to_document()),
                    "release": release,
                    "run": f"{self._runs:016x}",
                    "sharing": one.data.spec.sharing,
                    "purpose": "test",
                    "records": decided.records.to_document(),
                    "files": (),
                    "policy_sha256": "",
                    "label": LabelName.ANONYMIZED,
                }
                made = entry_of(called, label, MADE_AT, PolicyFacts.of(job.policy, release), remembered, table)
                entries[release] = replace(made, state=State.PUBLISHED)
            ours = [entry.name for entry in entries.values()]
            for release, entry in entries.items():
                entries[release] = replace(
                    entry, together=(*entry.together, *(one for one in ours if one != entry.name))
                )
            held.save(document.with_entries({entry.name: entry for entry in entries.values()}))
        return {release: entry.name for release, entry in entries.items()}


@dataclass
class _Seen:
    """What was decided of the releases that are tested together, before and after what they say together."""

    before: dict[str, np.ndarray] = field(default_factory=dict)
    after: dict[str, Chosen] = field(default_factory=dict)


@contextmanager
def _watched() -> Iterator[_Seen]:
    """Watch a decision being made; nothing of it is changed."""
    seen = _Seen()
    decide_one = deciding._decision
    compose = deciding.compose

    def watching(chosen: Mapping[str, Chosen], name: str, *rest: Any) -> ReleaseDecision:
        seen.after[name] = chosen[name]
        return decide_one(chosen, name, *rest)

    def composing(members: Any, past: Past, *settled: Any) -> Any:
        seen.before |= {name: one.cut.left for name, one in members.items()}
        return compose(members, past, *settled)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(deciding, "_decision", watching)
        patch.setattr(deciding, "compose", composing)
        yield seen


class _Words:
    """What the keys of a run stand for: those of all that its source says, and of every range of its numbers."""

    def __init__(self, job: Job, tables: tuple[pa.Table, ...]) -> None:
        self._job = job
        columns = {}
        for name in job.policy.fields:
            columns[name] = sorted(
                {value for table in tables for value in table[name].to_pylist() if value is not None}
            )
        words = {ALL}
        for values in columns.values():
            words |= {str(value) for value in values}
            numbers = [value for value in values if isinstance(value, int)]
            words |= {in_range(number, width) for number in numbers for width in range(1, 13)}
        self.values = self._keys(pa.array(sorted(words), pa.string()), sorted(words))
        self.identities = {name: self._spelt(name, columns[name]) for name in identities(job.policy)}
        self.record = {} if job.policy.record is None else self._spelt(job.policy.record, columns[job.policy.record])

    def _spelt(self, name: str, values: list[Any]) -> dict[int, Any]:
        return self._keys(identity_text(pa.array(values, self._job.types[name]), self._job.policy.kind(name)), values)

    def _keys(self, column: pa.Array, values: list[Any]) -> dict[int, Any]:
        found = dict(zip(fingerprint(column, self._job.prints).tolist(), values, strict=True))
        return found | {int(self._job.prints.null): None}


def in_range(number: int, width: int) -> str:
    """What a number from 0 on is called in ranges of a width."""
    low = number // width * width
    return str(low) if width == 1 else f"{low}-{low + width - 1}"


def _rows(job: Job, chosen: Mapping[str, Chosen], words: _Words, left: Mapping[str, np.ndarray]) -> list[Row]:
    cells = next(iter(chosen.values())).data.cells
    recorded = cells.column("recorded").tolist()
    whose = {name: cells.column("identity", name).tolist() for name in identities(job.policy)}
    values = {
        release: {name: one.data.key(name, one.recoding.levels).tolist() for name in one.data.layout.fields}
        for release, one in chosen.items()
    }
    return [
        Row(
            words.record[recorded[cell]] if words.record else recorded[cell],
            {name: words.identities[name][keys[cell]] for name, keys in whose.items()},
            # What was rejected has no value at all.
            {
                one: {name: words.values.get(keys[cell]) for name, keys in columns.items()}
                for one, columns in values.items()
            },
            {release: int(counts[cell]) for release, counts in left.items()},
            int(cells.counts[cell]),
        )
        for cell in range(len(cells))
    ]
