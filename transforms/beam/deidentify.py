"""`Deidentify`: one release of a policy inside somebody else's pipeline.

It treats records with the very code that the files' pipeline uses . The collection is
read twice, once to measure and once to release, so the engine holds it in between; files are better read by
``beam-deid run``.

Each window is a release of its own with a label of its own. No row leaves before all rows of its window are proved to be what
the label was decided on. The rows of an anonymized release leave in parts that are each ordered by their values.
"""

import base64
import hashlib
import json
import zlib
from collections.abc import Mapping
from typing import Any, NamedTuple

import apache_beam as beam
import pyarrow as pa
from apache_beam.internal import pickler
from apache_beam.pvalue import AsSingleton
from apache_beam.transforms.trigger import AfterWatermark, DefaultTrigger
from apache_beam.transforms.window import GlobalWindows, SlidingWindows
from apache_beam.typehints.row_type import RowTypeConstraint

from beam_deid.transforms.beam.elements import (
    ElementKind,
    FromBatches,
    ToBatches,
    element_kind,
    python_type,
    row_fields,
)
from beam_deid.transforms.beam.embedded import (
    Arrange,
    DecideOrFail,
    Leave,
    MeasureBatches,
    MergeParts,
    ProveRelease,
    Rejected,
    ReleaseBatches,
    with_combined,
    without_proof,
)
from beam_deid.transforms.beam.measure import MergeMeasured
from beam_deid.transforms.beam.one_schema import OneSchema
from beam_deid.transforms.beam.secret import RunSecret
from beam_deid.transforms.columns.kinds import arrow_type
from beam_deid.transforms.crypto.ephemeral import EPHEMERAL, read_ephemeral
from beam_deid.transforms.crypto.secret_source import SecretSource, check_secret
from beam_deid.transforms.decide.deciding import Decision
from beam_deid.transforms.errors import UsageError
from beam_deid.transforms.measure.measuring import Measured
from beam_deid.transforms.policy.model import Policy
from beam_deid.transforms.policy.reader import policy_from_mapping, policy_sha256, read_policy
from beam_deid.transforms.policy.roles import released_fields
from beam_deid.transforms.publish.register_embedded import with_register
from beam_deid.transforms.release.releasing import PartFacts
from beam_deid.transforms.run.job import Job
from beam_deid.transforms.run.workers import guarded

NOT_JOINED = "windows of this collection were not joined"
"""The further condition of a label that holds for one window."""
_OVERLAP = f"{NOT_JOINED}, and a record is in several of them"


class Deidentified(NamedTuple):
    """What `Deidentify` gives back.

    Attributes:
        released: The released records, of the kind that came in; rows of a schema are `beam.Row`.
        rejected: A `Rejected` for each value that could not be treated.
        label: One dict for each window, as in ``label.json``, once its release was proved.
    """

    released: beam.PCollection
    rejected: beam.PCollection
    label: beam.PCollection


