"""tokenize with ``key: per_subject``: tokens under a secret of the person, so that they end with it."""

from typing import ClassVar, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field

from beam_deid.transforms.actions.action import Beside, Bound, Documented, KeySource, Target, Treated
from beam_deid.transforms.actions.key_options import Restored, Restoring, Reversible
from beam_deid.transforms.columns.canonical_text import canonical_text
from beam_deid.transforms.columns.distinct import plain
from beam_deid.transforms.columns.sizes import Bytes, Group
from beam_deid.transforms.crypto.person_secrets import PersonSecrets
from beam_deid.transforms.crypto.person_tokens import LEAST
from beam_deid.transforms.crypto.tokens import Open, Opened, make_tokens, open_tokens
from beam_deid.transforms.errors import NoSuchKey, UsageError
from beam_deid.transforms.terms import Reason

PER_SUBJECT: Literal["per_subject"] = "per_subject"
"""What a policy writes in place of a key."""


class PerSubject(Reversible):
    """A token under a secret of the person whom the record is about, and a key of the domain.

    Equal values of one person have equal tokens in a domain, those of two persons have not. With the key and the secret a token is
    turned back; once the secret is destroyed nobody can do that, or make the token again: see
    `beam_deid.transforms.crypto.person_tokens`. A token tells the length of its value. The value is taken as text in one spelling.
    Null stays null, empty text empty. A value of nobody who is known, or whose secret is gone, is a fault.
    """

    name: ClassVar[str] = "tokenize"
    documented: ClassVar[tuple[Documented, ...]] = (
        Documented(
            "tokenize: {key: per_subject}",
            "a token under a secret of the person: equal for equal values of one person in a domain; the key turns it back until "
            "`erase` destroys the secret",
            "`keyed`",
            "no",
        ),
    )
    normalizes: ClassVar[bool] = True
    key_in_value: ClassVar[bool] = True
    in_keyring: ClassVar[bool] = True
    rejects: ClassVar[bool] = True
    beside: ClassVar[Beside | None] = Beside.PERSON
    subject_use: ClassVar[str] = "with key: per_subject has a secret of each person"

    key: Literal["per_subject"] = Field(description="per_subject: a secret of each person, kept beside the keyring")

    @property
    def own_key(self) -> str | None:
        """None: the domain's key is the release's or that of the policy's keyring."""
        return None

    @property
    def use(self) -> str:
        """Apart from tokens without a secret, which one domain may have as well."""
        return f"{self.name}/{PER_SUBJECT}"

    def sentence(self, target: Target) -> str:
        """That a token takes the value's place, under whose secret, and in which domain."""
        return (
            f"{target.field} is replaced by a token under a secret of the person, which the key turns back until the secret is "
            f"destroyed, domain {self.domain_of(target)}"
        )

    def notes(self, target: Target) -> tuple[str, ...]:
        """That the secrets are to be kept."""
        return (
            "the secrets stand in a folder beside the keyring: without it no token can be turned back or made again, and every "
            "copy of it keeps what erase destroys",
        )

    def secrets(self, target: Target, keys: KeySource, identity: int | None = None) -> tuple[int, PersonSecrets]:
        """The id of the domain's key, in the version ``identity`` or the one that makes new tokens, and the secrets under it.

        Raises:
            KeyFault: The key or the secrets cannot be had.
        """
        subkey = self.subkey(target, keys, identity)
        return subkey.id, keys.person_secrets(self.key_domain(target), subkey)

    def bind(self, target: Target, keys: KeySource, level: int | None = None) -> Bound:
        """Fetch the subkey and open the secrets.

        Raises:
            KeyFault: The key or the secrets cannot be had.
        """
        identity, secrets = self.secrets(target, keys)

        def bound(column: pa.Array, persons: pa.Array | None) -> Treated:
            if persons is None:
                where = f"release {target.release}, field {target.field}"
                raise UsageError("the token needs to know whose value it is", where, "Add subject: FIELD to the policy")
            return _made(canonical_text(plain(column)), persons, identity, secrets)

        return bound

    def restoring(self, target: Target, keys: KeySource, identity: int | None) -> Restoring:
        """See `Reversible.restoring`; a token names its key and its secret."""

        def opener(named: int) -> Open | None:
            try:
                _, secrets = self.secrets(target, keys, named)
            except NoSuchKey:
                return None
            return lambda sealed: _opened(sealed, secrets)

        def restore(tokens: pa.Array) -> Restored:
            return Restored(*open_tokens(tokens, LEAST, opener))

        return restore


def _made(texts: pa.Array, persons: pa.Array, identity: int, secrets: PersonSecrets) -> Treated:
    """The tokens of texts (n,) of persons (n,)."""
    found, own = secrets.of(persons)
    lost = pc.not_equal(texts, "").fill_null(False).to_numpy(zero_copy_only=False) & ~found
    sound = pc.if_else(pa.array(lost), None, texts) if lost.any() else texts

    def seal(group: Group) -> Bytes:
        return secrets.tokens.seal(group, own[group.rows])

    values = make_tokens(sound, identity, seal)
    return Treated(values, pa.array(lost), Reason.NO_SECRET) if lost.any() else Treated(values)


def _opened(sealed: Bytes, secrets: PersonSecrets) -> Opened:
    """Sealed values (m, w) decrypted under the secrets that they name."""
    handles, ours = secrets.tokens.handles_in(sealed)
    there, own = secrets.named(handles)
    values, authentic = secrets.tokens.open(sealed, own)
    return Opened(values, np.asarray(ours & there & authentic), ours & ~there)
