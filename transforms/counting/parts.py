"""Some records of a release, in buckets, and how many of each are left."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from beam_deid.transforms.columns.arrays import Bools
from beam_deid.transforms.risk.histogram import Counts
from beam_deid.transforms.run.layout import Column
from beam_deid.transforms.run.stages import COUNT, Out, Stream, filled

LEFT = "left"


@dataclass(frozen=True)
class Part:
    """Some records of a release, in buckets.

    Attributes:
        rows: The records, before any is suppressed: one stream behind the other.
        left: How many of each row are left, in the order of the rows; all, if None.
    """

    rows: tuple[Stream, ...]
    left: Stream | None = None

    @property
    def filled(self) -> list[int]:
        """The buckets that have any row."""
        return filled(*self.rows)

    def rows_in(self, bucket: int) -> int:
        """The number of rows of one bucket."""
        return sum(stream.rows_in(bucket) for stream in self.rows)

    def read(self, bucket: int, wanted: Sequence[Column]) -> Mapping[Column, Any]:
        """Read some columns of one bucket: see `Stream.read`."""
        return stacked([stream.read(bucket, wanted) for stream in self.rows])

    def left_of(self, bucket: int) -> Counts:
        """How many of each row of a bucket are left, shape (n,)."""
        return np.asarray((self if self.left is None else self.left).read(bucket, (COUNT,))[COUNT])


def stacked(parts: Sequence[Mapping[Column, np.ndarray]]) -> Mapping[Column, np.ndarray]:
    """The columns of some rows, one behind the other."""
    if len(parts) == 1:
        return parts[0]
    return {column: np.concatenate([part[column] for part in parts]) for column in parts[0]}


def keep_left(out: Out, bucket: int, left: Counts) -> None:
    """Set aside how many of each row of a bucket are left, shape (n,)."""
    out.put_into(LEFT, np.full(len(left), bucket, np.uint16), {COUNT: left})


def chosen(columns: Mapping[Column, np.ndarray], rows: Bools) -> dict[Column, np.ndarray]:
    """The columns of some rows, shape (n,), bool."""
    return {name: column[rows] for name, column in columns.items()}
