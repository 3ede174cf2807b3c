"""What earlier releases say of records, as columns beside them: a key for what each says, `ABSENT` where it lacks the record."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from beam_deid.transforms.columns.combining import combine
from beam_deid.transforms.columns.fingerprint import Fingerprints
from beam_deid.transforms.past.comparing import Compared
from beam_deid.transforms.past.views import WHOLE
from beam_deid.transforms.risk.known_again import ABSENT
from beam_deid.transforms.run.layout import Column
from beam_deid.transforms.run.stages import Stream

RECORDED = Column("recorded")
PLACE = Column("place")
"""Where a row is: its bucket in the high half, its number within it in the low one."""
UNSURE = Column("unsure")
"""Whether nobody can say which record it is in earlier releases."""
NOWHERE = np.uint64((1 << 64) - 1)
"""The place of a row that is not there."""

_HALF = np.uint64(32)
_LOW = np.uint64((1 << 32) - 1)


def places(bucket: int, rows: npt.NDArray[np.intp]) -> Fingerprints:
    """The places of some rows of a bucket, shape (n,)."""
    return rows.astype(np.uint64) | np.uint64(bucket << 32)


def bucket_at(place: Fingerprints) -> npt.NDArray[np.uint16]:
    """The bucket of some places, shape (n,)."""
    return (place >> _HALF).astype(np.uint16)


def row_at(place: Fingerprints) -> npt.NDArray[np.intp]:
    """The number of some places within their bucket, shape (n,)."""
    return (place & _LOW).astype(np.intp)


def said_column(view: str, entry: str) -> Column:
    """The column of what a release says in a view."""
    return Column("said", view, entry)


def open_column(view: str, entry: str) -> Column:
    """The column of what it says beside secrets."""
    return Column("open", view, entry)


def around_column(name: str, entry: str) -> Column:
    """The column of the group around a sensitive field in which a release has the record."""
    return Column("around", name, entry)


def known_columns(compared: Compared) -> tuple[Column, ...]:
    """All columns of what earlier releases say of a record."""
    entries = [entry.name for entry in compared.entries]
    found = [column for view in compared.views for column in view_columns(view, entries)]
    found += [around_column(name, entry.name) for name, holders in compared.holders.items() for entry in holders]
    return (*found, UNSURE)


def view_columns(view: str, entries: Sequence[str]) -> list[Column]:
    """The columns of what releases say in a view."""
    return [of(view, entry) for entry in entries for of in (said_column, open_column)]


def said_together(
    columns: Mapping[Column, Any], view: str, entries: Sequence[str]
) -> tuple[Fingerprints, Fingerprints]:
    """What some releases say together of each row, and what beside secrets, each of shape (n,)."""
    said = [columns[said_column(view, entry)] for entry in entries]
    openly = [columns[open_column(view, entry)] for entry in entries]
    if len(entries) == 1:
        return said[0], openly[0]
    absent = np.logical_and.reduce([one == ABSENT for one in said])
    both = [np.where(absent, ABSENT, combine(each, len(absent))) for each in (said, openly)]
    return both[0], both[1]


def are_known(columns: Mapping[Column, Any], entries: Sequence[str]) -> npt.NDArray[np.bool_]:
    """Which rows one of some releases has, shape (n,)."""
    there = [columns[said_column(WHOLE, entry)] != ABSENT for entry in entries]
    return np.asarray(np.logical_or.reduce(there))


@dataclass(frozen=True)
class Known:
    """What earlier releases say of a run's records, in the buckets of the records; of most they may say nothing.

    Attributes:
        rows: The records of which one of them says something, with their `PLACE`.
        columns: The columns of what they say.
    """

    rows: Stream
    columns: tuple[Column, ...]

    def read(self, bucket: int, records: int) -> dict[Column, Fingerprints]:
        """What they say of each record of a bucket, each of shape (records,)."""
        found = self.rows.read(bucket, (PLACE, *self.columns))
        at = row_at(found.pop(PLACE))
        whole = {}
        for column, keys in found.items():
            whole[column] = np.full(records, ABSENT, np.uint64)
            whole[column][at] = keys
        return whole


def stream(streams: Mapping[str, Stream], name: str, buckets: int) -> Stream:
    """One of some streams; an empty one where nothing was put into it."""
    return streams.get(name, Stream(buckets))


def some_of(rows: Mapping[Column, Any], chosen: npt.NDArray[Any]) -> dict[Column, Any]:
    """Some rows of a table, given by a mask or by their numbers."""
    return {column: values[chosen] for column, values in rows.items()}


def many(rows: Mapping[Column, Any]) -> int:
    """The number of rows of a table."""
    return len(next(iter(rows.values())))
