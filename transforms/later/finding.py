"""Which rows of a release are a person's: what is told of a row by its released values, batch by batch."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import pyarrow as pa

from beam_deid.transforms.columns.arrays import Bools


class Finder(Protocol):
    """Tells rows of a release, which come in the order in which they are published, each once.

    Attributes:
        columns: The released columns that it looks at.
        by: How it knows them, in words for a person.
    """

    @property
    def columns(self) -> Sequence[str]:
        """See above."""
        ...

    @property
    def by(self) -> str:
        """See above."""
        ...

    def found(self, batch: pa.RecordBatch, is_text: bool) -> Bools:
        """Which rows of a batch are meant, shape (n,).

        Args:
            batch: The rows, with its `columns` at least.
            is_text: Whether the part that they are in is text, in which a value can be written in several ways.
        """
        ...


class Either:
    """Rows that one of several finders means.

    Args:
        finders: The finders, one at least.
    """

    def __init__(self, finders: Sequence[Finder]) -> None:
        self._finders = finders

    @property
    def columns(self) -> Sequence[str]:
        """All columns that any of them looks at, each once."""
        return tuple(dict.fromkeys(name for one in self._finders for name in one.columns))

    @property
    def by(self) -> str:
        """How all of them know rows."""
        return ", ".join(one.by for one in self._finders)

    def found(self, batch: pa.RecordBatch, is_text: bool) -> Bools:
        """Which rows of a batch any of them means, shape (n,); every one of them sees all rows."""
        found = np.zeros(batch.num_rows, np.bool_)
        for one in self._finders:
            found |= one.found(batch, is_text)
        return found
