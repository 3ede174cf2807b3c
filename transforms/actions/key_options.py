"""The options that all actions with a key share."""

from abc import abstractmethod
from collections.abc import Callable
from typing import ClassVar, NamedTuple

import pyarrow as pa
from pydantic import Field, field_validator

from beam_deid.transforms.actions.action import Action, KeySource, Target
from beam_deid.transforms.columns.cmac import Cmac
from beam_deid.transforms.columns.keyed_hash import KeyedHash
from beam_deid.transforms.crypto.ephemeral import EPHEMERAL
from beam_deid.transforms.crypto.keys import Subkey
from beam_deid.transforms.crypto.reference import KeyReference
from beam_deid.transforms.terms import Reason, Recoverability


class KeyedAction(Action):
    """An action whose result depends on a key. Two fields in one domain have equal results for equal values."""

    keyed: ClassVar[bool] = True
    in_keyring: ClassVar[bool] = False
    """Whether its key must be one of a keyring that lasts."""
    key_bytes: ClassVar[int] = 32

    domain: str | None = Field(None, description="Fields in one domain can be joined; each release's field is its own")
    key: KeyReference | None = Field(
        None, description="env:NAME, file:PATH or keyring:NAME; the release's or the policy's key if not given"
    )
    shared: bool = Field(
        False,
        strict=True,
        description="Whether the domain is shared with other recipients, so that they can join what they hold; only where the "
        "policy declares recipients, each of whom has domains of its own otherwise",
    )

    @field_validator("domain")
    @classmethod
    def _named(cls, domain: str | None) -> str | None:
        if domain is not None and (not domain.strip() or "\0" in domain):
            raise ValueError("a domain must have a name")
        return domain

    @property
    def own_key(self) -> str | None:
        """The reference of the key that is named for this field; None where it takes the release's or the policy's."""
        return self.key

    def recoverability(self, target: Target) -> Recoverability:
        """Keyed: the key's holder can link any known value to its result. Not so once the key is destroyed."""
        return Recoverability.KEY_DESTROYED if self._is_ephemeral(target) else Recoverability.KEYED

    def domain_of(self, target: Target) -> str:
        """The domain that is named, or the release and the field, for a person to read. It names no recipient."""
        named = self.domain or self._unnamed(target, "/")
        if not target.recipient:
            return named
        return f"{named} (shared by recipients)" if self.shared else f"{named} (the recipient's own)"

    def key_domain(self, target: Target) -> str:
        """The domain that is named, or one that no other field of any release of any dataset has; of each recipient its own."""
        named = self.domain or "\0".join([target.dataset, self._unnamed(target, "\0")])
        if not target.recipient or self.shared:
            return named
        # No domain begins like this: a policy without recipients makes what it always made.
        return "\0".join(["", "recipient", target.recipient, named])

    def _unnamed(self, target: Target, between: str) -> str:
        """What a field's domain is by default: it shares it with no other field."""
        return between.join(target.home)

    def form(self, target: Target) -> str:
        """What a value's format is, where only the same one restores it."""
        return ""

    @property
    def use(self) -> str:
        """What the subkey is for; another use has an unrelated subkey."""
        return self.name

    def subkey(self, target: Target, keys: KeySource, identity: int | None = None) -> Subkey:
        """This action's subkey, from the version ``identity`` of its key or the one that makes new tokens.

        Raises:
            KeyFault: A key is missing, unreadable, too short or destroyed.
        """
        reference = f"{EPHEMERAL}:{target.release}" if self._is_ephemeral(target) else self.own_key or target.key
        return keys.subkey(self.use, self.key_domain(target), reference, self.key_bytes, identity)

    def keyed_hash(self, target: Target, keys: KeySource) -> KeyedHash:
        """AES-CMAC under this action's subkey.

        Raises:
            KeyFault: See `subkey`.
        """
        return Cmac(self.subkey(target, keys).bytes)

    def _is_ephemeral(self, target: Target) -> bool:
        return self.own_key is None and target.key == EPHEMERAL


class Restored(NamedTuple):
    """What restoring made of a column.

    Attributes:
        values: The values as text, of the same length; null where the row is at fault.
        faults: Boolean arrays, never null, each with the reason code of the rows that are true in it.
    """

    values: pa.Array
    faults: tuple[tuple[pa.Array, Reason], ...] = ()


Restoring = Callable[[pa.Array], Restored]


class Reversible(KeyedAction):
    """An action that the holder of its key can undo."""

    key_in_value: ClassVar[bool]
    """Whether a released value tells by itself which key made it, and whether that key and no other opens it."""

    @abstractmethod
    def restoring(self, target: Target, keys: KeySource, identity: int | None) -> Restoring:
        """Make ready to restore a column of released text.

        Args:
            target: The field.
            keys: Where subkeys come from.
            identity: Id of the key that made the values, where they do not tell it themselves.

        Raises:
            KeyFault: A key is missing, unreadable or destroyed.
        """
