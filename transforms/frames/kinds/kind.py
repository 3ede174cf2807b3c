"""What a kind of table in memory is: how it becomes columns of Arrow, and how columns become it again."""

from abc import ABC, abstractmethod
from typing import Any, ClassVar

import pyarrow as pa

from beam_deid.transforms.errors import InputError


class FrameKind(ABC):
    """A kind of table in memory. Its library is loaded only where a table of it is there, which has loaded it.

    Attributes:
        package: The package that such tables are from.
    """

    package: ClassVar[str]

    @abstractmethod
    def holds(self, data: Any) -> bool:
        """Whether something is such a table. Asked only where its package is loaded."""

    @abstractmethod
    def to_arrow(self, data: Any) -> pa.Table:
        """Its columns, n rows, with nothing else that it may say of itself.

        Raises:
            InputError: A column has no one type, or no name.
        """

    @abstractmethod
    def from_arrow(self, table: pa.Table, like: Any) -> Any:
        """A table of this kind.

        Args:
            table: Its columns; text is never dictionary-encoded.
            like: The table that was given, whose columns say how those of the same name are held.
        """


def no_one_type(name: str, advice: str) -> InputError:
    """The error for a column whose values are of several types, or of one that no column of Arrow has."""
    return InputError("its values have no one type", f"field {name}", advice)
