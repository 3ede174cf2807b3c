"""`PersonSet`: persons whom a run must know again, looked up by the millions in memory that does not grow with the set.

A set is a folder of plain files, which every process of this machine maps into memory, so that they share its pages::

    with SpillFolder() as private:
        writer = PersonSetWriter(private.file("erased"))
        writer.add(identity_prints(column, kind, key))       column by column
        persons = writer.close()                             picklable: it is a path
    persons.has(identity_prints(other, kind, key))           a mask

The key of the fingerprints is not in it. Whoever has the folder and not the key can test no guess.
"""

import json
import mmap
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from beam_deid.transforms.columns.arrays import Bools
from beam_deid.transforms.columns.fingerprint import Fingerprints
from beam_deid.transforms.errors import OutputError
from beam_deid.transforms.persons.identity_prints import IdentityPrints
from beam_deid.transforms.persons.sorted_rows import BUFFER, Numbers, PersonRows, SortedRows
from beam_deid.transforms.persons.writing import unwritable, written
from beam_deid.transforms.storage.private import make

Marks = npt.NDArray[np.uint8]
"""What is said of each person, from 1; 0 of those who are not in the set."""
_FIRST = "first"
_SECOND = "second"
_MARKS = "marks"
_COUNT = "persons.json"
_GONE = "Keep others from cleaning that folder, and run again"


@dataclass(frozen=True)
class PersonSet:
    """A finished set. It may be pickled: it is a place on this machine.

    Attributes:
        path: Its folder.
        persons: How many persons are in it.
    """

    path: str
    persons: int

    @classmethod
    def open(cls, path: str) -> "PersonSet":
        """Open a set that some process of this machine has finished.

        Raises:
            OutputError: There is none, or not the whole of it.
        """
        try:
            with open(os.path.join(path, _COUNT), encoding="utf-8") as stream:
                return cls(path, int(json.load(stream)["persons"]))
        except (OSError, ValueError, KeyError, TypeError):
            raise _torn(path) from None

    def __getstate__(self) -> dict[str, Any]:
        """What is pickled: what is mapped into memory stays with its process."""
        return {"path": self.path, "persons": self.persons}

    def has(self, prints: IdentityPrints) -> Bools:
        """Which of n rows are about somebody in the set, shape (n,); nobody is never in it.

        Raises:
            OutputError: The set is gone, or not whole.
        """
        return np.asarray(self.marks_of(prints) > 0)

    def marks_of(self, prints: IdentityPrints) -> Marks:
        """What the set says of the person of each of n rows, shape (n,): 0 where the person is not in it, or there is none.

        Raises:
            OutputError: The set is gone, or not whole.
        """
        found = np.zeros(len(prints.words), np.uint8)
        if not self.persons:
            return found
        rows = np.flatnonzero(prints.known)
        rows = rows[np.argsort(prints.words[rows, 0])]  # neighbours are found on the same pages
        words = prints.words[rows]
        place = np.searchsorted(self._firsts, words[:, 0])
        for step in range(self._most_alike):
            at = np.minimum(place + step, self.persons - 1)
            same = (self._firsts[at] == words[:, 0]) & (self._seconds[at] == words[:, 1])
            found[rows[same]] = self._marks[at[same]]
        for (
            mapped
        ) in self._maps:  # the pages stay in the system's cache; this process lets go of them until the next batch
            mapped.madvise(mmap.MADV_DONTNEED)
        return found

    @cached_property
    def _firsts(self) -> Fingerprints:
        return self._mapped(_FIRST, np.uint64)

    @cached_property
    def _seconds(self) -> Fingerprints:
        return self._mapped(_SECOND, np.uint64)

    @cached_property
    def _marks(self) -> Marks:
        return self._mapped(_MARKS, np.uint8)

    @cached_property
    def _most_alike(self) -> int:
        """How many persons, at most, have a first word in common: 1, but for a chance that hardly ever comes."""
        many = 1
        while many < self.persons and (self._firsts[many:] == self._firsts[:-many]).any():
            many += 1
        return many

    @cached_property
    def _maps(self) -> list[mmap.mmap]:
        return []

    def _mapped(self, name: str, kind: type[np.generic]) -> npt.NDArray[Any]:
        path = os.path.join(self.path, name)
        try:
            with open(path, "rb") as stream:
                mapped = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
            found = np.frombuffer(mapped, kind)
        except (OSError, ValueError):
            raise _torn(path) from None
        if len(found) != self.persons:
            raise _torn(path)
        self._maps.append(mapped)
        return found


class PersonSetWriter:
    """A set that is being written, by an external sort: memory does not grow with the number of persons.

    Args:
        path: Its folder, which must not be there, in one that this user alone can enter and that is removed with the run.
        columns: How many numbers are known of each row beside its person; of a person's rows the greatest counts.
        buffer: Bytes of rows that are held in memory.

    Raises:
        OutputError: The disk fails; so do all methods.
    """

    def __init__(self, path: str, columns: int = 0, buffer: int = BUFFER) -> None:
        self._path = path
        with unwritable(path):
            os.mkdir(path, 0o700)
        self._rows = SortedRows(path, columns, buffer)

    def add(self, prints: IdentityPrints, columns: Sequence[Numbers] = ()) -> None:
        """Add the persons of n rows; rows that name nobody add nobody.

        Args:
            prints: The persons.
            columns: What is known of each row, shape (n,) each.
        """
        if prints.known.all():
            self._rows.add(prints.words, columns)
        else:
            self._rows.add(prints.words[prints.known], [column[prints.known] for column in columns])

    def close(self, marked: Callable[[PersonRows], Marks] | None = None) -> PersonSet:
        """Finish the set.

        Args:
            marked: What is said of some persons, from 1 for each (n,); 1 of all if not given. Persons with 0 are left out.
        """
        persons = 0
        streams = [make(os.path.join(self._path, name)) for name in (_FIRST, _SECOND, _MARKS)]
        try:
            for rows in self._rows.parts():
                marks = np.ones(len(rows.words), np.uint8) if marked is None else marked(rows)
                kept = marks > 0
                with unwritable(self._path):
                    for stream, numbers in zip(streams, (*rows.words.T, marks), strict=True):
                        written(stream, numbers[kept])
                persons += int(kept.sum())
        finally:
            with unwritable(self._path):
                for stream in streams:
                    stream.close()
        with unwritable(self._path), make(os.path.join(self._path, _COUNT)) as stream:
            stream.write(json.dumps({"persons": persons}).encode())
        return PersonSet(self._path, persons)


def _torn(path: str) -> OutputError:
    return OutputError("a set of persons is gone, or is not whole", path, _GONE)
