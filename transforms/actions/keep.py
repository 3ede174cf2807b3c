"""keep: the value goes out as it came in."""

from typing import ClassVar

import pyarrow as pa

from beam_deid.transforms.actions.action import Action, Bound, Documented, KeySource, Target, Treated
from beam_deid.transforms.terms import Recoverability


class Keep(Action):
    """Release the value as it is. Null, type and layout stay too."""

    name: ClassVar[str] = "keep"
    documented: ClassVar[tuple[Documented, ...]] = (
        Documented("keep", "releases the value as it is", "`clear`", "not for a direct identifier"),
    )
    verbatim: ClassVar[bool] = True

    def recoverability(self, target: Target) -> Recoverability:
        """Clear: nothing was done."""
        return Recoverability.CLEAR

    def sentence(self, target: Target) -> str:
        """That the field stays."""
        return f"{target.field} is released as it is"

    def output_type(self, column_type: pa.DataType) -> pa.DataType | None:
        """The column's own type."""
        return column_type

    def bind(self, target: Target, keys: KeySource, level: int | None = None) -> Bound:
        """Nothing to make ready."""
        return _unchanged


def _unchanged(column: pa.Array, subject: pa.Array | None) -> Treated:
    return Treated(column)
