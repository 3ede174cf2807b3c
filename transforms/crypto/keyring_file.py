"""Keyrings as files: created for their owner alone, readable from any filesystem, replaced atomically."""

import contextlib
import json
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, BinaryIO

from beam_deid.transforms.crypto.keks import kek_of
from beam_deid.transforms.crypto.key_terms import DATA, DEFAULT_NAME, DESTROYED, PRIMARY, PURPOSES, SIGN, STATES
from beam_deid.transforms.crypto.keyring import FORMAT, SECOND_VERSION, VERSIONS, Keyring, KeyVersion
from beam_deid.transforms.crypto.read_secret import check_private
from beam_deid.transforms.crypto.signing import SigningKey, public_bytes
from beam_deid.transforms.errors import KeyFault
from beam_deid.transforms.storage.files import read_all
from beam_deid.transforms.storage.locks import lock, open_lock
from beam_deid.transforms.storage.paths import absolute, is_local
from beam_deid.transforms.storage.private import Unfit, is_at, make, open_change, open_read, others_may_write, sync


def unrecorded(ring: Keyring) -> AbstractContextManager[Keyring]:
    """Nothing is recorded: where a library makes keyrings."""
    return contextlib.nullcontext(ring)


def create(
    path: str,
    source: str,
    name: str = DEFAULT_NAME,
    purpose: str = DATA,
    recording: Callable[[Keyring], AbstractContextManager[Keyring]] = unrecorded,
) -> Keyring:
    """Make a keyring with one key; the file is readable by its owner alone.

    Args:
        path: The file.
        source: Where the key-encryption key comes from.
        name: Name of the key.
        purpose: What the key is for.
        recording: Records that the keyring is made, around its making, and gives it as it is then: see `crypto.recorded`.

    Raises:
        KeyFault: The file exists or cannot be written, or the key-encryption key cannot be had.
    """
    if not is_local(path):
        raise KeyFault("a keyring is made on a local disk", path, "Make it here and copy it")
    path = absolute(path)
    ring = Keyring.empty(path, source)
    ring = ring.with_new(name, kek_of(source, ring.kek), purpose)
    try:
        os.makedirs(os.path.dirname(os.path.abspath(path)), exist_ok=True)
        if os.path.lexists(path):
            raise FileExistsError
        with recording(ring) as ring, make(path) as stream:  # exclusive: two made at once cannot overwrite each other
            _write(stream, ring)
    except FileExistsError:
        raise KeyFault(
            "the keyring exists",
            path,
            f"Add a key with: beam-deid keys create {path} --name NAME, or choose another file",
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
        if not is_local(path):
            return _parsed(read_all(path), path)
        with open_read(absolute(path)) as stream:
            return _read(stream, path)
    except OSError as error:
        raise KeyFault(f"the keyring cannot be read ({error.strerror})", path, advice) from None


def keyring_ids(path: str) -> tuple[str, dict[str, int]]:
    """A keyring's id, and the id of each data key's primary version by name; opens no key.

    Raises:
        KeyFault: The keyring cannot be read.
    """
    ring = opened(path)
    return ring.id, {key.name: key.id for key in ring.keys if (key.state, key.purpose) == (PRIMARY, DATA)}


def destroyed_ids(path: str) -> tuple[str, dict[int, str]]:
    """A keyring's id, and the date of each destroyed key by its id.

    Raises:
        KeyFault: The keyring cannot be read.
    """
    ring = opened(path)
    return ring.id, {key.id: str(key.destroyed) for key in ring.keys if key.state == DESTROYED}


def signing_key(path: str) -> SigningKey:
    """The key of a keyring that signs labels.

    Raises:
        KeyFault: The keyring cannot be read, has no signing key, or that key was destroyed or cannot be opened.
    """
    ring = opened(path)
    return ring.unwrap_signing(ring.primary(ring.signing_name()), ring.opener())


def signing_key_after(path: str, public: str) -> SigningKey:
    """The key of a keyring that signs anew what ``public`` had signed: the primary version of the same key.

    The old version is opened, too: its public key stands in clear, and only the wrapping shows that it is the keyring's.

    Raises:
        KeyFault: ``public`` is no key of this keyring, it was destroyed, or a key cannot be opened.
    """
    ring = opened(path)
    old = next((key for key in ring.keys if key.purpose == SIGN and key.public == public), None)
    if old is None:
        raise KeyFault("the keyring has not the key that signed this", path, "Name the run's own keyring")
    kek = ring.opener()
    ring.unwrap_signing(old, kek)
    return ring.unwrap_signing(ring.primary(old.name), kek)


@contextlib.contextmanager
def change(path: str) -> Iterator["Change"]:
    """Change a keyring file: no two at once, and whole or not at all.

    Raises:
        KeyFault: See `opened`; also when it cannot be written.
    """
    if not is_local(path):
        raise KeyFault("a keyring is changed on a local disk", path, "Change it where it was made and copy it")
    opened(path)
    path = os.path.realpath(path)  # the file, not a link that leads to it
    with contextlib.ExitStack() as stack:
        try:
            held = stack.enter_context(open_lock(f"{path}.lock"))
            lock(held.fileno())
        except Unfit as error:
            raise KeyFault(
                f"the keyring cannot be changed (its lock file: {error.strerror})",
                f"{path}.lock",
                "See who put it there, and remove it",
            ) from None
        except OSError as error:
            raise KeyFault(f"the keyring cannot be changed ({error.strerror})", path) from None
        yield stack.enter_context(contextlib.closing(Change(path)))


class Change:
    """A keyring that is being changed, in the one file that stays open from its reading to its overwriting.

    Args:
        path: The file, not a link.

    Attributes:
        ring: The keyring as it stands in the file.

    Raises:
        KeyFault: See `opened`; also when it cannot be written or has a second name.
    """

    def __init__(self, path: str) -> None:
        with contextlib.ExitStack() as stack:
            try:
                self._file = stack.enter_context(open_change(path))
                self.ring = _read(self._file, path)
            except OSError as error:
                raise KeyFault(f"the keyring cannot be written ({error.strerror})", path) from None
            if os.fstat(self._file.fileno()).st_nlink > 1:
                raise KeyFault(
                    "the keyring has another name as well (a hard link), which would keep what is destroyed",
                    path,
                    "Remove it",
                )
            stack.pop_all()  # it stays open

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def save(self, ring: Keyring) -> None:
        """Replace the file's content atomically, and overwrite the old file.

        What is overwritten is gone from a disk that writes in place; solid-state and copy-on-write disks may keep it.

        Raises:
            KeyFault: It cannot be written, or another file has taken its place.
        """
        path = ring.path
        new = f"{ring.path}.new"
        try:
            if not is_at(self._file, path):  # somebody who knows no lock: neither file is ours to write over
                raise KeyFault(
                    "another file took the keyring's place while it was changed", path, "Look at it, and try again"
                )
            Path(new).unlink(missing_ok=True)
            stream = make(new)
            try:
                _write(stream, ring)
                os.replace(new, path)
            except BaseException:
                stream.close()
                raise
            old = self._file
            self._file = stream
            with old:  # only now, through the old file's descriptor: a crash before this loses no other key
                _overwrite(old)
            sync(os.path.dirname(os.path.abspath(path)))
        except OSError as error:
            raise KeyFault(f"the keyring cannot be written ({error.strerror})", path) from None
        self.ring = ring


def _write(stream: BinaryIO, ring: Keyring) -> None:
    """Write a keyring and see it onto the disk."""
    stream.write(_bytes(ring))
    stream.flush()  # or there is nothing to see onto the disk yet
    os.fsync(stream.fileno())


def _overwrite(stream: BinaryIO) -> None:
    """Overwrite all of a file, so that what stood in it does not outlive it in freed blocks."""
    size = stream.seek(0, os.SEEK_END)
    stream.seek(0)
    stream.write(bytes(size))
    stream.flush()
    os.fsync(stream.fileno())


def _read(stream: BinaryIO, path: str) -> Keyring:
    own = not others_may_write(stream)
    ring = _parsed(stream.read(), path, own=own)  # first: of what is no keyring nobody need change the rights
    check_private(stream, path, path)
    return ring


def _parsed(data: bytes, path: str, *, own: bool = False) -> Keyring:
    try:
        document = json.loads(data)
        if document["format"] != FORMAT:
            raise ValueError
        version = document["version"]
    except (ValueError, KeyError, TypeError):
        raise KeyFault("this is no keyring", path, "Name the file that `beam-deid keys create` made") from None
    if type(version) is not int or version not in VERSIONS:
        said = f"the keyring is of version {version!r}, this program knows {' and '.join(map(str, VERSIONS))}"
        raise KeyFault(said, path, "Update beam-deid")
    try:
        keys = tuple(_key(entry, version, path) for entry in document["keys"])
        recorded = document.get("recorded_from")  # earlier versions know no record
        ring = Keyring(path, document["id"], dict(document["kek"]), keys, own, recorded)
        texts = (ring.id, ring.kek["source"], ring.kek["check"])
        sound = all(isinstance(text, str) for text in texts) and all(map(_sound, keys))
        sound = sound and (recorded is None or any(key.id == recorded for key in keys))
        sound = sound and len({(key.name, key.purpose) for key in keys}) == len({key.name for key in keys})
    except (KeyError, TypeError, ValueError):
        sound = False
    if not sound:
        raise KeyFault("the keyring is damaged", path, "Take a copy of it")
    return ring


def _key(entry: dict[str, Any], version: int, path: str) -> KeyVersion:
    if any((name in entry) is not (version > 1) for name in SECOND_VERSION):
        raise ValueError
    key = KeyVersion(**entry)
    if key.purpose not in PURPOSES:
        raise KeyFault(
            "the keyring holds a key for a purpose that this program does not know", path, "Update beam-deid"
        )
    return key


def _sound(key: KeyVersion) -> bool:
    types = type(key.id) is int and isinstance(key.name, str) and isinstance(key.wrapped, str | None)
    if key.purpose == SIGN:
        types = types and isinstance(key.public, str) and public_bytes(key.public) is not None
    elif key.public is not None:
        return False
    return types and 0 < key.id < 1 << 32 and key.state in STATES and (key.wrapped is None) == (key.state == DESTROYED)


def _bytes(ring: Keyring) -> bytes:
    return (json.dumps(ring.to_document(), indent=2) + "\n").encode()
