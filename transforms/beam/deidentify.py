"""`Deidentify`: one release of a policy inside somebody else's pipeline.

It is the engine that ``beam-deid run`` is, with a collection as source and sink. The collection is read twice, once to measure and
once to release, so whoever runs the pipeline holds it in between; files are better read by ``beam-deid run``. A window of an
unbounded collection is released by one worker: see `whole_windows`.

Each window is a release of its own with a label of its own. No row leaves before all rows of its window are proved to be what
the label was decided on. The rows of an anonymized release leave in parts that are each ordered by their values.
"""

import base64
import zlib
from typing import Any, NamedTuple

import apache_beam as beam
import pyarrow as pa
from apache_beam.internal import pickler
from apache_beam.pvalue import AsSingleton
from apache_beam.transforms.error_handling import ErrorHandler
from apache_beam.typehints.decorators import no_annotations
from typing_extensions import Self

from beam_deid.transforms.beam.bound import bind
from beam_deid.transforms.beam.coders import register_coders
from beam_deid.transforms.beam.display import job_display
from beam_deid.transforms.beam.elements import WHERE, ElementKind, element_kind, row_fields
from beam_deid.transforms.beam.engine import Engine
from beam_deid.transforms.beam.from_batches import FromBatches, output_kind, row_type
from beam_deid.transforms.beam.release_windows import ReleasedWindows, ReleaseWindows
from beam_deid.transforms.beam.rows_sink import ProvedRows, RowsSink
from beam_deid.transforms.beam.schema import OneSchema
from beam_deid.transforms.beam.secret import RunSecret
from beam_deid.transforms.beam.source import Source
from beam_deid.transforms.beam.to_batches import Batches, ToBatches
from beam_deid.transforms.beam.told import Rejected, ReleaseLabel
from beam_deid.transforms.beam.windows import condition_of
from beam_deid.transforms.columns.read_as import arrow_type
from beam_deid.transforms.crypto.secret_source import SecretSource, check_secret
from beam_deid.transforms.decide.refusing import share_of_rejects
from beam_deid.transforms.errors import UsageError
from beam_deid.transforms.formats.ignoring import Ignored
from beam_deid.transforms.policy.accountability import check_not_over
from beam_deid.transforms.policy.model import Policy
from beam_deid.transforms.policy.roles import released_fields
from beam_deid.transforms.publish.embedded_job import GivenPolicy, job_of, policy_of, release_of
from beam_deid.transforms.publish.register_embedded import with_register
from beam_deid.transforms.run.workers import guarded
from beam_deid.transforms.treat.given import with_combined

_TYPES = {ElementKind.BATCH: pa.RecordBatch, ElementKind.TABLE: pa.Table, ElementKind.DICT: dict}


class Deidentified(NamedTuple):
    """What `Deidentify` gives back.

    Attributes:
        released: The released records, of the kind that came in if no other is wanted; rows of a schema are `beam.Row`.
        rejected: A `Rejected` for each value that could not be treated.
        label: A `ReleaseLabel` for each window, once its release was proved.
    """

    released: beam.PCollection
    rejected: beam.PCollection
    label: beam.PCollection

    def __or__(self, transform: Any) -> Any:
        """All of it to a transform that takes it, such as `WriteRelease`.

        Raises:
            UsageError: It takes one collection.
        """
        if isinstance(getattr(transform, "transform", transform), beam.ParDo):
            raise UsageError(
                "Deidentify gives three collections, and this takes one",
                WHERE,
                "Say which: (rows | Deidentify(…)).released, .rejected or .label",
            )
        return transform.__ror__(self)


