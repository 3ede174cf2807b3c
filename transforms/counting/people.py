"""The persons of all records, as far as a bucket must know of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from beam_deid.transforms.columns.fingerprint import Fingerprints
from beam_deid.transforms.columns.key_codes import codes
from beam_deid.transforms.columns.on_demand import MadeInOrder
from beam_deid.transforms.risk.persons import Persons, without_null
from beam_deid.transforms.run.layout import Column

PERSON = "person"
"""What a column holds that says whose a record is by some identity: the key of the person; that of null for nobody."""


@dataclass(frozen=True)
class People:
    """The persons of all records; see `Persons`.

    Attributes:
        names: The identities that are counted, the subject first; empty if there is no subject.
        same_as: Identities that are in bijection with an earlier one, which counts for both.
        shared: By identity except the subject, how many values stand for very many subjects, and how many rows have one.
        filled: By identity except the subject, how many rows have a null there.
        nobody: How many records count nobody by the subject.
        finer: For each identity whether its persons are parts of another one's.
    """

    names: tuple[str, ...] = ()
    same_as: Mapping[str, str] = field(default_factory=dict)
    shared: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    filled: Mapping[str, int] = field(default_factory=dict)
    nobody: int = 0
    finer: tuple[bool, ...] = ()

    @property
    def columns(self) -> tuple[Column, ...]:
        """The columns that say whose records are, by each identity that is counted."""
        return tuple(Column(PERSON, name) for name in self.names)

    @property
    def all_columns(self) -> tuple[Column, ...]:
        """The same, and those of identities in bijection with one that is counted."""
        return (*self.columns, *(Column(PERSON, name) for name in self.same_as))

    def of(self, keys: Sequence[Fingerprints], null: np.uint64) -> Persons:
        """The persons of some records, numbered by each identity when somebody asks.

        Args:
            keys: Whose each record is by each identity that is counted, each of shape (n,).
            null: The key of nobody.
        """
        many = len(self.names)
        numbered = MadeInOrder(many, lambda at: without_null(*codes(keys[at]), null))
        return Persons(
            names=self.names,
            numbers=MadeInOrder(many, lambda at: numbered[at][0]),
            sizes=MadeInOrder(many, lambda at: len(numbered[at][1])),
            same_as=self.same_as,
            shared=self.shared,
            filled=self.filled,
            finer=self.finer,
            keys=MadeInOrder(many, lambda at: numbered[at][1]),
        )
