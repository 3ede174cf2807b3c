"""Keys by reference: resolved on the worker, never pickled, never shown.

A reference is ``env:NAME``, ``file:PATH``, ``keyring:NAME`` (a key of the policy's keyring) or ``ephemeral:RELEASE``
(a key made for one run). Subkeys are derived by HKDF-SHA256 (RFC 5869) with the use and the domain as ``info``, so that
two domains cannot be joined and one use says nothing about another.
"""

from collections.abc import Mapping
from typing import NoReturn

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from beam_deid.transforms.crypto.ephemeral import EPHEMERAL, read_ephemeral
from beam_deid.transforms.crypto.keks import kek
from beam_deid.transforms.crypto.key_terms import DEFAULT_NAME
from beam_deid.transforms.crypto.keyring import Keyring
from beam_deid.transforms.crypto.keyring_file import opened
from beam_deid.transforms.crypto.pasted import PASTED, is_pasted
from beam_deid.transforms.crypto.person_secrets import PersonSecrets, file_of, folder_beside
from beam_deid.transforms.crypto.read_secret import checked, read_private, read_variable
from beam_deid.transforms.crypto.secret_source import SecretSource
from beam_deid.transforms.errors import KeyFault, NoSuchKey

SCHEMES = ("env", "file", "keyring")
_MAIN = f"keyring:{DEFAULT_NAME}"
_CHECK_BYTES = 8


def check_reference(reference: str, *, of_keyring: bool = True) -> str | None:
    """What is wrong with a key reference that a policy writes, or None. Never echoes it whole.

    A user may have pasted the key itself where its place belongs, so only the scheme is ever repeated.

    Args:
        reference: The reference.
        of_keyring: Whether it may name a key of the policy's keyring.
    """
    scheme, separator, rest = reference.partition(":")
    is_known = separator and scheme in SCHEMES[: None if of_keyring else 2] and rest
    if is_known and not is_pasted(scheme, rest):
        return None
    forms = "env:NAME, file:PATH or keyring:NAME" if of_keyring else "env:NAME or file:PATH"
    what = PASTED if is_known else "not a key reference"
    return f"{what}; write where the key is, {forms}, never the key itself"


class Subkey:
    """A key, or one derived from it for one use in one domain. It cannot be pickled, copied into a graph, or printed.

    Attributes:
        id: The id of the key that it is derived from, 1 to 2³² − 1.
        bytes: The bytes.
    """

    __slots__ = ("bytes", "id")

    def __init__(self, identity: int, key: bytes) -> None:
        self.id = identity
        self.bytes = key

    def __repr__(self) -> str:
        return f"<Subkey of {self.id}>"

    def __reduce__(self) -> NoReturn:
        raise KeyFault("a key cannot be pickled", str(self.id), "Pass the reference; workers resolve it")

    def check(self, form: str = "") -> str:
        """A fingerprint, in hex, that tells this subkey from any other and says nothing else about it.

        Args:
            form: What else must be the same for a value to be restored, such as its format.
        """
        return _derived(self.bytes, b"beam-deid/check\x00" + form.encode(), _CHECK_BYTES).hex()


_UNWRAPPED: dict[tuple[str, int, str | None], Subkey] = {}
"""Keys of keyrings that this process has opened: a key-encryption key may cost a call, a prompt or much arithmetic."""


def forget() -> None:
    """Forget the keys that this process has opened, and the key-encryption keys that it asked for."""
    _UNWRAPPED.clear()
    kek.forget()


