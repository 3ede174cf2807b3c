"""A keyring: wrapped keys with their versions, dates and ends; `beam_deid.transforms.crypto.keyring_file` keeps it.

As JSON it is ``{"format": "beam-deid keyring", "version": 1, "id", "kek": {"source", "check", …}, "keys": [{"id", "name",
"state", "created", "wrapped", "destroyed"}]}``, and ``recorded_from``, the id of a key, where it has a record beside it.
Keys are 32 random bytes, wrapped under the key-encryption key with
keyring, name and id as context, so that no entry can stand in for another. What is not wrapped is not secret.

A keyring that holds a signing key is of version 2, so that programs that know none refuse it; its entries have ``purpose``,
``data`` or ``sign``, and ``public`` as well. A signing key is the private key of Ed25519, wrapped like the others, with its
purpose and its public key in the context: it never opens as a data key, nor a data key as a signing key.
"""

import base64
import binascii
import re
import secrets
from dataclasses import asdict, dataclass, replace
from typing import Any

from beam_deid.transforms.clock import now
from beam_deid.transforms.crypto.keks import kek_kind, kek_of
from beam_deid.transforms.crypto.keks.kek import Kek
from beam_deid.transforms.crypto.key_terms import DATA, DESTROYED, PRIMARY, RETIRED, SIGN, SIGNING_NAME
from beam_deid.transforms.crypto.signing import SigningKey
from beam_deid.transforms.errors import KeyFault, NoSuchKey
from beam_deid.transforms.storage.paths import is_local

FORMAT = "beam-deid keyring"
VERSIONS = (1, 2)
"""The versions that this program knows; the second one has signing keys."""

KEY_BYTES = 32
_NAME = "[A-Za-z0-9_][A-Za-z0-9_-]{0,99}"
SECOND_VERSION = ("purpose", "public")
"""What an entry has from the second version on."""


@dataclass(frozen=True)
class KeyVersion:
    """One key of a keyring.

    Attributes:
        id: 1 to 2³² − 1, random; it stands in every token that the key makes.
        name: The key that this is a version of.
        state: ``primary`` makes new tokens; ``retired`` only restores old ones; ``destroyed`` does neither.
        created: When it was made, UTC, ISO 8601.
        wrapped: The wrapped key in base64; None once it is destroyed.
        destroyed: When it was destroyed, or None.
        purpose: ``data`` makes tokens and ciphertexts; ``sign`` signs labels.
        public: Of a signing key: the public key, 32 bytes in base64. It stays when the key is destroyed.
    """

    id: int
    name: str
    state: str
    created: str
    wrapped: str | None = None
    destroyed: str | None = None
    purpose: str = DATA
    public: str | None = None


