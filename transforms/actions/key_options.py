"""The options that all actions with a key share."""

from typing import ClassVar

from pydantic import Field, field_validator

from beam_deid.transforms.actions.action import Action, KeySource, Target
from beam_deid.transforms.crypto.keyed_hash import KeyedHash
from beam_deid.transforms.crypto.keys import check_reference
from beam_deid.transforms.terms import Recoverability


class KeyedAction(Action):
    """An action whose result depends on a key. Two fields in one domain have equal results for equal values."""

    keyed: ClassVar[bool] = True

    domain: str | None = Field(None, description="Fields in one domain can be joined; each release's field is its own")
    key: str | None = Field(None, description="env:NAME or file:PATH of the key; the policy's own if not given")

    @field_validator("domain")
    @classmethod
    def _named(cls, domain: str | None) -> str | None:
        if domain is not None and (not domain.strip() or "\0" in domain):
            raise ValueError("a domain must have a name")
        return domain

    @field_validator("key")
    @classmethod
    def _a_reference(cls, key: str | None) -> str | None:
        problem = None if key is None else check_reference(key)
        if problem:
            raise ValueError(problem)
        return key

    def recoverability(self, target: Target) -> Recoverability:
        """Keyed: the key's holder can link any known value to its result."""
        return Recoverability.KEYED

    def domain_of(self, target: Target) -> str:
        """The domain that is named, or the release and the field."""
        return self.domain or f"{target.release}/{target.field}"

    def keyed_hash(self, target: Target, keys: KeySource) -> KeyedHash:
        """The keyed hash under this action's subkey.

        Raises:
            KeyFault: A key is missing, unreadable or too short.
        """
        return KeyedHash(keys.subkey(self.name, self.domain_of(target), self.key))
