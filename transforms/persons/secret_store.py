"""The file of a domain's secrets changed: persons added before a run, and taken out where they are erased; whole or not at all.

Nothing of it is ever on disk in clear. Memory does not grow with the file: persons are sorted outside memory, and secrets that wait
to be sorted by their handles are encrypted under a key that this process alone has.
"""

import contextlib
import os
from collections.abc import Iterable, Iterator
from secrets import token_bytes as drawn

import numpy as np
import pyarrow as pa

from beam_deid.transforms.columns.aes import Aes
from beam_deid.transforms.columns.sizes import Words
from beam_deid.transforms.crypto.person_secrets import BY_HANDLE, BY_PERSON
from beam_deid.transforms.crypto.person_tokens import PersonTokens
from beam_deid.transforms.crypto.sealed_rows import RowsWriter, SealedRows, forget_salt, found_in
from beam_deid.transforms.errors import KeyFault
from beam_deid.transforms.persons.sorted_rows import BUFFER, SortedRows
from beam_deid.transforms.storage.locks import lock, open_lock
from beam_deid.transforms.storage.private import make, open_change, sync

_BUFFER = BUFFER // 4
_KEY = 32
_SECRET = 16


class NewPersons:
    """Persons who are to have a secret in a domain, while they are collected.

    Args:
        path: The file of secrets, which need not be there yet.
        key: The domain's key.
        folder: A folder for this user alone, which is there and empty; whoever made it removes it.
        kept: Another file that the secrets are taken from where the file is not there yet; it is left as it is.

    Raises:
        KeyFault: A file is damaged, or of another key.
        OutputError: The disk fails; so do all methods.

    Attributes:
        given: How many were given a secret, once it is closed.
    """

    def __init__(self, path: str, key: bytes, folder: str, kept: str | None = None) -> None:
        self.given = 0
        self._path = path
        self._kept = kept
        self._tokens = PersonTokens(key)
        self._folder = folder
        os.mkdir(os.path.join(folder, "persons"), 0o700)
        self._rows = SortedRows(os.path.join(folder, "persons"), buffer=_BUFFER)
        self._any = False
        self._known = self._open()

    def add(self, identities: pa.Array) -> None:
        """Add persons.

        Args:
            identities: Their identities in one spelling, ``string``, shape (n,), without nulls, also several times.
        """
        found = self._tokens.persons(identities)
        if self._known is not None:
            there, _ = self._known.find(BY_PERSON, found)
            found = found[~there]
        self._any |= bool(len(found))
        self._rows.add(found)

    def close(self) -> None:
        """Give a secret to each of them who has none, and write the file.

        Raises:
            KeyFault: It cannot be written.
        """
        if not self._any and os.path.exists(self._path):
            return
        self._known = None
        with _changing(self._path):
            old = self._open()
            os.mkdir(os.path.join(self._folder, "handles"), 0o700)
            handles = _Handles(self._tokens, os.path.join(self._folder, "handles"))
            given = _merged(_parts(old, BY_PERSON), self._given(old, handles))
            # The second section is begun once the first is written, when all handles are known.
            named = _merged(_parts(old, BY_HANDLE), handles.parts())
            _write(self._path, self._tokens, given, named)

    def _open(self) -> SealedRows | None:
        for path in (self._path, self._kept):
            if path is not None and os.path.exists(path):
                return SealedRows(path, self._tokens.of_file)
        return None

    def _given(self, old: SealedRows | None, handles: "_Handles") -> Iterator[Words]:
        """The new persons with their secrets."""
        for rows in self._rows.parts():
            persons = rows.words
            if old is not None:  # another run may have been here meanwhile
                there, _ = old.find(BY_PERSON, persons)
                persons = persons[~there]
            made = np.frombuffer(drawn(_SECRET * len(persons)), "<u8").reshape(-1, 2)
            handles.add(made)
            self.given += len(made)
            yield np.concatenate([persons, made], axis=1)


class _Handles:
    """New secrets, on their way into the order of their handles."""

    def __init__(self, tokens: PersonTokens, folder: str) -> None:
        self._tokens = tokens
        self._hide = Aes(drawn(_KEY))
        self._rows = SortedRows(folder, columns=2, buffer=_BUFFER)

    def add(self, made: Words) -> None:
        handles = self._tokens.handles(made)
        self._rows.add(handles, list((made ^ self._hide(handles)).T.view(np.int64)))

    def parts(self) -> Iterator[Words]:
        for rows in self._rows.parts():
            hidden = np.stack(rows.columns, axis=1).view(np.uint64)
            yield np.concatenate([rows.words, hidden ^ self._hide(rows.words)], axis=1)