@dataclass(frozen=True)
class Keyring:
    """A keyring.

    Attributes:
        path: Its file.
        id: Its own id.
        kek: ``source`` of the key-encryption key, what that must remember, and ``check``, wrapped under it, which tells
            whether another one is the right one.
        keys: All versions of all keys, the oldest first.
        own: Whether nobody but this user, or root, can have written the file that it was read from.
        recorded_from: Id of the first key since which the record beside the keyring tells of all; None where it need not.
    """

    path: str
    id: str
    kek: dict[str, Any]
    keys: tuple[KeyVersion, ...]
    own: bool = False
    recorded_from: int | None = None

    def versions(self, name: str) -> tuple[KeyVersion, ...]:
        """The versions of one key, the oldest first.

        Raises:
            KeyFault: There is no such key.
        """
        found = tuple(key for key in self.keys if key.name == name)
        if not found:
            known = ", ".join(dict.fromkeys(key.name for key in self.keys))
            raise KeyFault("the keyring has no key of that name", self.path, f"It has: {known}")
        return found

    def primary(self, name: str) -> KeyVersion:
        """The version that makes new tokens.

        Raises:
            KeyFault: There is no such key, or all of its versions were destroyed.
        """
        found = [key for key in self.versions(name) if key.state == PRIMARY]
        if not found:
            raise NoSuchKey(
                f"the key {name} was destroyed",
                self.path,
                f"Make a new one: beam-deid keys rotate {self.path} --name {name}",
            )
        return found[0]

    def version(self, identity: int) -> KeyVersion:
        """The version with this id.

        Raises:
            KeyFault: There is none.
        """
        for key in self.keys:
            if key.id == identity:
                return key
        raise NoSuchKey(
            f"the keyring has no key with the id {identity}", self.path, "beam-deid keys list shows its keys"
        )

    def opener(self) -> Kek:
        """The key-encryption key, not yet asked for.

        Raises:
            KeyFault: Its source is of no known kind, or is a command in a file that others may have written.
        """
        source = self.kek["source"]
        if kek_kind(source).scheme == "command":
            if not is_local(self.path):
                raise KeyFault("a keyring from elsewhere runs no command here", self.path, "Use another --kek")
            if not self.own:
                raise KeyFault(
                    "the keyring runs a command, and others than you may have written it",
                    self.path,
                    f"Check its command, then: chown $USER {self.path} && chmod 600 {self.path}",
                )
        return kek_of(source, self.kek)

    def unwrap(self, version: KeyVersion, kek: Kek) -> bytes:
        """The bytes of a data key.

        Raises:
            KeyFault: It was destroyed, it is a signing key, or the key-encryption key does not open it.
        """
        if version.purpose != DATA:
            raise KeyFault(
                f"the key {version.name} signs labels and protects no data",
                self.path,
                f"Name another key, or add one: beam-deid keys create {self.path} --name NAME",
            )
        return self._opened(version, kek)

    def signing_name(self) -> str:
        """The name of the key that signs labels: ``signing``, or the only signing key.

        Raises:
            KeyFault: The keyring has no signing key, or several of other names.
        """
        names = list(dict.fromkeys(key.name for key in self.keys if key.purpose == SIGN))
        if len(names) == 1 or SIGNING_NAME in names:
            return SIGNING_NAME if SIGNING_NAME in names else names[0]
        if names:
            said = f"the keyring has several signing keys ({', '.join(names)}), and none is called {SIGNING_NAME}"
            raise KeyFault(said, self.path, f"Add one: beam-deid keys create {self.path} --sign")
        raise KeyFault(
            "the keyring has no signing key", self.path, f"Add one: beam-deid keys create {self.path} --sign"
        )

    def unwrap_signing(self, version: KeyVersion, kek: Kek) -> SigningKey:
        """A signing key.

        Raises:
            KeyFault: It was destroyed, it is a data key, or the key-encryption key does not open it.
        """
        if version.purpose != SIGN:
            raise KeyFault(f"the key {version.name} is for data and signs nothing", self.path)
        key = SigningKey(self._opened(version, kek))
        if key.public != version.public:  # the wrapping has it as context already
            raise KeyFault("the keyring is damaged", self.path, "Take a copy of it")
        return key

    def _opened(self, version: KeyVersion, kek: Kek) -> bytes:
        if version.wrapped is None:
            raise NoSuchKey(
                f"the key {version.id} was destroyed on {version.destroyed}",
                self.path,
                "Nothing can restore its tokens" if version.purpose == DATA else "Nothing can sign with it",
            )
        return kek.unwrap(self._decoded(version.wrapped), self._context(version))

    def check(self, kek: Kek) -> None:
        """Check that a key-encryption key is this keyring's.

        Raises:
            KeyFault: It is not, or cannot be had.
        """
        kek.unwrap(self._decoded(self.kek["check"]), self._check_context())

    @classmethod
    def empty(cls, path: str, source: str) -> "Keyring":
        """A keyring without keys, under the key-encryption key that ``source`` names.

        Raises:
            KeyFault: There is no such key-encryption key.
        """
        ring = cls(path, secrets.token_hex(8), {"source": source, **kek_kind(source).parameters()}, (), own=True)
        wrapped = kek_of(source, ring.kek).wrap(bytes(KEY_BYTES), ring._check_context())
        return replace(ring, kek={**ring.kek, "check": base64.b64encode(wrapped).decode()})

    def with_new(self, name: str, kek: Kek, purpose: str = DATA) -> "Keyring":
        """The keyring with a new primary version of ``name``; the old one is retired.

        Args:
            name: The key.
            kek: The key-encryption key.
            purpose: What a key of a new name is for; one that is there keeps its purpose.

        Raises:
            KeyFault: The key-encryption key cannot be had, or is not this keyring's.
        """
        if not re.fullmatch(_NAME, name):
            raise KeyFault("this is no name for a key", self.path, "Take letters A-Z a-z, digits, _ and -, 100 at most")
        self.check(kek)
        taken = {key.id for key in self.keys}
        identity = next(i for i in iter(lambda: secrets.randbelow((1 << 32) - 1) + 1, 0) if i not in taken)
        purpose = next((key.purpose for key in self.keys if key.name == name), purpose)
        secret = secrets.token_bytes(KEY_BYTES)
        version = KeyVersion(identity, name, PRIMARY, now(), purpose=purpose)
        if purpose == SIGN:
            version = replace(version, public=SigningKey(secret).public)
        wrapped = kek.wrap(secret, self._context(version))
        version = replace(version, wrapped=base64.b64encode(wrapped).decode())
        older = (replace(k, state=RETIRED) if (k.name, k.state) == (name, PRIMARY) else k for k in self.keys)
        return replace(self, keys=(*older, version))

    def without(self, identity: int) -> "Keyring":
        """The keyring with one version destroyed: its wrapped key gone, its id left with the date."""
        self.version(identity)
        gone = (
            replace(key, state=DESTROYED, wrapped=None, destroyed=now()) if key.id == identity and key.wrapped else key
            for key in self.keys
        )
        return replace(self, keys=tuple(gone))

    def in_record(self) -> "Keyring":
        """The keyring once the record beside it tells of its newest key: it does so of all that come after it."""
        return self if self.recorded_from is not None else replace(self, recorded_from=self.keys[-1].id)

    def to_document(self) -> dict[str, Any]:
        """The keyring as its file holds it: without signing keys in the first version, which every program reads."""
        signs = any(key.purpose == SIGN for key in self.keys)
        keys = [asdict(key) for key in self.keys]
        if not signs:
            keys = [{name: value for name, value in key.items() if name not in SECOND_VERSION} for key in keys]
        recorded = {} if self.recorded_from is None else {"recorded_from": self.recorded_from}
        version = 2 if signs else 1
        return {"format": FORMAT, "version": version, "id": self.id, "kek": self.kek, **recorded, "keys": keys}

    def _context(self, version: KeyVersion) -> str:
        if version.purpose == SIGN:
            return f"beam-deid keyring {self.id}, signing key {version.name}, id {version.id}, public {version.public}"
        return f"beam-deid keyring {self.id}, key {version.name}, id {version.id}"

    def _check_context(self) -> str:
        return f"beam-deid keyring {self.id}, check"

    def _decoded(self, wrapped: str) -> bytes:
        try:
            return base64.b64decode(wrapped, validate=True)
        except (binascii.Error, ValueError):
            raise KeyFault("the keyring is damaged", self.path, "Take a copy of it") from None
