"""The contract of an action: what a release does with one field."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Any, ClassVar, NamedTuple, Protocol

import pyarrow as pa
from pydantic import BaseModel, ConfigDict

from beam_deid.transforms.actions.attack import KeylessAttack
from beam_deid.transforms.crypto.keys import Subkey
from beam_deid.transforms.crypto.person_secrets import PersonSecrets
from beam_deid.transforms.recognisers.kinds.kind import Kind
from beam_deid.transforms.terms import Reason, Recoverability


@dataclass(frozen=True)
class Target:
    """The field that an action is applied to.

    Attributes:
        release: Name of the release; part of the default key domain, so that two releases do not share tokens.
        field: Name of the field.
        kind: The field's kind, or None where the policy does not say.
        key: Reference of the release's own key, or None where it takes the policy's.
        dataset: Name of the dataset; part of the default key domain as well.
        recipient: The declared recipient, each of whom has key domains of its own; empty where the policy declares none.
        counterpart: The release and the field that stand for these two in the default key domain, where several tables of one
            dataset hold the same thing; None where the field is in one table alone.
    """

    release: str
    field: str
    kind: Kind | None = None
    key: str | None = None
    dataset: str = ""
    recipient: str = ""
    counterpart: tuple[str, str] | None = None

    @property
    def home(self) -> tuple[str, str]:
        """The release and the field of the default key domain."""
        return self.counterpart or (self.release, self.field)


class Treated(NamedTuple):
    """What an action made of a column.

    Attributes:
        values: The new column, of the same length.
        faults: Boolean array, true where the row must be rejected, never null; None where no row is.
        reason: The reason code of those rows.
    """

    values: pa.Array
    faults: pa.Array | None = None
    reason: Reason | None = None


class KeySource(Protocol):
    """Hands out subkeys on the worker. Nothing that holds key bytes is ever pickled."""

    def subkey(
        self, use: str, domain: str, reference: str | None = None, size: int = 32, identity: int | None = None
    ) -> Subkey:
        """The subkey of ``size`` bytes for one use in one domain.

        It comes from the key that ``reference`` names, or the policy's default one; from its version ``identity``,
        or the one that makes new tokens.
        """
        ...

    def person_secrets(self, domain: str, subkey: Subkey) -> PersonSecrets:
        """The secrets of the persons in one domain, whose key is ``subkey``."""
        ...


class Beside(Enum):
    """What the result of an action depends on beside the value and the key; equal values have unlike results then."""

    SUBJECT = "subject"
    """The record's subject, a column of any type."""
    PERSON = "person"
    """Whom the record is about: the identity of its subject in one spelling, text, plain or dictionary-encoded; null where
    nobody is known."""
    PLACE = "place"
    """The record's place, ``fixed_size_binary(16)``: it tells the records of a run apart, and is the same again
    when a shard is done again."""


class Named(Protocol):
    """A thing that a policy calls by its name."""

    @property
    def name(self) -> str:
        """The name."""
        ...


def names_of(things: Iterable[Named]) -> str:
    """The names of things for a table in Markdown: `` `mobile`, `id_card` ``."""
    return ", ".join(f"`{one.name}`" for one in things)


class Documented(NamedTuple):
    """A row of the table of actions in README.md, in Markdown.

    Attributes:
        written: How a policy writes it.
        does: What it does.
        recoverability: How far what is released can be turned back.
        anonymized: Whether a release with it can be labelled ``anonymized``.
    """

    written: str
    does: str
    recoverability: str
    anonymized: str


Bound = Callable[[pa.Array, pa.Array | None], Treated]
"""``bound(column, beside)``: an action made ready on a worker; `Action.beside` says what the second column is."""


class Action(BaseModel, ABC):
    """One action with its options, as a policy writes it: ``{mask: {keep_first: 1}}``.

    An instance is immutable, compares by its options, is cheap to build and safe to pickle: it never holds a key.

    The laws that every action keeps (`tests/test_laws.py`):
        * the result has the length of the column; null stays null, the empty string stays empty
          (unless the action's own documentation says otherwise);
        * the result of a slice is the slice of the result; chunking never shows;
        * a dictionary column and a plain one give equal values;
        * the same column under the same key gives the same bytes, in any process;
        * no text makes it raise, and no exception it raises quotes a value.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: ClassVar[str]
    """What a policy calls it."""
    documented: ClassVar[tuple[Documented, ...]]
    """Its rows in the table of actions in README.md; one, unless its options make several things of it."""
    keyed: ClassVar[bool] = False
    """Whether it takes a key."""
    beside: ClassVar[Beside | None] = None
    """What its result depends on beside the value and the key; None where equal values have equal results."""
    subject_use: ClassVar[str] = "needs to know whom a record is about"
    """What it does with the subject, where that stands beside the value: said to whoever names no subject."""
    normalizes: ClassVar[bool] = False
    """Whether the spellings of one identifier are made one before it, so that they have one result."""
    attacks: ClassVar[tuple[KeylessAttack, ...]] = (KeylessAttack.FREQUENCY,)
    """How its results are attacked where they are pseudonyms whose key was destroyed."""
    verbatim: ClassVar[bool] = False
    """Whether values are released as they came."""
    rejects: ClassVar[bool] = False
    """Whether it has faults of its own, so that it must be tried before records can be counted."""

    @classmethod
    def read(cls, options: Any) -> "Action":
        """The action with some options as a policy writes them.

        Raises:
            pydantic.ValidationError: They are wrong.
        """
        return cls.model_validate(options)

    @property
    def wants(self) -> Kind | None:
        """The kind a field must be read as where the policy gives none; None if any will do."""
        return None

    def check(self, target: Target) -> str | None:
        """What is wrong with these options for ``target``, as a sentence for the policy's author, or None."""
        return None

    @abstractmethod
    def recoverability(self, target: Target) -> Recoverability:
        """How far what is released can be turned back."""

    @abstractmethod
    def sentence(self, target: Target) -> str:
        """What will happen to the field, in one sentence without a full stop, for `plan` and the evidence."""

    def notes(self, target: Target) -> tuple[str, ...]:
        """What whoever writes or gets the release should know beside, in sentences without a full stop."""
        return ()

    def output_type(self, column_type: pa.DataType) -> pa.DataType | None:
        """The released type for a column of ``column_type``; None if the field is not released."""
        return pa.string()

    @abstractmethod
    def bind(self, target: Target, keys: KeySource, level: int | None = None) -> Bound:
        """Make ready on the worker: fetch keys, read hierarchies, fill pools.

        Args:
            target: The field.
            keys: Where subkeys come from.
            level: The level that was decided, for an action that generalizes; others ignore it.

        Raises:
            KeyFault: A key is missing, unreadable or too short.
        """
