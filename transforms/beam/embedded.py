"""The steps of `Deidentify`, window by window: measure, decide, release, arrange, prove, and only then leave.

What leaves is made anew: rows in an order that follows from their values, batches of a size of their own, and one time for all.
The batches that came in, their order and their times belong to the source: whoever knows it would know whose a row is.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import apache_beam as beam
import numpy as np
import pyarrow as pa
from apache_beam.pvalue import TaggedOutput
from apache_beam.transforms.window import BoundedWindow
from apache_beam.utils.timestamp import Timestamp
from apache_beam.utils.windowed_value import WindowedValue

from beam_deid.transforms.actions.action import Beside
from beam_deid.transforms.beam.coders import FactsCoder, RecordBatchCoder
from beam_deid.transforms.beam.elements import PLACE
from beam_deid.transforms.beam.one_schema import Types
from beam_deid.transforms.columns.fingerprint import FingerprintKey
from beam_deid.transforms.columns.one_type import exactly
from beam_deid.transforms.decide.deciding import Decision, ReleaseDecision, decide
from beam_deid.transforms.decide.refusing import raise_if_refused
from beam_deid.transforms.errors import ExpectationUnmet, InputError
from beam_deid.transforms.formats.combined import combined
from beam_deid.transforms.formats.format import Fault
from beam_deid.transforms.label.documents import to_bytes
from beam_deid.transforms.measure.measuring import Measured, Measurer
from beam_deid.transforms.policy.model import Policy
from beam_deid.transforms.publish.concluding import label_manifest
from beam_deid.transforms.publish.embedded_register import decide_registered
from beam_deid.transforms.release.proof import prove
from beam_deid.transforms.release.releasing import PartFacts, Releaser, released_together
from beam_deid.transforms.release.shuffle import QUOTA, arranged, part_of
from beam_deid.transforms.risk.histogram import total
from beam_deid.transforms.run.job import BATCH_ROWS, Job
from beam_deid.transforms.run.workers import guarded
from beam_deid.transforms.treat.typed import Records, typed


class Rejected(NamedTuple):
    """A value that could not be treated: where and why, never the value.

    Attributes:
        row: Position of the record in its batch.
        field: The field.
        reason: The reason code.
    """

    row: int
    field: str
    reason: str


class MeasureBatches(beam.DoFn):
    """Measure the batches of each window."""

    def __init__(self, job: Job) -> None:
        self._job = job

    def start_bundle(self) -> None:
        """Nothing is measured yet."""
        self._measurers: dict[BoundedWindow, Measurer] = {}

    def process(
        self,
        batch: pa.RecordBatch,
        types: Types,
        key: FingerprintKey,
        time: Timestamp = beam.DoFn.TimestampParam,
        window: BoundedWindow = beam.DoFn.WindowParam,
    ) -> None:
        """One batch."""
        guarded("measuring", self._add, batch, replace(self._job, types=types, fingerprint_key=key), time, window)

    def finish_bundle(self) -> Iterator[WindowedValue]:
        """What was measured, each in its own window."""
        for window, measurer in self._measurers.items():
            yield at_end(guarded("measuring", measurer.result), window)

    def _add(self, batch: pa.RecordBatch, job: Job, time: Timestamp, window: BoundedWindow) -> None:
        if window not in self._measurers:
            self._measurers[window] = Measurer(job)
        records, faults = typed_batch(job, batch, time, job.measured_columns)
        self._measurers[window].add(records, faults, batch.num_rows)


class DecideOrFail(beam.DoFn):
    """Decide a window's release. Too many rejects, or another label than is expected, end the pipeline.

    Args:
        job: The run.
        max_rejects: Greatest share of records that may be rejected, from 0 to 1.
        condition: Under what further condition every label holds.
    """

    def __init__(self, job: Job, max_rejects: float, condition: str) -> None:
        self._job = job
        self._max_rejects = max_rejects
        self._condition = condition

    def process(self, measured: Measured, types: Types, key: FingerprintKey) -> list[Decision]:
        """The decision.

        Raises:
            InputError: Too many records were rejected.
            ExpectationUnmet: The label is another one than is expected.
        """
        job = replace(self._job, types=types, fingerprint_key=key)
        if not measured.releases:
            measured = Measurer(job).result()
        if job.register is None:
            return [self._checked(guarded("deciding", decide, job, measured, self._max_rejects))]
        return [guarded("deciding", decide_registered, job, measured, self._max_rejects, self._checked)]

    def _checked(self, decision: Decision) -> Decision:
        """The decision, if it is one to act on, with the further condition."""
        raise_if_refused(decision.refused)
        for name, release in decision.releases.items():
            expected = self._job.policy.releases[name].expect
            if expected is not None and expected != release.label.label:
                failing = ", ".join(test.name for test in release.label.failing)
                raise ExpectationUnmet(
                    f"the label is {release.label.label}, {expected} is expected; failing: {failing}",
                    f"release {name}",
                    "Mend the release, or expect still_personal",
                )
        releases = {name: self._conditioned(release) for name, release in decision.releases.items()}
        return replace(decision, releases=releases)

    def _conditioned(self, decision: ReleaseDecision) -> ReleaseDecision:
        """The decision with the further condition, which is written wherever the label's own is."""
        condition = "; ".join(filter(None, (decision.label.condition, self._condition)))
        return replace(decision, label=replace(decision.label, condition=condition))


