"""Persons of classes that are counted again and again over the same rows: at every node of a lattice."""

from collections.abc import Iterator
from itertools import count

import numpy as np

from beam_deid.transforms.columns.key_codes import narrow
from beam_deid.transforms.risk.histogram import Counts, distinct_per_number
from beam_deid.transforms.risk.numbering import Numbered
from beam_deid.transforms.search.attribute import Codes

_FEW = 8
"""Rows of a person that are compared with each other one by one; of more a sort tells which are of one class."""


class PersonsOfRows:
    """Tells how many persons each class has.

    Args:
        subject: Whom each row is about, numbers from 0, shape (n,).
    """

    def __init__(self, subject: Codes) -> None:
        size = np.bincount(subject)[subject]
        self._alone = size == 1
        few = np.flatnonzero((size > 1) & (size <= _FEW))
        # Rows of one person behind each other.
        self._few = narrow(few[np.argsort(subject[few], kind="stable")], len(subject))
        self._later = list(_later(subject[self._few]))
        self._many = narrow(np.flatnonzero(size > _FEW), len(subject))
        self._whose_many = subject[self._many].astype(np.uint64)

    def of(self, classes: Numbered) -> Counts:
        """The persons of each class, shape (classes,), int64."""
        people = np.bincount(classes.numbers[self._alone], minlength=classes.many)
        numbers = classes.numbers[self._few]
        again = np.zeros(len(numbers), np.bool_)
        for apart, rows in enumerate(self._later, 1):
            again[rows] |= numbers[rows] == numbers[rows - apart]
        people += np.bincount(numbers[~again], minlength=classes.many)
        if len(self._many):
            people += distinct_per_number(classes.numbers[self._many], self._whose_many, classes.many)
        return people


def _later(subject: Codes) -> Iterator[Codes]:
    """The rows whose person has a row one place before, those with one two places before, and so on.

    Args:
        subject: Whom each row is about, shape (n,); rows of one person are behind each other.
    """
    for apart in count(1):
        rows = np.flatnonzero(subject[apart:] == subject[:-apart]) + apart
        if not len(rows):
            return
        yield narrow(rows, len(subject))
