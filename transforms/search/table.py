"""Rows that stand for classes at some node, or for parts of them, and how they are put together at a coarser one."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from beam_deid.transforms.columns.key_codes import first_rows
from beam_deid.transforms.risk.histogram import Counts
from beam_deid.transforms.risk.numbering import Numbered, numbered, summed
from beam_deid.transforms.search.attribute import Attribute, Codes
from beam_deid.transforms.search.persons import PersonsOfRows


@dataclass(frozen=True)
class Table:
    """Rows with their base values; any value of a group stands for it.

    Attributes:
        base: Of each field the number of each row's base value, shape (n,).
        records: Records of each row, shape (n,).
        people: People of each row where they add up when rows are joined, shape (n,); the same array as ``records`` where
            each record is a person of its own.
        subject: Whom each row is about, shape (n,); None where people add up.
        sensitive: Number of each sensitive field's value, shape (n,).
    """

    base: tuple[Codes, ...]
    records: Counts
    people: Counts
    subject: Codes | None
    sensitive: tuple[Codes, ...]

    def __len__(self) -> int:
        return len(self.records)

    @property
    def nbytes(self) -> int:
        """Its size in memory, in bytes."""
        alone = () if self.subject is None else (self.subject,)
        return sum(column.nbytes for column in (*self.base, *self.sensitive, *alone, self.records, self.people))

    def classes(self, attributes: Sequence[Attribute], levels: Sequence[int]) -> Numbered:
        """Number the classes of a node, and give the number of each row's class, shape (n,)."""
        sizes = [attribute.sizes[level] for attribute, level in zip(attributes, levels, strict=True)]
        lookups = [attribute.groups[level] for attribute, level in zip(attributes, levels, strict=True)]
        return numbered(self.base, sizes, lookups)

    def distinct(self) -> Numbered:
        """Number the distinct rows of base values, and give the number of each row's, shape (n,)."""
        return numbered(self.base, [int(column.max(initial=0)) + 1 for column in self.base])

    @cached_property
    def _persons(self) -> PersonsOfRows:
        assert self.subject is not None  # noqa: S101 - who calls knows
        return PersonsOfRows(self.subject)

    def people_of(self, classes: Numbered) -> Counts:
        """The people of each class where they do not add up, shape (classes,)."""
        return self._persons.of(classes)

    def joined(self, classes: Numbered, loose: Sequence[int] = ()) -> "Table":
        """Rows of one class, one person and the same sensitive values as one.

        Args:
            classes: The class of each row.
            loose: Places of fields that do not tell classes apart: rows must have the same value of these as well.
        """
        beside = [
            *self.sensitive,
            *(self.base[place] for place in loose),
            *([] if self.subject is None else [self.subject]),
        ]
        if beside:
            sizes = [classes.many, *(int(column.max(initial=0)) + 1 for column in beside)]
            classes = numbered([classes.numbers, *beside], sizes)
        rows = first_rows(classes.numbers, classes.many)
        records = summed(classes, self.records)
        people = records if self.people is self.records else summed(classes, self.people)
        return Table(
            tuple(column[rows] for column in self.base),
            records,
            people,
            None if self.subject is None else self.subject[rows],
            tuple(column[rows] for column in self.sensitive),
        )