class Deidentify(beam.PTransform):
    """Treat records as one release of a policy says, and label the result.

    Takes Arrow record batches or tables, Beam rows, named tuples or dicts, and gives back the same kind, without event times. Where
    Beam does not know what a collection holds, as of ``ReadFromParquet`` and untyped functions, its elements tell it.

    Args:
        policy: The policy: a path, a mapping, or a `Policy`.
        release: The release; may be left out where the policy has only one.
        max_rejects: Greatest share of records that may be rejected.
        key: What fetches the policy's key on the workers: one of Beam's secrets, or any object with
            ``get_secret_bytes()`` that does not carry the bytes itself.
        output: What released records are to be: ``dict``, ``beam.Row``, ``pyarrow.RecordBatch``, ``pyarrow.Table``, or a class of
            named tuples with the released fields; what came in if not given.

    Raises:
        PolicyError: The policy is wrong.
        UsageError: There is no such release, the policy wants its labels signed or rows filled down, records cannot be given out
            as ``output``, the collection holds what is no record, its windows merge or fire more than once, it is unbounded and has
            no windows, does not say what it holds or the release needs consent, or the key would stand in the graph.
        KeyFault: The keyring cannot be read, or the release wants an ephemeral key, which only a run on files can
            make and destroy.
    """

    def __init__(
        self,
        policy: GivenPolicy,
        release: str | None = None,
        max_rejects: float = 0.001,
        key: SecretSource | None = None,
        output: type | None = None,
    ) -> None:
        super().__init__()
        if key is not None:
            check_secret(key, _as_beam_does)
        made = _policy_of(policy, key_given=key is not None)
        self._release = release_of(made, release, "Deidentify")
        self._max_rejects = share_of_rejects(max_rejects)
        self._output = output
        self._output_kind = output_kind(output, released_fields(made, self._release))
        self._error_handler: ErrorHandler | None = None
        job = job_of(made, self._release, key)
        check_not_over(made, (self._release,), job.at)
        self._job = with_register(job)

    def with_error_handler(self, error_handler: ErrorHandler | None) -> Self:
        """Give the rejects to one of Beam's error handlers as well; with None, to none.

        What must not pass still ends the pipeline: more rejects than ``max_rejects``, and a label that is not expected.
        """
        self._error_handler = error_handler
        return self

    @no_annotations  # Beam checks types of single collections alone, and warns of others
    def expand(self, rows: beam.PCollection) -> Deidentified:
        """The released records, the rejects and the label."""
        register_coders()
        job = self._job
        kind = element_kind(rows.element_type)
        if not rows.is_bounded:
            _check_no_consent(job.policy, self._release)
        condition = condition_of(rows.windowing, rows.is_bounded, WHERE, registered=job.remembers)
        if not rows.is_bounded and kind is None:
            raise UsageError(
                "the collection is unbounded, and its type does not say what it holds",
                WHERE,
                "Declare it on the transform before it, as .with_output_types(dict)",
            )
        everywhere = not condition  # an empty collection has a label, but of windows only those that are
        ignored = Ignored(job.policy.input.ignore)
        fields = row_fields(rows.element_type)
        given_as = rows | "To batches" >> ToBatches(kind, fields, _kinds(job.policy), ignored, everywhere)
        released = self._by_engine(given_as, condition) if rows.is_bounded else self._by_window(given_as, condition)
        if self._error_handler is not None:
            self._error_handler.add_error_pcollection(released.rejected)
        wanted = self._output_kind or given_as.kind
        rows = released.rows | "From batches" >> FromBatches(wanted, self._type_of(wanted, fields))
        bind(rows, released.label, getattr(released, "whole", None))
        return Deidentified(rows, released.rejected, released.label)

    def _by_engine(self, given: Batches, condition: str) -> ProvedRows:
        """Let the engine's workers share the records of a bounded collection, or of each of its windows."""
        job = self._job
        batches = given.batches
        everywhere = not condition
        if job.policy.input.combine:
            combine = beam.Map(_combined, job.policy).with_output_types(pa.RecordBatch)
            batches |= "Combine columns" >> combine
        secret = AsSingleton(batches.pipeline | "Secret" >> RunSecret(job))
        known = batches | "Schema" >> OneSchema(job.policy, given.kind, everywhere, secret)
        sink = RowsSink(job, condition, everywhere)
        proved: ProvedRows = (batches, known) | Engine(job, Source.collection(everywhere), sink, self._max_rejects)
        return proved

    def _by_window(self, given: Batches, condition: str) -> ReleasedWindows:
        """Let one worker release each window of a stream."""
        complete = given.kind is not ElementKind.DICT
        release = ReleaseWindows(self._job, condition, self._max_rejects, complete)
        released: ReleasedWindows = given.batches | "Release" >> release
        return released

    def display_data(self) -> dict[str, Any]:
        """What an engine may show of it."""
        return {**job_display(self._job), "max_rejects": self._max_rejects}

    def _type_of(self, wanted: ElementKind | AsSingleton, given: dict[str, Any] | None) -> Any:
        """The type of released records, as Beam is told it."""
        if isinstance(wanted, AsSingleton):
            return Any
        if wanted is not ElementKind.ROW:
            return _TYPES[wanted]
        if self._output not in (None, beam.Row):
            return self._output
        policy = self._job.policy
        types = {}
        for name in released_fields(policy, self._release):
            before = pa.null() if policy.kind(name) is None else arrow_type(policy.reading(name), pa.string())
            after = policy.releases[self._release].fields[name].output_type(before)
            types[name] = None if after is None or pa.types.is_null(after) else after
        return row_type(types, given)


def _policy_of(given: GivenPolicy, key_given: bool) -> Policy:
    """The policy, if labels can be made with it on workers."""
    policy = policy_of(given, key_given)
    if policy.input.fill_down is not None:
        raise UsageError(
            "the policy says input.fill_down, and the records of a collection have no order",
            "Deidentify",
            "Fill them before Deidentify and take it out of the policy, or use beam-deid run on files",
        )
    if policy.sign is not None:
        raise UsageError(
            "the policy says sign: keyring, and labels are made on workers, which never have the signing key",
            "Deidentify",
            "Take it out of the policy and sign the label where you keep it, or use beam-deid run",
        )
    return policy


def _check_no_consent(policy: Policy, release: str) -> None:
    """See that an unbounded collection is no release that needs consent: its ledger is read once."""
    if policy.releases[release].consent is not None:
        raise UsageError(
            "the collection is unbounded, and a ledger of consent is read once: who withdraws later would still be released",
            f"releases.{release}.consent",
            "Run it in batch, on a bounded collection, so that the ledger is read anew for each release",
        )


def _combined(batch: pa.RecordBatch, policy: Policy) -> pa.RecordBatch:
    return guarded("Deidentify", with_combined, batch, policy)


def _kinds(policy: Policy) -> dict[str, Any]:
    """The kind of each field that has one."""
    kinds = {name: policy.kind(name) for name in policy.fields}
    return {name: kind for name, kind in kinds.items() if kind is not None}


def _as_beam_does(value: object) -> bytes:
    """A pickle as a pipeline's graph holds it, unpacked: what the caller's own module defines goes along by value."""
    packed = base64.b64decode(pickler.dumps(value, use_zlib=True))
    return zlib.decompress(packed)


__all__ = ["Deidentified", "Deidentify", "Rejected", "ReleaseLabel"]
