"""Reading the persons of a run in a file of the register, a range of fingerprints at a time."""

import contextlib
import json
from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow.parquet as pq

from beam_deid.transforms.columns.fingerprint import Fingerprints
from beam_deid.transforms.register.document import Table
from beam_deid.transforms.register.opening import (
    DAMAGED,
    check_file,
    joined,
    keys_of,
    opened,
    parquet,
    reading,
    unusable,
)
from beam_deid.transforms.register.tables import IDENTITIES, IDENTITY, PERSON


class PersonsFile:
    """The distinct persons of a run by every identity: see `register.tables.write_persons`.

    Its bytes are compared with what the register says before anything else is done with them.

    Args:
        path: The file.
        table: What the register says of it.

    Attributes:
        identities: The identities.

    Raises:
        UsageError: It is missing, damaged, or not what the register says; so do all methods.
    """

    def __init__(self, path: str, table: Table) -> None:
        check_file(path, table)
        self.path = path
        with self._open() as file:
            self.identities = tuple(json.loads((file.metadata.metadata or {})[IDENTITIES]))
            self._groups = [self._group(file, number) for number in range(file.metadata.num_row_groups)]

    def read(self, identity: str, low: int, high: int) -> Fingerprints:
        """The persons by an identity in a range, ascending, shape (n,). Of the file only row groups that overlap it are read.

        Args:
            identity: The identity; one that the file does not have has no persons.
            low: The least fingerprint.
            high: The one above the greatest, at most 2**64.
        """
        wanted = [
            number
            for number, (name, least, most) in enumerate(self._groups)
            if name == identity and least < high and most >= low
        ]
        if not wanted:
            return joined([])
        with self._open() as file:
            return joined([self._persons(file, number, low, high) for number in wanted])

    @contextlib.contextmanager
    def _open(self) -> Iterator[pq.ParquetFile]:
        """The file, open only while it is read: a register has a file for each of its runs, which may be thousands."""
        with opened(self.path) as stream, reading(self.path):
            yield parquet(stream, self.path)

    def _persons(self, file: pq.ParquetFile, number: int, low: int, high: int) -> Fingerprints:
        persons = keys_of(file.read_row_group(number, [PERSON]).column(PERSON))
        begin = np.searchsorted(persons, np.uint64(low))
        end = np.searchsorted(persons, np.uint64(high - 1), side="right")
        return persons[begin:end]

    def _group(self, file: pq.ParquetFile, number: int) -> tuple[str, int, int]:
        """The identity of a row group, which has one alone, and its least and greatest person."""
        facts = file.metadata.row_group(number)
        columns = {facts.column(at).path_in_schema: facts.column(at) for at in range(facts.num_columns)}
        spans = columns[PERSON].statistics
        if spans is None or not spans.has_min_max:
            raise unusable(self.path, DAMAGED)
        names: Sequence[str] = file.read_row_group(number, [IDENTITY]).column(IDENTITY).unique().to_pylist()
        if len(names) != 1:
            raise unusable(self.path, DAMAGED)
        return names[0], spans.min, spans.max
