"""Reading the persons of a run in a file of the register, a range of fingerprints at a time."""

import json
from collections.abc import Sequence

import numpy as np

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
    """The distinct persons of a run by every identity: see `register.tables.write_persons`. A context manager.

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
        self._stream = opened(path)
        try:
            with reading(path):
                self._file = parquet(self._stream, path)
                self.identities = tuple(json.loads((self._file.metadata.metadata or {})[IDENTITIES]))
                self._groups = [self._group(number) for number in range(self._file.metadata.num_row_groups)]
        except BaseException:
            self._stream.close()
            raise

    def __enter__(self) -> "PersonsFile":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._stream.close()

    def read(self, identity: str, low: int, high: int) -> Fingerprints:
        """The persons by an identity in a range, ascending, shape (n,). Of the file only row groups that overlap it are read.

        Args:
            identity: The identity; one that the file does not have has no persons.
            low: The least fingerprint.
            high: The one above the greatest, at most 2**64.
        """
        found: list[Fingerprints] = []
        with reading(self.path):
            for number, (name, least, most) in enumerate(self._groups):
                if name == identity and least < high and most >= low:
                    found.append(self._persons(number, low, high))
        return joined(found)

    def _persons(self, number: int, low: int, high: int) -> Fingerprints:
        persons = keys_of(self._file.read_row_group(number, [PERSON]).column(PERSON))
        begin = np.searchsorted(persons, np.uint64(low))
        end = np.searchsorted(persons, np.uint64(high - 1), side="right")
        return persons[begin:end]

    def _group(self, number: int) -> tuple[str, int, int]:
        """The identity of a row group, which has one alone, and its least and greatest person."""
        facts = self._file.metadata.row_group(number)
        columns = {facts.column(at).path_in_schema: facts.column(at) for at in range(facts.num_columns)}
        spans = columns[PERSON].statistics
        if spans is None or not spans.has_min_max:
            raise unusable(self.path, DAMAGED)
        names: Sequence[str] = self._file.read_row_group(number, [IDENTITY]).column(IDENTITY).unique().to_pylist()
        if len(names) != 1:
            raise unusable(self.path, DAMAGED)
        return names[0], spans.min, spans.max
