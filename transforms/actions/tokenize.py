"""tokenize: an opaque token in place of the value, equal for equal values of one domain, restorable with the key."""

from typing import Any, ClassVar

import pyarrow as pa
from pydantic import Field

from beam_deid.transforms.actions.action import Action, Bound, Documented, KeySource, Target, Treated
from beam_deid.transforms.actions.key_options import Restored, Restoring, Reversible
from beam_deid.transforms.actions.per_subject import PER_SUBJECT, PerSubject
from beam_deid.transforms.columns.canonical_text import canonical_text
from beam_deid.transforms.columns.distinct import per_value
from beam_deid.transforms.columns.sizes import BLOCK
from beam_deid.transforms.crypto.reference import KeyReference
from beam_deid.transforms.crypto.siv import Siv
from beam_deid.transforms.crypto.tokens import Open, Opened, make_tokens, open_tokens
from beam_deid.transforms.errors import NoSuchKey


class Tokenize(Reversible):
    """AES-SIV (RFC 5297) of the value as URL-safe text with the key's id, under a subkey of the domain.

    Equal values of one domain have equal tokens, those of two domains nothing in common. A token tells the length of
    its value in bytes. It is what Tink's deterministic AEAD makes under the same key, in URL-safe base64. The value is
    taken as text in one spelling (`beam_deid.transforms.columns.canonical_text`). Null stays null, empty text empty.
    """

    name: ClassVar[str] = "tokenize"
    documented: ClassVar[tuple[Documented, ...]] = (
        Documented(
            "tokenize",
            "AES-SIV: an opaque token, equal for equal values of a domain, that the key turns back",
            "`keyed`",
            "no",
        ),
        *PerSubject.documented,
    )
    normalizes: ClassVar[bool] = True
    key_bytes: ClassVar[int] = 64
    key_in_value: ClassVar[bool] = True

    key: KeyReference | None = Field(
        None,
        description="env:NAME, file:PATH or keyring:NAME; the release's or the policy's key if not given. Or per_subject: a secret "
        "of each person, kept beside the keyring, which erase destroys",
    )

    @classmethod
    def read(cls, options: Any) -> Action:
        """See `Action.read`: with ``key: per_subject`` tokens are made otherwise."""
        is_per_subject = isinstance(options, dict) and options.get("key") == PER_SUBJECT
        return PerSubject.model_validate(options) if is_per_subject else super().read(options)

    def sentence(self, target: Target) -> str:
        """That a token takes the value's place, and in which domain."""
        return (
            f"{target.field} is replaced by a token (AES-SIV) that the key turns back, domain {self.domain_of(target)}"
        )

    def bind(self, target: Target, keys: KeySource, level: int | None = None) -> Bound:
        """Fetch the subkey.

        Raises:
            KeyFault: A key is missing, unreadable or too short.
        """
        subkey = self.subkey(target, keys)
        cipher = Siv(subkey.bytes)

        def bound(column: pa.Array, subject: pa.Array | None) -> Treated:
            return Treated(
                per_value(column, lambda values: make_tokens(canonical_text(values), subkey.id, cipher.seal))
            )

        return bound

    def restoring(self, target: Target, keys: KeySource, identity: int | None) -> Restoring:
        """See `Reversible.restoring`; a token names its key."""

        def opener(named: int) -> Open | None:
            try:
                cipher = Siv(self.subkey(target, keys, named).bytes)
            except NoSuchKey:
                return None
            return lambda sealed: Opened(*cipher.open(sealed))

        def restore(tokens: pa.Array) -> Restored:
            return Restored(*open_tokens(tokens, BLOCK, opener))

        return restore