class Deidentify(beam.PTransform):
    """Treat records as one release of a policy says, and label the result.

    Takes Arrow record batches, Beam rows, named tuples or dicts, and gives back the same kind, without event times.

    Args:
        policy: The policy: a path, a mapping, or a `Policy`.
        release: The release; may be left out where the policy has only one.
        max_rejects: Greatest share of records that may be rejected.
        key: What fetches the policy's key on the workers: one of Beam's secrets, or any object with
            ``get_secret_bytes()`` that does not carry the bytes itself.

    Raises:
        PolicyError: The policy is wrong.
        UsageError: There is no such release, the policy wants its labels signed, the collection's type is not known, its windows
            merge or fire more than once, or the key would stand in the graph.
        KeyFault: The keyring cannot be read, or the release wants an ephemeral key, which only a run on files can
            make and destroy.
    """

    def __init__(
        self,
        policy: "Policy | str | Mapping[str, Any]",
        release: str | None = None,
        max_rejects: float = 0.001,
        key: SecretSource | None = None,
    ) -> None:
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
        if policy.sign is not None:
            raise UsageError(
                "the policy says sign: keyring, and labels are made on workers, which never have the signing key",
                "Deidentify",
                "Take it out of the policy and sign the label where you keep it, or use beam-deid run",
            )
        self._release = release
        self._max_rejects = max_rejects
        if policy.releases[release].key == EPHEMERAL:
            read_ephemeral("", release)  # says what to do
        sha256 = policy_sha256(policy)
        run = hashlib.sha256(json.dumps([sha256, release]).encode()).hexdigest()[:16]
        self._job = with_register(Job(policy, (release,), run=run, policy_sha256=sha256, secret=key).pinned())

    def expand(self, rows: beam.PCollection) -> Deidentified:
        """The released records, the rejects and the label."""
        job = self._job
        release = self._release
        condition = condition_of(rows.windowing)
        everywhere = not condition  # an empty collection has a label, but of windows only those that are
        kind = element_kind(rows.element_type)
        batches = rows | "To batches" >> ToBatches(kind, row_fields(rows.element_type), _kinds(job.policy))
        if job.policy.input.combine:
            combine = lambda batch: guarded("Deidentify", with_combined, batch, job.policy)  # noqa: E731
            batches |= "Combine columns" >> beam.Map(combine).with_output_types(pa.RecordBatch)

        types = AsSingleton(batches | "Schema" >> OneSchema(job.policy, kind is not ElementKind.DICT, everywhere))
        key = AsSingleton(rows.pipeline | "Key" >> RunSecret(job))  # of fingerprints: made on a worker, and in no graph
        decision = (
            batches
            | "Measure" >> beam.ParDo(MeasureBatches(job), types, key).with_output_types(Measured)
            | "Merge" >> _together(MergeMeasured(), everywhere).with_output_types(Measured)
            | "Decide" >> beam.ParDo(DecideOrFail(job, self._max_rejects, condition), types, key)
        )
        # Workers need to know what to suppress; the classes, of which there may be millions, are for the proof alone.
        orders = AsSingleton(decision | "Orders" >> beam.Map(without_proof).with_output_types(Decision))
        treated = batches | "Release" >> beam.ParDo(ReleaseBatches(job, release), types, key, orders).with_output_types(
            pa.RecordBatch, mixed=tuple[int, pa.RecordBatch], rejected=Rejected, facts=PartFacts
        ).with_outputs("mixed", "rejected", "facts", main="as_they_came")
        arranged = (
            treated.mixed
            | "By part" >> beam.GroupByKey()
            | "Arrange"
            >> beam.ParDo(Arrange(job, release), types, key, orders)
            .with_output_types(pa.RecordBatch, facts=PartFacts)
            .with_outputs("facts", main="rows")
        )
        label = (
            (treated.facts, arranged.facts)
            | "Facts" >> beam.Flatten()
            | "Sum" >> _together(MergeParts(), everywhere).with_output_types(PartFacts)
            | "Prove" >> beam.ParDo(ProveRelease(job, release), AsSingleton(decision)).with_output_types(dict)
        )
        proved = (
            (treated.as_they_came, arranged.rows)
            | "Rows" >> beam.Flatten()
            | "Leave" >> beam.ParDo(Leave(), AsSingleton(label)).with_output_types(pa.RecordBatch)
        )
        released = proved | "From batches" >> FromBatches(kind, self._row_type(rows.element_type))
        return Deidentified(released, treated.rejected, label)

    def _row_type(self, element_type: Any) -> Any:
        """The type of released rows, where that of the given ones tells it."""
        given = row_fields(element_type)
        policy = self._job.policy
        if given is None:
            return element_type
        fields = []
        for name in released_fields(policy, self._release):
            kind = policy.kind(name)
            before = pa.null() if kind is None else arrow_type(kind, pa.string())
            after = policy.releases[self._release].fields[name].output_type(before)
            fields.append((name, given.get(name, str) if pa.types.is_null(after) else python_type(after)))
        return RowTypeConstraint.from_fields(fields)


def condition_of(windowing: Any) -> str:
    """The further condition of a label that holds for one window; empty where there is but the global one.

    Raises:
        UsageError: Its windows cannot each be one release.
    """
    trigger = windowing.triggerfn
    once = isinstance(trigger, DefaultTrigger) or (
        isinstance(trigger, AfterWatermark) and trigger.early is None and trigger.late is None
    )
    if not once:
        raise UsageError(
            "the collection's windows fire by a trigger of their own, and a release is whole or not at all",
            "Deidentify",
            "Use beam.WindowInto without a trigger before it",
        )
    if isinstance(windowing.windowfn, GlobalWindows):
        return ""
    if windowing.windowfn.is_merging():
        raise UsageError(
            "the collection's windows are sessions, whose bounds are known only once they are grouped",
            "Deidentify",
            "Use fixed, sliding or global windows before it",
        )
    overlap = isinstance(windowing.windowfn, SlidingWindows) and windowing.windowfn.size > windowing.windowfn.period
    return _OVERLAP if overlap else NOT_JOINED


def _together(combine: beam.CombineFn, everywhere: bool) -> Any:
    together = beam.CombineGlobally(combine)
    return together if everywhere else together.without_defaults()


def _kinds(policy: Policy) -> dict[str, Any]:
    """The kind of each field that has one."""
    kinds = {name: policy.kind(name) for name in policy.fields}
    return {name: kind for name, kind in kinds.items() if kind is not None}


def _as_beam_does(value: object) -> bytes:
    """A pickle as a pipeline's graph holds it, unpacked: what the caller's own module defines goes along by value."""
    packed = base64.b64decode(pickler.dumps(value, use_zlib=True))
    return zlib.decompress(packed)


__all__ = ["Deidentified", "Deidentify", "Rejected"]
