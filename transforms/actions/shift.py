"""shift: all dates of one person moved by the same secret number of days."""

from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field

from beam_deid.transforms.actions.action import Beside, Bound, Documented, KeySource, Target, Treated
from beam_deid.transforms.actions.attack import KeylessAttack
from beam_deid.transforms.actions.key_options import KeyedAction
from beam_deid.transforms.columns.canonical_text import canonical_text
from beam_deid.transforms.columns.distinct import encoded, plain
from beam_deid.transforms.columns.keyed_hash import KeyedHash
from beam_deid.transforms.errors import UsageError
from beam_deid.transforms.recognisers.kinds.date import DATE
from beam_deid.transforms.recognisers.kinds.kind import Kind
from beam_deid.transforms.recognisers.kinds.timestamp import TIMESTAMP
from beam_deid.transforms.terms import Reason

_DAY = {"s": 86_400, "ms": 86_400_000, "us": 86_400_000_000, "ns": 86_400_000_000_000}
_FIRST = np.datetime64("0001-01-01")
_LAST = np.datetime64("9999-12-31")

Ints = npt.NDArray[np.int64]


class Shift(KeyedAction):
    """Move dates and times by a number of days that depends on the subject and the key, the same for all its records.

    Intervals between events of one person stay exact, and so does the time of day; the number is never 0. Whoever
    has the key, or knows one date of a person, knows the person's others: shifted dates stay personal. All fields of
    a release that are shifted move alike unless a ``domain`` parts them. Null stays null. A record without a
    subject, and a date that would leave the years 1 to 9999, is a fault.
    """

    name: ClassVar[str] = "shift"
    documented: ClassVar[tuple[Documented, ...]] = (
        Documented("shift", "moves dates by a keyed offset, the same for all dates of a person", "`keyed`", "no"),
    )
    beside: ClassVar[Beside | None] = Beside.SUBJECT
    subject_use: ClassVar[str] = "moves all dates of one subject alike"
    attacks: ClassVar[tuple[KeylessAttack, ...]] = (KeylessAttack.INTERVALS,)
    rejects: ClassVar[bool] = True

    days: int = Field(30, ge=1, le=36_500, description="Most days that a date moves, back or forth")

    @property
    def wants(self) -> Kind | None:
        """A time; a date will do too."""
        return TIMESTAMP

    def check(self, target: Target) -> str | None:
        """Whether the field is a date or a time."""
        if target.kind in (None, TIMESTAMP, DATE):
            return None
        return f"shift needs a field of kind timestamp or date, and this one is {target.kind}"

    def sentence(self, target: Target) -> str:
        """How far dates move, and that it takes the key to know it."""
        return f"{target.field} is moved by 1 to {self.days} days back or forth, the same for all records of a subject"

    def output_type(self, column_type: pa.DataType) -> pa.DataType | None:
        """The column's own type."""
        return column_type.value_type if pa.types.is_dictionary(column_type) else column_type

    def _unnamed(self, target: Target, between: str) -> str:
        """The release, so that all its dates move alike."""
        return target.home[0]

    def bind(self, target: Target, keys: KeySource, level: int | None = None) -> Bound:
        """Fetch the subkey.

        Raises:
            KeyFault: A key is missing, unreadable or too short.
        """
        hashed = self.keyed_hash(target, keys)
        days = self.days
        place = f"release {target.release}, field {target.field}"

        def bound(column: pa.Array, subject: pa.Array | None) -> Treated:
            if subject is None:
                raise UsageError("shift needs to know whose date it is", place, "Add subject: FIELD to the policy")
            moved = plain(column)
            if not (pa.types.is_timestamp(moved.type) or pa.types.is_date(moved.type)):
                raise UsageError(
                    f"shift cannot move a column of type {moved.type}", place, "Declare its kind: timestamp"
                )
            return _shifted(moved, *_offsets(subject, hashed, days))

        return bound


def _offsets(subject: pa.Array, hashed: KeyedHash, days: int) -> tuple[Ints, npt.NDArray[np.bool_]]:
    """Days to move each row by, shape (n,), 1 ≤ |offset| ≤ days; and which rows have a subject."""
    codes, subjects = encoded(subject)
    # 0 … 2 days − 1 without the middle: −days … −1, 1 … days.
    numbers = hashed.numbers(canonical_text(subjects), 2 * days) - days
    offsets = numbers + (numbers >= 0)
    known = pc.is_valid(codes).to_numpy(zero_copy_only=False)
    rows = codes.fill_null(0).to_numpy(zero_copy_only=False)
    return (offsets[rows] if len(offsets) else np.zeros(len(rows), dtype=np.int64)), known


def _shifted(column: pa.Array, offsets: Ints, known: npt.NDArray[np.bool_]) -> Treated:
    unit = column.type.unit if pa.types.is_timestamp(column.type) else "D" if column.type == pa.date32() else "ms"
    given = pc.is_valid(column).to_numpy(zero_copy_only=False)
    width, dtype = (pa.int32(), np.int32) if unit == "D" else (pa.int64(), np.int64)
    values = column.cast(width).fill_null(0).to_numpy(zero_copy_only=False).astype(np.int64)
    step = 1 if unit == "D" else _DAY[unit]
    low, high = _bounds(unit)
    inside = (values >= low - np.minimum(offsets * step, 0)) & (values <= high - np.maximum(offsets * step, 0))
    sound = given & known & inside
    moved = np.where(sound, values + np.where(sound, offsets * step, 0), 0)
    shifted = pa.array(moved.astype(dtype), mask=~sound).cast(column.type)
    faults = given & ~sound
    return Treated(shifted, pa.array(faults), Reason.WRONG_TYPE) if faults.any() else Treated(shifted)


def _bounds(unit: Any) -> tuple[int, int]:
    if unit == "ns":  # int64 ends before these years do
        return -(2**63) + 1, 2**63 - 1
    return int(_FIRST.astype(f"M8[{unit}]").astype(np.int64)), int(_LAST.astype(f"M8[{unit}]").astype(np.int64))
