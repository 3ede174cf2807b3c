"""A keyring: one file of wrapped keys with their versions, dates and ends.

The file is JSON, ``{"format": "beam-deid keyring", "version": 1, "id", "kek": {"source", …}, "keys": [{"id", "name",
"state", "created", "wrapped", "destroyed"}]}``. Keys are 32 random bytes, wrapped under the key-encryption key with
keyring, name and id as context, so that no entry can stand in for another. What is not wrapped is not secret.
"""

import base64
import contextlib
import datetime
import json
import os
import secrets
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from beam_deid.transforms import files
from beam_deid.transforms.crypto.keks import kek_kind, kek_of
from beam_deid.transforms.crypto.keks.kek import Kek
from beam_deid.transforms.crypto.places import check_private
from beam_deid.transforms.errors import KeyFault, NoSuchKey

FORMAT, VERSION = "beam-deid keyring", 1
KEY_BYTES = 32
DEFAULT_NAME = "main"
PRIMARY, RETIRED, DESTROYED = "primary", "retired", "destroyed"
_STATES = (PRIMARY, RETIRED, DESTROYED)


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
    """

    id: int
    name: str
    state: str
    created: str
    wrapped: str | None = None
    destroyed: str | None = None


@dataclass(frozen=True)
class Keyring:
    """The content of a keyring file. `opened`, `change` and `create` make one.

    Attributes:
        path: The file.
        id: The keyring's own id.
        kek: ``{"source": …}`` and what the key-encryption key must remember.
        keys: All versions of all keys, the oldest first.
    """

    path: str
    id: str
    kek: dict[str, Any]
    keys: tuple[KeyVersion, ...]

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
                f"the key {name} was destroyed", self.path, f"Make a new one: beam-deid keys rotate {self.path} --name {name}"
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
        raise NoSuchKey(f"the keyring has no key with the id {identity}", self.path, "beam-deid keys list shows its keys")

    def opener(self) -> Kek:
        """The key-encryption key, not yet asked for.

        Raises:
            KeyFault: Its source is of no known kind, or is a command in a file that others may have written.
        """
        source = self.kek["source"]
        if kek_kind(source).scheme == "command":
            _check_own(self.path)
        return kek_of(source, self.kek)

    def unwrap(self, version: KeyVersion, kek: Kek) -> bytes:
        """The bytes of a key.

        Raises:
            KeyFault: It was destroyed, or the key-encryption key does not open it.
        """
        if version.wrapped is None:
            raise NoSuchKey(
                f"the key {version.id} was destroyed on {version.destroyed}", self.path, "Nothing can restore its tokens"
            )
        return kek.unwrap(base64.b64decode(version.wrapped), self._context(version))

    def with_new(self, name: str, kek: Kek) -> "Keyring":
        """The keyring with a new primary version of ``name``; the old one is retired."""
        taken = {key.id for key in self.keys}
        identity = next(i for i in iter(lambda: secrets.randbelow((1 << 32) - 1) + 1, 0) if i not in taken)
        version = KeyVersion(identity, name, PRIMARY, _now())
        wrapped = kek.wrap(secrets.token_bytes(KEY_BYTES), self._context(version))
        version = replace(version, wrapped=base64.b64encode(wrapped).decode())
        older = (replace(k, state=RETIRED) if (k.name, k.state) == (name, PRIMARY) else k for k in self.keys)
        return replace(self, keys=(*older, version))

    def without(self, identity: int) -> "Keyring":
        """The keyring with one version destroyed: its wrapped key gone, its id left with the date."""
        self.version(identity)
        gone = (
            replace(key, state=DESTROYED, wrapped=None, destroyed=_now()) if key.id == identity and key.wrapped else key
            for key in self.keys
        )
        return replace(self, keys=tuple(gone))

    def to_json(self) -> dict[str, Any]:
        """The keyring as its file holds it."""
        keys = [asdict(key) for key in self.keys]
        return {"format": FORMAT, "version": VERSION, "id": self.id, "kek": self.kek, "keys": keys}

    def _context(self, version: KeyVersion) -> str:
        return f"beam-deid keyring {self.id}, key {version.name}, id {version.id}"


def create(path: str, source: str, name: str = DEFAULT_NAME) -> Keyring:
    """Make a keyring with one key; the file is readable by its owner alone.

    Raises:
        KeyFault: The file exists or cannot be written, or the key-encryption key cannot be had.
    """
    if not files.is_local(path):
        raise KeyFault("a keyring is made on a local disk", path, "Make it here and copy it")
    kind = kek_kind(source)
    ring = Keyring(path, secrets.token_hex(8), {"source": source, **kind.parameters()}, ())
    ring = ring.with_new(name, kek_of(source, ring.kek))
    try:
        os.makedirs(os.path.dirname(os.path.abspath(path)), exist_ok=True)
        # Exclusive: two that are made at once cannot overwrite each other.
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
            stream.write(_bytes(ring))
            os.fsync(stream.fileno())
    except FileExistsError:
        raise KeyFault(
            "the keyring exists", path, f"Add a key with: beam-deid keys create {path} --name NAME, or choose another file"
        ) from None
    except OSError as error:
        raise KeyFault(f"the keyring cannot be written ({error.strerror})", path) from None
    return ring


def opened(path: str) -> Keyring:
    """Read a keyring, from any filesystem.

    Raises:
        KeyFault: It is not there, cannot be read, others may use it, or it is none of this version.
    """
    advice = f"Make one with: beam-deid keys create {path} --kek env:NAME"
    try:
        if files.is_local(path):
            check_private(Path(path), path)
            data = Path(path).read_bytes()
        else:
            data = files.read_all(path)
    except OSError as error:
        raise KeyFault(f"the keyring cannot be read ({error.strerror})", path, advice) from None
    return _parsed(data, path)


def keyring_ids(path: str) -> tuple[str, dict[str, int]]:
    """A keyring's id, and the id of each key's primary version by name; opens no key.

    Raises:
        KeyFault: The keyring cannot be read.
    """
    ring = opened(path)
    return ring.id, {key.name: key.id for key in ring.keys if key.state == PRIMARY}


def destroyed_ids(path: str) -> tuple[str, dict[int, str]]:
    """A keyring's id, and the date of each destroyed key by its id.

    Raises:
        KeyFault: The keyring cannot be read.
    """
    ring = opened(path)
    return ring.id, {key.id: str(key.destroyed) for key in ring.keys if key.state == DESTROYED}


@contextlib.contextmanager
def change(path: str) -> Iterator["Change"]:
    """Change a keyring file: no two at once, and whole or not at all.

    Raises:
        KeyFault: See `opened`; also when it cannot be written.
    """
    if not files.is_local(path):
        raise KeyFault("a keyring is changed on a local disk", path, "Change it where it was made and copy it")
    opened(path)
    with contextlib.ExitStack() as stack:
        try:
            lock = stack.enter_context(open(f"{path}.lock", "wb", opener=_owner_only))
            _lock(lock.fileno())
        except OSError as error:
            raise KeyFault(f"the keyring cannot be changed ({error.strerror})", path) from None
        yield Change(opened(path))


class Change:
    """A keyring that is being changed.

    Attributes:
        ring: The keyring as it stands in the file.
    """

    def __init__(self, ring: Keyring) -> None:
        self.ring = ring

    def save(self, ring: Keyring) -> None:
        """Put another content into the file; a wrapped key that is in it no more is overwritten first.

        Raises:
            KeyFault: It cannot be written.
        """
        path = ring.path
        try:
            kept = {key.wrapped for key in ring.keys}
            _overwrite(path, [key.wrapped for key in self.ring.keys if key.wrapped and key.wrapped not in kept])
            new = f"{path}.new"
            with open(new, "wb", opener=_owner_only) as stream:
                stream.write(_bytes(ring))
                os.fsync(stream.fileno())
            os.replace(new, path)
            _sync_folder(os.path.dirname(os.path.abspath(path)))
        except OSError as error:
            raise KeyFault(f"the keyring cannot be written ({error.strerror})", path) from None
        self.ring = ring


def _overwrite(path: str, texts: list[str]) -> None:
    """Overwrite texts where they stand in a file, so that they do not outlive it in freed blocks of the disk."""
    if not texts:
        return
    with open(path, "r+b") as stream:
        data = stream.read()
        for text in texts:
            place = data.index(text.encode())
            stream.seek(place)
            stream.write(b"0" * len(text))
        stream.flush()
        os.fsync(stream.fileno())


def _parsed(data: bytes, path: str) -> Keyring:
    try:
        document = json.loads(data)
        if document["format"] != FORMAT:
            raise ValueError
        version = document["version"]
    except (ValueError, KeyError, TypeError):
        raise KeyFault("this is no keyring", path, "Name the file that `beam-deid keys create` made") from None
    if version != VERSION:
        raise KeyFault(f"the keyring is of version {version!r}, this program knows {VERSION}", path, "Update beam-deid")
    try:
        ring = Keyring(path, document["id"], dict(document["kek"]), tuple(KeyVersion(**key) for key in document["keys"]))
        sound = isinstance(ring.id, str) and isinstance(ring.kek["source"], str) and all(map(_sound, ring.keys))
    except (KeyError, TypeError, ValueError):
        sound = False
    if not sound:
        raise KeyFault("the keyring is damaged", path, "Take a copy of it")
    return ring


def _sound(key: KeyVersion) -> bool:
    types = type(key.id) is int and isinstance(key.name, str) and isinstance(key.wrapped, str | None)
    return types and 0 < key.id < 1 << 32 and key.state in _STATES and (key.wrapped is None) == (key.state == DESTROYED)


def _check_own(path: str) -> None:
    facts = os.stat(path)
    if os.name == "posix" and (facts.st_uid not in (0, os.getuid()) or facts.st_mode & 0o022):
        raise KeyFault(
            "the keyring runs a command, and others than you may have written it", path,
            f"Check its command, then: chown $USER {path} && chmod 600 {path}",
        )  # fmt: skip


def _bytes(ring: Keyring) -> bytes:
    return (json.dumps(ring.to_json(), indent=2) + "\n").encode()


def _owner_only(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _lock(descriptor: int) -> None:
    try:
        import fcntl
    except ImportError:  # elsewhere the last writer wins
        return
    fcntl.flock(descriptor, fcntl.LOCK_EX)


def _sync_folder(path: str) -> None:
    if os.name != "posix":
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _now() -> str:
    return datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds")