def destroy_secrets(path: str, key: bytes, identities: pa.Array) -> int:
    """Destroy the secrets of persons.

    Args:
        path: The file of secrets; where there is none, nobody has one.
        key: The domain's key.
        identities: Their identities in one spelling, ``string``, shape (n,), without nulls, also several times.

    Returns:
        How many secrets were destroyed.

    Raises:
        KeyFault: The file is damaged or of another key, or cannot be written: then all are there still.
    """
    tokens = PersonTokens(key)
    if not os.path.exists(path):
        return 0
    with _changing(path):
        old = SealedRows(path, tokens.of_file)
        persons = np.unique(tokens.persons(identities), axis=0)
        there, gone = old.find(BY_PERSON, persons)
        if there.any():
            given = _without(old.parts(BY_PERSON), persons[there])
            named = _without(old.parts(BY_HANDLE), tokens.handles(gone[there]))
            _write(path, tokens, given, named)
    return int(there.sum())


@contextlib.contextmanager
def _changing(path: str) -> Iterator[None]:
    """Hold a file of secrets, so that no other process changes it."""
    try:
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
        with open_lock(f"{path}.lock") as held:
            lock(held.fileno())
            yield
    except OSError as error:
        raise KeyFault(f"the file of secrets cannot be written ({error.strerror})", path) from None


def _write(path: str, tokens: PersonTokens, given: Iterable[Words], named: Iterable[Words]) -> None:
    """Replace a file atomically, and make the old one useless: nobody can open what a disk keeps of it.

    Raises:
        OSError: It cannot be written.
    """
    new = f"{path}.new"
    _discard(new)
    with make(new) as stream:
        writer = RowsWriter(stream, tokens.of_file)
        writer.section(BY_PERSON, given)
        writer.section(BY_HANDLE, named)
        writer.close()
        stream.flush()
        os.fsync(stream.fileno())
    with contextlib.ExitStack() as stack:
        old = stack.enter_context(open_change(path)) if os.path.exists(path) else None
        os.replace(new, path)
        if old is not None:
            forget_salt(old)
    sync(os.path.dirname(path))


def _discard(path: str) -> None:
    """Remove what a process left that died, once nobody can open it."""
    if os.path.lexists(path):
        with open_change(path) as stream:
            forget_salt(stream)
        os.remove(path)


def _parts(rows: SealedRows | None, section: int) -> Iterator[Words]:
    return iter(()) if rows is None else rows.parts(section)


def _without(parts: Iterable[Words], keys: Words) -> Iterator[Words]:
    """Rows (n, 4) but for those of some keys (m, 2), which are in memory."""
    ordered = np.unique(keys, axis=0)
    gone = np.concatenate([ordered, np.zeros_like(ordered)], axis=1)
    for part in parts:
        there, _ = found_in(gone, part[:, :2])
        yield part[~there]


def _merged(old: Iterator[Words], new: Iterator[Words]) -> Iterator[Words]:
    """Rows (n, 4) of two streams in one order. No part of a stream begins with the word that the one before it ends with."""
    held = [np.empty((0, 4), np.uint64), np.empty((0, 4), np.uint64)]
    streams = (old, new)
    while True:
        held = [_filled(part, stream) for part, stream in zip(held, streams, strict=True)]
        left = [part for part in held if len(part)]
        if not left:
            return
        last = min(part[-1, 0] for part in left)
        cuts = [int(np.searchsorted(part[:, 0], last, side="right")) for part in held]
        rows = np.concatenate([part[:cut] for part, cut in zip(held, cuts, strict=True)])
        yield rows[np.lexsort((rows[:, 1], rows[:, 0]))]
        held = [part[cut:] for part, cut in zip(held, cuts, strict=True)]


def _filled(part: Words, stream: Iterator[Words]) -> Words:
    """What is held of a stream; its next part that is not empty where nothing is."""
    while not len(part):
        following = next(stream, None)
        if following is None:
            break
        part = following
    return part
