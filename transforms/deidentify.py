"""`Deidentify`: one release of a policy inside somebody else's pipeline.

It treats records with the very code that the files' pipeline uses (`beam_deid.transforms.records`). The collection is
read twice, once to measure and once to release, so the engine holds it in between; files are better read by
``beam-deid run``.

Rows of an anonymized release are put into an order that follows from their values, batch by batch. Which batch a row
is in still follows from the input: who writes the rows to files should mix them first.
"""

import base64
import dataclasses
import os
import zlib
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import apache_beam as beam
import numpy as np
import pyarrow as pa
from apache_beam.internal import pickler
from apache_beam.pvalue import AsSingleton, TaggedOutput
from apache_beam.transforms.window import GlobalWindows
from apache_beam.typehints.row_type import RowTypeConstraint
from apache_beam.utils.windowed_value import WindowedValue

from beam_deid.transforms.coders import FactsCoder
from beam_deid.transforms.columns.kinds import arrow_type
from beam_deid.transforms.crypto.ephemeral import EPHEMERAL, read_ephemeral
from beam_deid.transforms.crypto.secret_source import SecretSource, check_secret
from beam_deid.transforms.elements import FromBatches, ToBatches, element_kind, python_type
from beam_deid.transforms.errors import ExpectationUnmet, InputError, UsageError
from beam_deid.transforms.formats.combined import combined
from beam_deid.transforms.label.evidence import SCHEMA_VERSION
from beam_deid.transforms.measure import MergeMeasured
from beam_deid.transforms.policy.columns import check_columns
from beam_deid.transforms.policy.model import Policy
from beam_deid.transforms.policy.reader import policy_from_mapping, policy_sha256, read_policy
from beam_deid.transforms.policy.roles import released_fields
from beam_deid.transforms.records.deciding import Decision, decide
from beam_deid.transforms.records.job import Job
from beam_deid.transforms.records.measuring import Measured, Measurer
from beam_deid.transforms.records.pieces import value_order
from beam_deid.transforms.records.proving import prove
from beam_deid.transforms.records.releasing import PartFacts, Releaser
from beam_deid.transforms.records.typed import Records, typed
from beam_deid.transforms.workers import guarded


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


class Deidentified(NamedTuple):
    """What `Deidentify` gives back.

    Attributes:
        released: The released records, of the kind that came in.
        rejected: A `Rejected` for each value that could not be treated.
        label: One dict, as in ``label.json``, once the release was proved.
    """

    released: beam.PCollection
    rejected: beam.PCollection
    label: beam.PCollection


class Deidentify(beam.PTransform):
    """Treat records as one release of a policy says, and label the result.

    Takes Arrow record batches, Beam rows or dicts, and gives back the same kind.

    Args:
        policy: The policy: a path, a mapping, or a `Policy`.
        release: The release; may be left out where the policy has only one.
        max_rejects: Greatest share of records that may be rejected.
        key: What fetches the policy's key on the workers: one of Beam's secrets, or any object with
            ``get_secret_bytes()`` that does not carry the bytes itself.

    Raises:
        PolicyError: The policy is wrong.
        UsageError: There is no such release, the collection's type is not known, or the key would stand in the graph.
        KeyFault: The keyring cannot be read, or the release wants an ephemeral key, which only a run on files can
            make and destroy.
    """

    def __init__(
        self, policy: "Policy | str | Mapping[str, Any]", release: str | None = None, max_rejects: float = 0.001,
        key: SecretSource | None = None,
    ) -> None:  # fmt: skip
        super().__init__()
        if key is not None:
            check_secret(key, _as_beam_does)
        if isinstance(policy, str):
            policy = read_policy(policy, key_given=key is not None)
        elif not isinstance(policy, Policy):
            policy = policy_from_mapping(policy, key_given=key is not None)
        if release is None and len(policy.releases) == 1:
            release = next(iter(policy.releases))
        if release not in policy.releases:
            known = ", ".join(policy.releases)
            raise UsageError("there is no such release", "Deidentify(release=…)", f"The policy has: {known}")
        self._release, self._max_rejects = release, max_rejects
        if policy.releases[release].key == EPHEMERAL:
            read_ephemeral("", release)  # says what to do
        self._job = Job(policy, (release,), policy_sha256=policy_sha256(policy), secret=key).pinned()

    def expand(self, rows: beam.PCollection) -> Deidentified:
        """The released records, the rejects and the label."""
        kind = element_kind(rows.element_type)
        batches = rows | "To batches" >> ToBatches(kind)
        decision = (
            batches
            | "Measure" >> beam.ParDo(_MeasureBatches(self._job))
            | "Merge" >> beam.CombineGlobally(MergeMeasured()).with_output_types(Measured)
            | "Decide" >> beam.ParDo(_DecideOrFail(self._job, self._max_rejects))
        )
        treated = batches | "Release" >> beam.ParDo(
            _ReleaseBatches(self._job, self._release), AsSingleton(decision)
        ).with_output_types(pa.RecordBatch, rejected=Rejected, facts=PartFacts).with_outputs(
            "rejected", "facts", main="released"
        )
        label = (
            treated.facts
            | "Facts" >> beam.CombineGlobally(_MergeParts()).with_output_types(PartFacts)
            | "Prove" >> beam.ParDo(_ProveRelease(self._job, self._release), AsSingleton(decision))
        )
        released = treated.released | "From batches" >> FromBatches(kind, self._row_type(rows.element_type))
        return Deidentified(released, treated.rejected, label)

    def _row_type(self, element_type: Any) -> Any:
        if not isinstance(element_type, RowTypeConstraint):
            return element_type
        given, policy = dict(element_type._fields), self._job.policy
        fields = []
        for name in released_fields(policy, self._release):
            kind = policy.kind(name)
            before = pa.null() if kind is None else arrow_type(kind, pa.string())
            after = policy.releases[self._release].fields[name].output_type(before)
            fields.append((name, given.get(name, str) if pa.types.is_null(after) else python_type(after)))
        return RowTypeConstraint.from_fields(fields)


