"""How a column's texts are read: what its kind is, and how its values are written."""

from dataclasses import dataclass
from typing import Protocol

import pyarrow as pa

from beam_deid.transforms.columns.text_escapes import Dress

DECIMALS = 2
"""Digits after the point of a decimal, where nobody says how many."""
_WHOLE_DIGITS = 16
"""Digits before the point of a decimal."""


_AS_GIVEN = Dress()


class Typed(Protocol):
    """A kind, as far as it matters here."""

    @property
    def arrow(self) -> pa.DataType:
        """The type that its values are read as."""
        ...


@dataclass(frozen=True)
class Reading:
    """How a column is read. It can be pickled, and holds no value of the data.

    Attributes:
        kind: What the column holds; None to keep its type.
        dress: What is taken off texts before anything else.
        identifies: Whether texts are identifiers, of which a number in scientific notation is a damaged one.
        nulls: Texts that stand for nothing.
        decimal: What stands before the fraction of a number, a point or a comma.
        thousands: What stands between groups of three digits; empty if that is a fault.
        currency: Signs of a currency that may stand beside a number, besides the yuan's.
        formats: How dates and times are written, in the directives of ``strptime``, or ``excel``; the common ways if empty.
        timezone: The zone of whose clocks times are; None for UTC.
        decimals: Digits after the point of a decimal; None where nobody says.
    """

    kind: Typed | None = None
    dress: Dress = _AS_GIVEN
    identifies: bool = False
    nulls: tuple[str, ...] = ()
    decimal: str = "."
    thousands: str = ""
    currency: tuple[str, ...] = ()
    formats: tuple[str, ...] = ()
    timezone: str | None = None
    decimals: int | None = None

    @property
    def arrow(self) -> pa.DataType | None:
        """The type that values are read as; None to keep the column's."""
        if self.kind is None:
            return None
        kind = self.kind.arrow
        if pa.types.is_decimal(kind) and self.decimals is not None:
            return pa.decimal128(_WHOLE_DIGITS + self.decimals, self.decimals)
        return kind

    def canonical(self) -> "Reading":
        """The reading of texts in the one spelling that `canonical_text` gives values of the same type."""
        return Reading(self.kind, decimals=self.decimals)


def reading_of(kind: "Reading | Typed | None") -> Reading:
    """A reading; of a kind alone the one of values as they are commonly written."""
    return kind if isinstance(kind, Reading) else Reading(kind)