def without_proof(decision: Decision) -> Decision:
    """What the release pass needs to know of a decision."""
    return replace(decision, releases={name: release.without_proof() for name, release in decision.releases.items()})


@dataclass
class _Releasing:
    """The release of one window in one bundle, with the rows that wait for their parts."""

    job: Job
    releaser: Releaser
    waiting: list[pa.RecordBatch] = field(default_factory=list)
    rows: int = 0

    def wait(self, batch: pa.RecordBatch) -> bool:
        """Let rows wait; tells whether there are enough to be sent on."""
        self.waiting.append(batch)
        self.rows += batch.num_rows
        return self.rows >= BATCH_ROWS

    def parts(self) -> list[tuple[int, pa.RecordBatch]]:
        """The rows that wait, each part by itself."""
        if not self.waiting:
            return []
        table = pa.Table.from_batches(self.waiting).combine_chunks()
        self.waiting = []
        self.rows = 0
        batch = table.to_batches()[0]
        decision = self.releaser.decision
        part = part_of(batch, self.job.layouts[decision.release].rest) % np.uint64(decision.parts)
        return [(int(number), batch.filter(pa.array(part == number))) for number in np.unique(part)]


class ReleaseBatches(beam.DoFn):
    """Treat the batches of each window as was decided.

    What is mixed goes to ``mixed`` by its part, what is not is the main output; ``facts`` and ``rejected`` are beside them.
    """

    def __init__(self, job: Job, release: str) -> None:
        self._job = job
        self._release = release

    def start_bundle(self) -> None:
        """Nothing is released yet."""
        self._windows: dict[BoundedWindow, _Releasing] = {}

    def process(
        self,
        batch: pa.RecordBatch,
        types: Types,
        key: FingerprintKey,
        decision: Decision,
        time: Timestamp = beam.DoFn.TimestampParam,
        window: BoundedWindow = beam.DoFn.WindowParam,
    ) -> Iterator[Any]:
        """One batch."""
        if window not in self._windows:
            job = replace(self._job, types=types, fingerprint_key=key)
            order = decision.releases[self._release]
            self._windows[window] = _Releasing(job, guarded("releasing", Releaser, job, order))
        state = self._windows[window]
        released, rejected = guarded("releasing", self._treat, batch, state, time)
        yield from (TaggedOutput("rejected", reject) for reject in rejected)
        if released.num_rows and not state.releaser.decision.mixed:
            yield released
        elif released.num_rows and state.wait(released):
            yield from (TaggedOutput("mixed", part) for part in guarded("releasing", state.parts))

    def finish_bundle(self) -> Iterator[Any]:
        """Rows that wait still, and the facts, each in their own window."""
        for window, state in self._windows.items():
            for part in guarded("releasing", state.parts):
                yield TaggedOutput("mixed", at_end(part, window))
            yield TaggedOutput("facts", at_end(state.releaser.facts, window))

    def _treat(
        self, batch: pa.RecordBatch, state: _Releasing, time: Timestamp
    ) -> tuple[pa.RecordBatch, list[Rejected]]:
        records, faults = typed_batch(state.job, batch, time)
        releasers = {self._release: state.releaser}
        together = released_together(state.job, releasers, records, batch.num_rows - len(records))
        released, values, quota, own = together[self._release]
        if state.releaser.decision.mixed:
            released = released.append_column(QUOTA, pa.array(quota))
        else:
            state.releaser.count_classes(values)
        return released, [reject for fault in [*faults, *own] for reject in _rejected(batch, fault)]


class Arrange(beam.DoFn):
    """Put the rows of a part into an order that follows from their values; the facts of it go to ``facts``."""

    def __init__(self, job: Job, release: str) -> None:
        self._job = job
        self._release = release

    def process(
        self, part: tuple[int, Iterable[pa.RecordBatch]], types: Types, key: FingerprintKey, decision: Decision
    ) -> Iterator[Any]:
        """One part, which is held in memory."""
        job = replace(self._job, types=types, fingerprint_key=key)
        batches, facts = guarded("releasing", self._arranged, job, part[1], decision)
        yield TaggedOutput("facts", facts)
        yield from batches

    def _arranged(
        self, job: Job, given: Iterable[pa.RecordBatch], decision: Decision
    ) -> tuple[list[pa.RecordBatch], PartFacts]:
        table = pa.Table.from_batches(list(given)).combine_chunks()
        made = arranged(job, decision.releases[self._release], table)
        counted = total([(made.values, np.ones(len(made.values), np.int64))])
        batches = made.rows.combine_chunks().to_batches(BATCH_ROWS)
        return batches, PartFacts(classes=counted, suppressed=made.left_out)


