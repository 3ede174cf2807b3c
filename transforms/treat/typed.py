"""Typed batches, from shards of files: read, typed by the policy's kinds, faulty rows set apart."""

import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from beam_deid.transforms.columns.distinct import is_text
from beam_deid.transforms.columns.fault_reasons import reasons
from beam_deid.transforms.columns.read_as import to_kind
from beam_deid.transforms.columns.reading import Reading
from beam_deid.transforms.formats import format_named, format_of_shard
from beam_deid.transforms.formats.combined import APART
from beam_deid.transforms.formats.format import Fault, Shard
from beam_deid.transforms.policy.model import Policy
from beam_deid.transforms.policy.roles import is_normalized
from beam_deid.transforms.recognisers.one_spelling import normalized
from beam_deid.transforms.run.beside import Lent
from beam_deid.transforms.run.job import BATCH_ROWS, Job
from beam_deid.transforms.terms import Reason
from beam_deid.transforms.treat.order_spelling import order_spelling

Columns = Mapping[str, pa.Array]


@dataclass(frozen=True)
class Records:
    """Typed columns of equal length.

    Attributes:
        columns: The columns by field name.
        rows: int64 array, row number in the file of each record.
        origin: Eight bytes that tell this shard or batch from all others of the run.
        file: The file that the records are from; empty where there are no files.
        normal: Of fields of which spellings are made one before a key is used, the columns in one spelling, where they differ.
        record_key: What each record is known by where its number is put together of parts, see
            `beam_deid.transforms.formats.combined.parts_apart`; None where its number is a column of its own, or is not read.
    """

    columns: Columns
    rows: npt.NDArray[np.int64]
    origin: bytes = bytes(8)
    file: str = ""
    normal: Columns = field(default_factory=dict)
    record_key: pa.Array | None = None

    def __len__(self) -> int:
        return len(self.rows)

    def where(self, mask: npt.NDArray[np.bool_]) -> "Records":
        """The records where ``mask`` is true."""
        if mask.all():
            return self
        keep = pa.array(mask)
        columns = {name: column.filter(keep) for name, column in self.columns.items()}
        normal = {name: column.filter(keep) for name, column in self.normal.items()}
        key = None if self.record_key is None else self.record_key.filter(keep)
        return Records(columns, self.rows[mask], self.origin, self.file, normal, key)

    def made_from(self, name: str, normalizes: bool) -> pa.Array:
        """A field's column as an action takes it: in one spelling if the action wants that."""
        return self.normal.get(name, self.columns[name]) if normalizes else self.columns[name]

    @property
    def places(self) -> pa.Array:
        """The place of each record, ``fixed_size_binary(16)``: its origin and its row."""
        words = np.empty((len(self), 2), "<i8")
        words[:, 0] = np.frombuffer(self.origin, "<i8")
        words[:, 1] = self.rows
        return pa.FixedSizeBinaryArray.from_buffers(pa.binary(16), len(self), [None, pa.py_buffer(words)])


@dataclass(frozen=True)
class TypedBatch:
    """A batch as both passes take it, whether it is from a file or from a collection.

    Attributes:
        records: The records that could be read.
        faults: The faults of the others. Their rows are those of `Records.rows`.
        read: Records read, sound or not.
        source: What the batch is from, as reports call it: a file as the user wrote it; empty for a collection.
        numbers: What reports call each row of a collection, int64 (rows,), by its number in `Records.rows`; None for a file.
        above: How many rows of a file stand above its row 0, as its header.
        met: Of each record that has the number of a corrected one, which of these it is; None where no record is corrected.
        replaced: The same of those that the corrected ones stand in place of.
    """

    records: Records
    faults: list[Fault]
    read: int
    source: str = ""
    numbers: npt.NDArray[np.int64] | None = None
    above: int = 0
    met: npt.NDArray[np.int32] | None = None
    replaced: npt.NDArray[np.int32] | None = None

    @property
    def nbytes(self) -> int:
        """Bytes of its columns in memory."""
        return sum(column.nbytes for column in self.records.columns.values())

    def reported(self, rows: npt.NDArray[np.int64]) -> list[int]:
        """What reports call some rows (n,): see `beam_deid.transforms.formats.format.reported`."""
        named = rows + self.above + 1 if self.numbers is None else self.numbers[rows]
        found: list[int] = named.tolist()
        return found


