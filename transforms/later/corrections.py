"""Records as somebody had them corrected: files of the source's form, with all its columns."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from beam_deid.transforms.columns.arrays import Bools
from beam_deid.transforms.columns.distinct import plain
from beam_deid.transforms.columns.sizes import Words
from beam_deid.transforms.errors import InputError, UsageError
from beam_deid.transforms.formats.format import Shard
from beam_deid.transforms.later.remembering import Pairs
from beam_deid.transforms.later.subjects import Subjects
from beam_deid.transforms.policy.model import Policy
from beam_deid.transforms.policy.roles import released_fields
from beam_deid.transforms.recognisers.identity import identity_text
from beam_deid.transforms.register.key import register_prints
from beam_deid.transforms.register.reference import Reference
from beam_deid.transforms.run.consents import with_consents
from beam_deid.transforms.run.job import Job
from beam_deid.transforms.run.shards import Prepared, prepare
from beam_deid.transforms.run.spill_folder import SpillFolder
from beam_deid.transforms.storage.paths import shown
from beam_deid.transforms.treat.corrected import pairs_of
from beam_deid.transforms.treat.gate import Gate
from beam_deid.transforms.treat.person_secrets import SECRETS, with_person_secrets
from beam_deid.transforms.treat.treatment import Treatment
from beam_deid.transforms.treat.typed import Records, TypedBatch, read_typed

NUMBER = "\0number"
"""The column, beside the released ones, that says which record a treated row is; no field of a policy is called so."""


@dataclass(frozen=True)
class Corrections:
    """Corrected records. They are in memory: few beside what was published.

    Attributes:
        path: The file, for messages.
        prepared: The file, cut into shards.
        numbers: What they are known by, with the column of their numbers.
    """

    path: str
    prepared: Prepared
    numbers: Subjects

    def pairs(self) -> Pairs:
        """Makes the fingerprints of their numbers and of what they say."""

        def made(job: Job, reference: Reference) -> Words:
            key = register_prints(job.keys, reference)
            parts = [
                pairs_of(one.records, job.policy, key) for one in _batches(self.prepared.shards, self.prepared.job)
            ]
            return np.concatenate(parts)

        return made


def record_of(policy: Policy) -> str:
    """The field by which a record is known.

    Raises:
        UsageError: The policy does not say.
    """
    if policy.record is None:
        raise UsageError(
            "the policy does not say by what a record is known", "record", "Add record: FIELD, such as an order number"
        )
    return policy.record


def read_corrections(policy: Policy, path: str) -> Corrections:
    """Read corrected records.

    Args:
        policy: The policy.
        path: The file.

    Raises:
        UsageError: There is no such file, or the policy does not say by what a record is known.
        PolicyError: Its columns are not those of the policy.
        InputError: It cannot be read, or a record has no number, or another one's.
    """
    name = record_of(policy)
    prepared = prepare(policy, [path])
    found = []
    for batch in _batches(prepared.shards, prepared.job):
        _see_sound(batch, path)
        found.append(batch.records)
    given = pa.concat_arrays([plain(one.columns[name]) for one in found])
    spelt = pa.concat_arrays([plain(one.made_from(name, normalizes=True)) for one in found])
    records = Records({name: given}, np.arange(len(given)), normal={name: spelt})
    numbers = identity_text(given, policy.kind(name))
    if numbers.null_count or len(numbers.unique()) < len(numbers):
        raise InputError(
            f"a record has no {name}, or another one's", shown(path), "Give each record once, with its own"
        )
    return Corrections(shown(path), prepared, Subjects(records, {name: numbers}))


def treated(
    job: Job, release: str, levels: Mapping[str, int], shards: Sequence[Shard], wanted: pa.Array | None = None
) -> pa.Table:
    """What a release makes of some records, with the number of each as `NUMBER`.

    Args:
        job: A run of the release, with the keys that made it.
        release: The release.
        levels: The levels at which its open fields are released.
        shards: The records.
        wanted: Numbers of the records that are treated, those that are rejected left out; all if not given. Those that are withheld
            are always left out.

    Raises:
        InputError: A record of all cannot be treated as the release asks.
    """
    with SpillFolder() as folder:
        # Corrected records are published: their persons' secrets are kept. Those that are looked for were published before.
        secrets = "" if wanted is None else folder.file(SECRETS)
        kept = with_person_secrets(with_consents(job, folder.path), shards, secrets)
        return _treated(kept.job, release, levels, shards, wanted)


def _treated(
    job: Job, release: str, levels: Mapping[str, int], shards: Sequence[Shard], wanted: pa.Array | None
) -> pa.Table:
    names = released_fields(job.policy, release)
    treatment = Treatment(job, release, levels, gate=Gate(job, release))
    types = {name: job.policy.releases[release].fields[name].output_type(job.type_of(name)) for name in names}
    schema = pa.schema([*types.items(), (NUMBER, pa.string())])
    parts = [schema.empty_table()]
    record = record_of(job.policy)
    for batch in _batches(shards, job):
        numbers = identity_text(batch.records.columns[record], job.policy.kind(record))
        mask = np.ones(len(numbers), np.bool_) if wanted is None else _among(numbers, wanted)
        if not mask.any():
            continue
        applied = treatment.apply(batch.records.where(mask))
        if wanted is None and len(applied.sound) > int(applied.sound.sum()) + applied.withheld.total():
            raise _untreatable(batch, applied.sound, release)
        columns = [plain(applied.values[name]).cast(types[name]) for name in names]
        own = numbers.filter(pa.array(mask)).filter(pa.array(applied.sound))
        parts.append(pa.table([*columns, own], schema=schema))
    return pa.concat_tables(parts).combine_chunks()


def _batches(shards: Sequence[Shard], job: Job) -> Iterator[TypedBatch]:
    """All records, with all columns of the policy."""
    for shard in shards:
        yield from read_typed(shard, replace(job), tuple(job.policy.fields))


def _among(numbers: pa.Array, wanted: pa.Array) -> Bools:
    return np.asarray(pc.is_in(numbers, value_set=wanted).to_numpy(zero_copy_only=False))


def _see_sound(batch: TypedBatch, path: str) -> None:
    """See that all records of a file can be read."""
    if batch.faults:
        first = batch.faults[0]
        row = batch.reported(first.rows[:1])[0]
        raise InputError(
            f"row {row} cannot be read as {first.field} ({first.reason})",
            shown(path),
            "Write the value as the source has it",
        )


def _untreatable(batch: TypedBatch, sound: Bools, release: str) -> InputError:
    row = batch.reported(batch.records.rows[np.flatnonzero(~sound)[:1]])[0]
    return InputError(
        f"row {row} is none that the release {release} can hold: it would be rejected",
        batch.source,
        "See: beam-deid run --dry-run with this file as --input",
    )