class Keys:
    """The keys of a policy, resolved when first asked for. Pickles as references alone.

    Args:
        default: Reference of the key to take where none is named.
        keyring: Path of the policy's keyring.
        pinned: Ids of the versions that make new tokens, by key name, so that all workers take the same ones even
            while the keyring is being rotated; the primary ones if not given.
        folder: Where the run's ephemeral keys are.
        secret: A source to take for the default key, such as one of Beam's secrets.
        secrets: The folder of the secrets of persons; the one beside the keyring if not given.

    Raises:
        KeyFault: ``secret`` would carry its bytes into a pipeline's graph.
    """

    def __init__(
        self,
        default: str | None = None,
        keyring: str | None = None,
        pinned: Mapping[str, int] | None = None,
        folder: str = "",
        secret: SecretSource | None = None,
        secrets: str = "",
    ) -> None:
        self._default = default or (_MAIN if keyring else None)
        self._keyring = keyring
        self._pinned = dict(pinned or {})
        self._folder = folder
        self._secret = secret
        self._secrets = secrets
        self._forget()

    def __getstate__(self) -> dict[str, object]:
        names = ("_default", "_keyring", "_pinned", "_folder", "_secret", "_secrets")
        return {name: getattr(self, name) for name in names}

    def __setstate__(self, state: dict[str, object]) -> None:
        self.__dict__.update(state)
        self._forget()

    def _forget(self) -> None:
        self._masters: dict[tuple[str, int | None], Subkey] = {}
        self._of_persons: dict[str, PersonSecrets] = {}
        self._ring: Keyring | None = None

    def subkey(
        self, use: str, domain: str, reference: str | None = None, size: int = 32, identity: int | None = None
    ) -> Subkey:
        """The subkey for one use in one domain.

        Args:
            use: What it is for.
            domain: The domain.
            reference: The key it is derived from; the default one if not given.
            size: Bytes of the subkey.
            identity: Id of the key's version; the one that makes new tokens if not given.

        Raises:
            KeyFault: The key is not there, cannot be read, is too short, was destroyed or has no version of that id.
        """
        name = reference or self._default
        if self._secret is not None and reference is None:
            name = "secret:"
        if name is None:
            raise KeyFault(
                "no key is named", "keys", "Add to the policy: keys: {keyring: PATH} or keys: {key: 'env:NAME'}"
            )
        if (name, identity) not in self._masters:
            self._masters[name, identity] = self._master(name, identity)
        master = self._masters[name, identity]
        info = b"beam-deid/1\x00" + use.encode() + b"\x00" + domain.encode()
        return Subkey(master.id, _derived(master.bytes, info, size))

    def secrets_file(self, domain: str, subkey: Subkey) -> str:
        """The file of the secrets of the persons in one domain, whose key is ``subkey``; whether it is there or not.

        Raises:
            KeyFault: The policy has no keyring on a local disk.
        """
        return file_of(self._secrets or folder_beside(self._keyring), domain, subkey.id)

    def person_secrets(self, domain: str, subkey: Subkey) -> PersonSecrets:
        """The secrets of the persons in one domain, whose key is ``subkey``.

        Raises:
            KeyFault: They are not there, or damaged, or the policy has no keyring on a local disk.
        """
        path = self.secrets_file(domain, subkey)
        if path not in self._of_persons:  # fields of one domain share what is in memory
            self._of_persons[path] = PersonSecrets(path, subkey.bytes)
        return self._of_persons[path]

    def _master(self, reference: str, identity: int | None) -> Subkey:
        scheme, _, rest = reference.partition(":")
        if scheme == "keyring":
            return self._from_keyring(rest, identity)
        key = _read(scheme, rest, reference, self._folder, self._secret)
        own = int.from_bytes(_derived(key, b"beam-deid/id", 4), "big") or 1
        if identity not in (None, own):
            raise NoSuchKey(
                f"this is not the key with the id {identity}", reference, "Name the key that made the tokens"
            )
        return Subkey(own, key)

    def _from_keyring(self, name: str, identity: int | None) -> Subkey:
        if self._keyring is None:
            raise KeyFault("the policy names no keyring", "keys", "Add to the policy: keys: {keyring: PATH}")
        if self._ring is None:
            self._ring = opened(self._keyring)
        if identity is None:
            identity = self._pinned.get(name)
        version = self._ring.primary(name) if identity is None else self._ring.version(identity)
        if version.name != name:
            raise NoSuchKey(
                f"the key {version.id} is no version of the policy's key", self._keyring, "Check the policy"
            )
        held = (self._ring.id, version.id, version.wrapped)
        if version.wrapped is None or held not in _UNWRAPPED:
            _UNWRAPPED[held] = Subkey(version.id, self._ring.unwrap(version, self._ring.opener()))
        return _UNWRAPPED[held]


def _read(scheme: str, rest: str, reference: str, folder: str, secret: SecretSource | None) -> bytes:
    if scheme == "env":
        return checked(read_variable(rest, reference), reference)
    if scheme == "file":
        return checked(read_private(rest, reference), reference)
    if scheme == EPHEMERAL:
        return read_ephemeral(folder, rest)
    if scheme == "secret" and secret is not None:
        try:
            given = secret.get_secret_bytes()
        except Exception as error:
            raise KeyFault(
                f"the secret cannot be had ({type(error).__name__})", "key", "Check its permissions"
            ) from None
        return checked(bytes(given), "key")
    raise KeyFault(str(check_reference("")), "keys")


def _derived(master: bytes, info: bytes, size: int) -> bytes:
    return HKDF(algorithm=SHA256(), length=size, salt=None, info=info).derive(master)