class _MeasureBatches(beam.DoFn):
    def __init__(self, job: Job) -> None:
        self._job = job

    def start_bundle(self) -> None:
        self._measurer: Measurer | None = None

    def process(self, batch: pa.RecordBatch) -> None:
        guarded("measuring", self._add, batch)

    def finish_bundle(self) -> Iterator[WindowedValue]:
        if self._measurer is not None:
            yield GlobalWindows.windowed_value(guarded("measuring", self._measurer.result))

    def _add(self, batch: pa.RecordBatch) -> None:
        job, records, faults = _typed(self._job, batch)
        if self._measurer is None:
            self._measurer = Measurer(job)
        self._measurer.add(records, faults, batch.num_rows)


class _DecideOrFail(beam.DoFn):
    def __init__(self, job: Job, max_rejects: float) -> None:
        self._job, self._max_rejects = job, max_rejects

    def process(self, measured: Measured) -> list[Decision]:
        if not measured.releases:
            measured = Measurer(self._job).result()
        decision = guarded("deciding", decide, self._job, measured, self._max_rejects)
        if decision.refused:
            raise InputError(
                "; ".join(["too many records were rejected", *decision.refused]), "Deidentify",
                "Mend the input or the policy's kinds, or raise max_rejects",
            )  # fmt: skip
        for name, release in decision.releases.items():
            expected = self._job.policy.releases[name].expect
            if expected is not None and expected != release.label.label:
                failing = ", ".join(test.name for test in release.label.failing)
                raise ExpectationUnmet(
                    f"the label is {release.label.label}, {expected} is expected; failing: {failing}",
                    f"release {name}", "Mend the release, or expect still_personal",
                )  # fmt: skip
        return [decision]


class _ReleaseBatches(beam.DoFn):
    def __init__(self, job: Job, release: str) -> None:
        self._job, self._release = job, release

    def start_bundle(self) -> None:
        self._releaser: Releaser | None = None

    def process(self, batch: pa.RecordBatch, decision: Decision) -> Iterator[Any]:
        released, rejected = guarded("releasing", self._treat, batch, decision)
        for reject in rejected:
            yield TaggedOutput("rejected", reject)
        if released.num_rows:
            yield released

    def finish_bundle(self) -> Iterator[WindowedValue]:
        if self._releaser is not None:
            yield TaggedOutput("facts", GlobalWindows.windowed_value(self._releaser.facts))

    def _treat(self, batch: pa.RecordBatch, decision: Decision) -> tuple[pa.RecordBatch, list[Rejected]]:
        job, records, faults = _typed(self._job, batch)
        if self._releaser is None:
            self._releaser = Releaser(job, decision.releases[self._release])
        order = decision.releases[self._release]
        released, classes, own = self._releaser.release(records, batch.num_rows - len(records))
        self._releaser.count_classes(classes)
        if order.mixed and released.num_rows:
            rows, _ = value_order(self._job, order, pa.Table.from_batches([released]))
            released = released.take(pa.array(rows))
        rejected = [
            Rejected(row, fault.field, str(fault.reason)) for fault in [*faults, *own] for row in fault.rows.tolist()
        ]
        return released, rejected


class _MergeParts(beam.CombineFn):
    def get_accumulator_coder(self) -> FactsCoder:
        return FactsCoder()

    def create_accumulator(self) -> list[PartFacts]:
        return []

    def add_input(self, accumulator: list[PartFacts], element: PartFacts) -> list[PartFacts]:
        return [PartFacts.merge([*accumulator, element])]

    def merge_accumulators(self, accumulators: Any) -> list[PartFacts]:
        return [facts for accumulator in accumulators for facts in accumulator]

    def extract_output(self, accumulator: list[PartFacts]) -> PartFacts:
        return PartFacts.merge(accumulator)


class _ProveRelease(beam.DoFn):
    def __init__(self, job: Job, release: str) -> None:
        self._job, self._release = job, release

    def process(self, facts: PartFacts, decision: Decision) -> Iterator[dict[str, Any]]:
        decided = decision.releases[self._release]
        guarded("proving", prove, decided, facts, False)
        yield {
            "schema_version": SCHEMA_VERSION, "release": self._release, "policy_sha256": self._job.policy_sha256,
            **decided.label.to_json(), "records": decided.records,
        }  # fmt: skip


def _as_beam_does(value: object) -> bytes:
    """A pickle as a pipeline's graph holds it, unpacked: what the caller's own module defines goes along by value."""
    packed = base64.b64decode(pickler.dumps(value, use_zlib=True))
    return zlib.decompress(packed)


def _typed(job: Job, batch: pa.RecordBatch) -> tuple[Job, Records, list[Any]]:
    """A batch as the policy's kinds say, and the job with the batch's own types."""
    made = {name: parts for name, parts in job.policy.input.combine.items() if {*parts} <= {*batch.schema.names}}
    for name, column in combined(dict(zip(batch.schema.names, batch.columns, strict=True)), made).items():
        batch = batch.append_column(name, column)
    check_columns(job.policy, {"Deidentify": batch.schema.names})
    job = dataclasses.replace(job, types={field.name: field.type for field in batch.schema})
    given = {name: batch.column(name) for name in job.columns}
    origin = os.urandom(8)  # a batch has no place of its own
    records, faults = typed(given, np.arange(batch.num_rows, dtype=np.int64), job.policy, origin)
    return job, records, faults


__all__ = ["Deidentified", "Deidentify", "Rejected"]