class MergeParts(beam.CombineFn):
    """Merge the facts of all bundles and parts."""

    def get_accumulator_coder(self) -> FactsCoder:
        """Facts are not encoded to be measured."""
        return FactsCoder()

    def create_accumulator(self) -> list[PartFacts]:
        """Nothing yet."""
        return []

    def add_input(self, accumulator: list[PartFacts], element: PartFacts) -> list[PartFacts]:
        """Take one in."""
        return [PartFacts.merge([*accumulator, element])]

    def merge_accumulators(self, accumulators: Iterable[list[PartFacts]]) -> list[PartFacts]:
        """Join accumulators."""
        return [facts for accumulator in accumulators for facts in accumulator]

    def extract_output(self, accumulator: list[PartFacts]) -> PartFacts:
        """All of it."""
        return PartFacts.merge(accumulator)


class ProveRelease(beam.DoFn):
    """Compare what was done with what was decided; the label follows."""

    def __init__(self, job: Job, release: str) -> None:
        self._job = job
        self._release = release

    def process(
        self, facts: PartFacts, decision: Decision, window: BoundedWindow = beam.DoFn.WindowParam
    ) -> Iterator[WindowedValue]:
        """The label, as ``label.json`` holds it.

        Raises:
            InternalFault: The proof fails.
        """
        yield at_end(guarded("proving", self._label, facts, decision), window)

    def _label(self, facts: PartFacts, decision: Decision) -> dict[str, Any]:
        decided = decision.releases[self._release]
        prove(decided, facts, in_files=False)
        label: dict[str, Any] = json.loads(to_bytes(label_manifest(self._job, decided, facts).to_document()))
        return label


class Leave(beam.DoFn):
    """Let batches go, which there is a proof for, all at the end of their window."""

    def process(
        self, batch: pa.RecordBatch, proof: dict[str, Any], window: BoundedWindow = beam.DoFn.WindowParam
    ) -> Iterator[WindowedValue]:
        """One batch; ``proof`` is here because there is none unless all that was released is what was decided."""
        yield at_end(batch, window)


def at_end(value: Any, window: BoundedWindow) -> WindowedValue:
    """A value at the end of its window: the times of records are told by nothing that leaves."""
    return WindowedValue(value, window.max_timestamp(), (window,))


def with_combined(batch: pa.RecordBatch, policy: Policy) -> pa.RecordBatch:
    """A batch with the columns that ``input.combine`` makes of others."""
    made = {name: parts for name, parts in policy.input.combine.items() if {*parts} <= {*batch.schema.names}}
    for name, column in combined(dict(zip(batch.schema.names, batch.columns, strict=True)), made).items():
        batch = batch.append_column(name, column)
    return batch


def typed_batch(
    job: Job, batch: pa.RecordBatch, time: Timestamp, wanted: Sequence[str] | None = None
) -> tuple[Records, list[Fault]]:
    """A batch as the policy's kinds say, in the one schema of all batches; of the columns that releasing needs if none is named.

    Raises:
        InputError: A value would be another one in the type of all batches.
    """
    there = {*batch.schema.names}
    given = {name: batch.column(name) if name in there else pa.nulls(batch.num_rows) for name in wanted or job.columns}
    rows = np.arange(batch.num_rows, dtype=np.int64)
    records, faults = typed(given, rows, job.policy, _origin(job, batch, time), job.spare)
    columns = {}
    for name, column in records.columns.items():
        try:
            columns[name] = exactly(column, job.type_of(name))
        except pa.ArrowInvalid:
            raise InputError(
                f"a value does not fit {job.type_of(name)}, which is the type of all batches together",
                f"field {name}",
                "Give the field a kind in the policy, or convert it before Deidentify",
            ) from None
    return replace(records, columns=columns), faults


def _rejected(batch: pa.RecordBatch, fault: Fault) -> list[Rejected]:
    rows = fault.rows
    if PLACE in batch.schema.names:
        rows = batch.column(PLACE).to_numpy()[rows]
    return [Rejected(row, fault.field, str(fault.reason)) for row in rows.tolist()]


def _origin(job: Job, batch: pa.RecordBatch, time: Timestamp) -> bytes:
    """What stands for the place of a batch: its content and its time, for both passes must find the same.

    A batch is in no file, and a number drawn for it would be another one when an engine makes it again. Only actions that give
    equal values unlike results want it.
    """
    actions = (action for release in job.releases for action in job.policy.releases[release].fields.values())
    if not any(action.beside is Beside.PLACE for action in actions):
        return bytes(8)
    return hashlib.sha256(RecordBatchCoder().encode(batch) + time.micros.to_bytes(16, "big", signed=True)).digest()[:8]
