"""The identities of some records: of one bucket, in which are all rows of each subject that has any there."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from beam_deid.transforms.columns.fingerprint import Fingerprints
from beam_deid.transforms.columns.key_codes import codes
from beam_deid.transforms.risk.histogram import Counts
from beam_deid.transforms.risk.persons import Rows, without_null


@dataclass(frozen=True)
class Identified:
    """The subject and the direct identifiers of each row.

    Buckets are chosen by the subject's key, so that all rows of a subject are in one; those without a subject are in any.

    Attributes:
        subject: Subject of each row, shape (n,).
        values: Each direct identifier's canonical values, each of shape (n,).
        null: The key of null.
    """

    subject: Fingerprints
    values: tuple[Fingerprints, ...]
    null: np.uint64

    @property
    def who(self) -> Counts:
        """Subject number of each row, shape (n,), int64; -1 for null."""
        return self._numbered[0]

    @property
    def subjects(self) -> Fingerprints:
        """The key of each subject, shape (subjects,)."""
        return self._numbered[1]

    @cached_property
    def some_row(self) -> npt.NDArray[np.int64]:
        """One row of each subject, shape (subjects + 1,); last one without a subject, or -1 where there is none."""
        rows = np.full(len(self.subjects) + 1, -1, np.int64)
        rows[self.who] = np.arange(len(self.who))  # the last place is that of -1
        return rows

    @cached_property
    def _numbered(self) -> tuple[Counts, Fingerprints]:
        return without_null(*codes(self.subject), self.null)

    def deviating(self, keys: Fingerprints) -> Rows:
        """The rows with another key than `some_row` of the same subject has, as indices, ascending.

        Args:
            keys: Key of each row, shape (n,).
        """
        if not len(keys):  # then no row stands for anybody
            return np.empty(0, np.intp)
        return np.flatnonzero(keys != keys[self.some_row][self.who])
