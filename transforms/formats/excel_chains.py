"""Chains of sectors in what Excel wrote before 2007, a compound file: each must come to an end.

A table says which sector follows each. Where damage makes one follow an earlier one, a reader that goes along the chain never
stops, and takes memory as it goes.
"""

import struct

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.uint32]

_HEADER = 512
_SHIFTS = (9, 12)
_SHIFT = struct.Struct("<H")
_SHIFT_AT = 30
_FIRST = struct.Struct("<I")
_FIRST_SMALL_TABLE_AT = 60
_FIRST_LIST_AT = 68
_LISTED_AT = 76
_NO_SECTOR = 0xFFFF_FFFA
"""From here on a number is none of a sector: it says that a chain ends, or that nothing is there."""


def chains_end(data: bytes) -> bool:
    """Whether all chains of a file come to an end, those of sectors and those of the small ones in them.

    Args:
        data: The file.
    """
    try:
        sectors = _Sectors(data)
        table = sectors.joined(_listed(sectors, data))
        return _all_end(table) and _all_end(
            sectors.joined(_chain(table, _FIRST.unpack_from(data, _FIRST_SMALL_TABLE_AT)[0]))
        )
    except (struct.error, IndexError):
        return False


class _Sectors:
    """The sectors of a file as numbers.

    Args:
        data: The file.

    Raises:
        struct.error: It has no header.
        IndexError: Its sectors have a size that none have.
    """

    def __init__(self, data: bytes) -> None:
        (shift,) = _SHIFT.unpack_from(data, _SHIFT_AT)
        if shift not in _SHIFTS:
            raise IndexError(shift)
        size = 1 << shift
        self.count = max(len(data) // size - 1, 0)
        self._numbers = np.frombuffer(data, "<u4", self.count * size // 4, size).reshape(self.count, size // 4)

    def __getitem__(self, number: int) -> Numbers:
        sector: Numbers = self._numbers[number]
        return sector

    def joined(self, numbers: list[int]) -> Numbers:
        """What stands in some sectors, one behind the other.

        Raises:
            IndexError: The file has no such sector.
        """
        return np.concatenate([self[number] for number in numbers]) if numbers else np.zeros(0, np.uint32)


def _listed(sectors: _Sectors, data: bytes) -> list[int]:
    """The sectors in which the table is: the header lists the first ones, and sectors that form a chain the others.

    Raises:
        IndexError: That chain does not end.
    """
    found = np.frombuffer(data, "<u4", (_HEADER - _LISTED_AT) // 4, _LISTED_AT).tolist()
    (at,) = _FIRST.unpack_from(data, _FIRST_LIST_AT)
    for _ in range(sectors.count + 1):
        if at >= _NO_SECTOR:
            return [number for number in found if number < _NO_SECTOR]
        *listed, at = sectors[at].tolist()
        found += listed
    raise IndexError(at)


def _chain(table: Numbers, first: int) -> list[int]:
    """The sectors of a chain, of a table whose chains end."""
    found = []
    while first < _NO_SECTOR:
        found.append(first)
        first = int(table[first])
    return found


def _all_end(table: Numbers) -> bool:
    """Whether no chain of a table comes back to where it was: all are followed at once, each time twice as far."""
    end = len(table)
    following = np.append(np.minimum(table, end), end).astype(np.int64)
    for _ in range(end.bit_length()):
        following = following[following]
    return bool((following == end).all())
