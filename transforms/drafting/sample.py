"""Rows of an input, from which a policy is drafted."""

from dataclasses import dataclass

import pyarrow as pa

from beam_deid.transforms.formats.passed_over import PassedOver


@dataclass(frozen=True)
class Sample:
    """Rows of an input.

    Attributes:
        files: How many files there are.
        names: All columns, in the order of the first file.
        columns: The columns by name, plain, each of ``rows`` values; lists are left out.
        rows: How many rows were read.
        whole: Whether these are all rows.
        unreadable: Rows beside them that could not be read.
        passed: Files of which something is passed over, and what.
    """

    files: int
    names: tuple[str, ...]
    columns: dict[str, pa.Array]
    rows: int
    whole: bool
    unreadable: int
    passed: tuple[tuple[str, PassedOver], ...] = ()

    @property
    def lists(self) -> tuple[str, ...]:
        """The columns in which lists stand: what is in them was not looked at."""
        return tuple(name for name in self.names if name not in self.columns)
