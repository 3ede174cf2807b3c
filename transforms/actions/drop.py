"""drop: the field is not released. Saying so differs from leaving it out only in that it is written down."""

from typing import ClassVar

import pyarrow as pa

from beam_deid.transforms.actions.action import Action, Bound, Documented, KeySource, Target, Treated
from beam_deid.transforms.terms import Recoverability


class Drop(Action):
    """Leave the field out of the release."""

    name: ClassVar[str] = "drop"
    documented: ClassVar[tuple[Documented, ...]] = (
        Documented("drop", "releases nothing (like not naming the field)", "`removed`", "yes"),
    )

    def recoverability(self, target: Target) -> Recoverability:
        """Removed: nothing is left to turn back."""
        return Recoverability.REMOVED

    def sentence(self, target: Target) -> str:
        """That the field goes."""
        return f"{target.field} is not released"

    def output_type(self, column_type: pa.DataType) -> pa.DataType | None:
        """None: there is no such column in the release."""
        return None

    def bind(self, target: Target, keys: KeySource, level: int | None = None) -> Bound:
        """Nothing to make ready."""
        return _nothing


def _nothing(column: pa.Array, subject: pa.Array | None) -> Treated:
    # Nobody writes this column; should somebody, nothing of the value is in it.
    return Treated(pa.nulls(len(column), pa.string()))