def read_typed(
    shard: Shard, job: Job, columns: Sequence[str], spare: Collection[str] | None = None
) -> Iterator[TypedBatch]:
    """Read a shard in typed batches.

    Args:
        shard: The shard.
        job: The run.
        columns: The columns that are wanted; some may lie beside the shard.
        spare: Columns that a record can do without: what cannot be read in them is null. Those of the run if not given.

    Raises:
        InputError: The shard cannot be read.
        OutputError: What lies beside it cannot be read.
    """
    spare = job.spare if spare is None else spare
    lent = Lent(shard, columns)
    own = lent.own(job.policy.fields)
    spelt = order_spelling(job.policy, format_named(shard.format).notation.of_spreadsheets)
    kind = format_of_shard(shard, job.policy.input, spelt)
    key = record_parts(job, columns)
    asked = [*own, f"{job.policy.record}{APART}"] if key else own
    chunks = kind.read(shard, job.policy.input, asked, BATCH_ROWS, known=tuple(job.policy.fields), spare=spare)
    origin = hashlib.sha256(job.place_of(shard).encode()).digest()[:8]
    for chunk in chunks:
        given = {
            name: of_type(column, job.types.get(name, pa.string()))
            for name, column in zip(chunk.batch.schema.names, chunk.batch.columns, strict=True)
        }
        record_key = given.pop(asked[-1]) if key else None
        of_spreadsheets = kind.notation.of_spreadsheets
        records, faults = typed(given, chunk.rows, job.policy, origin, spare, of_spreadsheets, record_key)
        records = replace(_with_lent(records, lent, columns, job.policy), file=shard.path)
        unread = set(np.concatenate([fault.rows for fault in chunk.faults])) if chunk.faults else set()
        read = len(chunk.rows) + len(unread)
        told = shard.told or shard.path
        yield TypedBatch(records, [*chunk.faults, *faults], read, told, above=chunk.above)


def record_parts(job: Job, columns: Collection[str]) -> tuple[str, ...]:
    """The columns that the records' number is put together of, where it is and some columns that are read hold it; else none."""
    record = job.policy.record
    return job.policy.input.combine.get(record, ()) if record is not None and record in columns else ()


def _with_lent(records: Records, lent: Lent, wanted: Sequence[str], policy: Policy) -> Records:
    """The records with what rows of other tables lend them, their columns in the order in which they are wanted."""
    if not lent.names:
        return records
    given = lent.columns(records.rows)
    every = {**records.columns, **given}
    normal = {**records.normal, **_normal(given, policy)}
    return replace(records, columns={name: every[name] for name in wanted}, normal=normal)


def of_type(column: pa.Array, given: pa.DataType) -> pa.Array:
    """A column as it is, but for one of nothing but nulls: it has the type that the input's other files give it."""
    return pa.nulls(len(column), given) if pa.types.is_null(column.type) else column


def typed(
    given: Columns,
    rows: npt.NDArray[np.int64],
    policy: Policy,
    origin: bytes = bytes(8),
    spare: Collection[str] = (),
    of_spreadsheets: bool = False,
    record_key: pa.Array | None = None,
) -> tuple[Records, list[Fault]]:
    """Read columns as the policy says.

    Args:
        given: Columns as a format gives them, each of length n.
        rows: Row numbers, shape (n,).
        policy: The policy.
        origin: See `Records`.
        spare: Columns that a record can do without: what cannot be read in them is null. But a damaged identifier, which stands
            for several persons, would make one of them.
        of_spreadsheets: Whether they are from a file that spreadsheets write.
        record_key: See `Records`, shape (n,).

    Returns:
        The records that can be read, and the faults of the others.
    """
    columns = {}
    faults: list[Fault] = []
    sound = np.ones(len(rows), dtype=bool)
    for name, column in given.items():
        reading = policy.reading(name, of_spreadsheets)
        columns[name], wrong = to_kind(column, reading)
        if wrong is not None and name in spare:
            wrong = _damaged(column, wrong, reading)
        if wrong is not None:
            faults += _faults(column, wrong, rows, name, reading)
            sound &= ~wrong.to_numpy(zero_copy_only=False)
    records = Records(columns, rows, origin, record_key=record_key).where(sound)
    return in_one_spelling(records, policy), faults


def in_one_spelling(records: Records, policy: Policy) -> Records:
    """The records with the columns in one spelling of which that is used, made of their columns as they are."""
    return replace(records, normal=_normal(records.columns, policy))


def _normal(columns: Columns, policy: Policy) -> dict[str, pa.Array]:
    """The columns of which keys are used in one spelling, where they are not in it already."""
    found = {}
    for name in (name for name in columns if is_text(columns[name].type)):
        normal = policy.normal(name) if is_normalized(policy, name) else None
        column = columns[name] if normal is None else normalized(columns[name], policy.kind(name), normal)
        if column is not columns[name]:
            found[name] = column
    return found


def _damaged(column: pa.Array, wrong: pa.Array, reading: Reading) -> pa.Array | None:
    """Which of the values that could not be read, by a mask (n,), are damaged identifiers; None where none is."""
    for reason, mask in reasons(column.filter(wrong), reading):
        if reason is Reason.DAMAGED_BY_EXCEL:
            return pc.replace_with_mask(wrong, wrong, mask)
    return None


def _faults(
    column: pa.Array, wrong: pa.Array, rows: npt.NDArray[np.int64], name: str, reading: Reading
) -> Iterator[Fault]:
    """The faults of a column, one for each reason, with the rows (n,) that a mask (n,) has."""
    own = rows[wrong.to_numpy(zero_copy_only=False)]
    for reason, mask in reasons(column.filter(wrong), reading):
        yield Fault(own[mask.to_numpy(zero_copy_only=False)], name, reason)
