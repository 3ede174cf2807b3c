"""Lots of sets of attributes, and which rows the largest parts of these sets single out.

A row has a bit for each set that may be a part of others. Bits stand 64 to a word in the order of the sets, whatever the lots; only
those of one level are kept, which are all parts of the next one. A task reads one word after the other, and the columns of its lot.
"""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from beam_deid.transforms.columns.arrays import Bools
from beam_deid.transforms.columns.combining import combine
from beam_deid.transforms.columns.fingerprint import Fingerprints
from beam_deid.transforms.risk.combinations import Attributes, parts_of
from beam_deid.transforms.run.layout import Column
from beam_deid.transforms.run.stages import COUNT, Stream

WHO = Column("who")
WORD = Column("word")

Rows = npt.NDArray[np.intp]

_BITS = 64
"""Sets of a word."""
_FEWEST = 4
"""Sets of a lot that may ask for more rows than it should."""
_ONE = np.uint64(1)


def value_of(name: str) -> Column:
    """The column of an attribute."""
    return Column("value", name)


@dataclass
class Singled:
    """Which rows the sets of a level single out.

    Attributes:
        words: Of each row a bit for each set; the last word has room where their number is no multiple of 64.
        rows: How many rows each set singles out, in the order of the bits.
    """

    words: list[Stream] = field(default_factory=list)
    rows: dict[Attributes, int] = field(default_factory=dict)

    @property
    def begun(self) -> Stream | None:
        """The word in which the next sets have their bits; None if that is a new one."""
        return self.words[-1] if self.taken else None

    @property
    def taken(self) -> int:
        """How many bits of it are taken."""
        return len(self.rows) % _BITS

    def add(self, rows: Mapping[Attributes, int], word: Stream) -> None:
        """Add the sets of a lot, with the number of rows that each singles out; a word that had begun goes on in this one."""
        if self.taken:
            self.words.pop()
        self.words.append(word)
        self.rows |= rows

    def masks(self, sets: Sequence[Attributes], most: int) -> npt.NDArray[np.uint64]:
        """The bits of the parts of some sets, shape (words, sets)."""
        numbers = {part: number for number, part in enumerate(self.rows)}
        found = np.zeros((len(self.words), len(sets)), np.uint64)
        for at, chosen in enumerate(sets):
            for part in _parts(chosen, most):
                word, bit = divmod(numbers[part], _BITS)
                found[word, at] |= _ONE << np.uint64(bit)
        return found

    def most_of(self, chosen: Attributes, most: int) -> int:
        """The most rows that a part of a set singles out."""
        return max((self.rows[part] for part in _parts(chosen, most)), default=0)


def _parts(chosen: Attributes, most: int) -> Iterator[Attributes]:
    """The largest parts of a set but the empty one, which singles nobody out."""
    return filter(None, parts_of(chosen, most))


@dataclass(frozen=True)
class Searched:
    """Rows that sets are searched over.

    Attributes:
        rows: The rows: a value of each attribute, whose they are, and how many records.
        null: Whose the rows are that count nobody: one subject of their own, wherever they lie.
        most: Most attributes of a set that is a part of others.
        parts: Which rows the sets of the level before single out.
    """

    rows: Stream
    null: np.uint64
    most: int
    parts: Singled = field(default_factory=Singled)

    def levels(self, sets: Sequence[Attributes]) -> list[list[Attributes]]:
        """The sets by level: none needs to know what another one of its level singles out."""
        return [list(alike) for _, alike in itertools.groupby(sets, lambda chosen: min(len(chosen), self.most + 1))]

    def lots(self, level: Sequence[Attributes], asked: int) -> Iterator["Lot"]:
        """Cut a level into lots that ask for so many rows, about; each has its bits in one word."""
        begin = 0
        rows = 0
        total = self.rows.rows
        for at, chosen in enumerate(level):
            own = total - self.parts.most_of(chosen, self.most)
            full = at - begin >= _FEWEST and rows + own > asked
            if at and (full or at % _BITS == 0):
                yield self._lot(level[begin:at])
                begin = at
                rows = 0
            rows += own
        yield self._lot(level[begin:])

    def _lot(self, sets: Sequence[Attributes]) -> "Lot":
        masks = self.parts.masks(sets, self.most)
        parts = [(word, bits) for word, bits in zip(self.parts.words, masks, strict=True) if bits.any()]
        return Lot(self.rows, self.null, sets, parts)


@dataclass(frozen=True)
class Lot:
    """Sets that are asked together, 64 at most.

    Attributes:
        rows: See `Searched`.
        null: See `Searched`.
        sets: The sets.
        parts: The words in which their parts have bits, with these bits by set, shape (sets,).
    """

    rows: Stream
    null: np.uint64
    sets: Sequence[Attributes]
    parts: Sequence[tuple[Stream, npt.NDArray[np.uint64]]]

    def read(self, bucket: int) -> "RowsSeen":
        """The rows of a bucket, with the columns of these sets."""
        names = dict.fromkeys(itertools.chain.from_iterable(self.sets))
        columns = self.rows.read(bucket, (*map(value_of, names), WHO, COUNT))
        return RowsSeen(columns, self._known(bucket, len(columns[COUNT])))

    def _known(self, bucket: int, rows: int) -> Fingerprints:
        """Of each row a bit for each set of which a part singles it out, shape (rows,)."""
        known = np.zeros(rows, np.uint64)
        for stream, masks in self.parts:
            word = stream.read(bucket, (WORD,))[WORD]
            for number in np.flatnonzero(masks).tolist():
                known |= as_bit((word & masks[number]) > 0, number)
        return known


@dataclass(frozen=True)
class RowsSeen:
    """The rows of a bucket. Arrays are of shape (n,).

    Attributes:
        columns: Their columns.
        bits: Of each row a bit for each set of the lot of which a part singles it out.
    """

    columns: Mapping[Column, Any]
    bits: Fingerprints

    def __len__(self) -> int:
        return len(self.bits)

    def known(self, number: int) -> Bools:
        """Which rows a part of a set of the lot singles out."""
        return (self.bits >> np.uint64(number) & _ONE).astype(bool)

    def keys(self, number: int, chosen: Attributes, rows: Rows) -> Fingerprints:
        """The key of the class that some rows are in by a set, which has a number in its lot."""
        columns = [np.full(len(rows), number, np.uint64)]
        columns += [self.columns[value_of(name)][rows] for name in chosen]
        return combine(columns, len(rows))


def as_bit(rows: Bools, number: int) -> Fingerprints:
    """A word of each row (n,) with a bit of some number that says whether it is among some rows, shape (n,)."""
    return rows.astype(np.uint64) << np.uint64(number)
