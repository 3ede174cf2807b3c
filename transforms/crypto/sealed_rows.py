"""A file of rows in order, encrypted in chunks: looked up by the millions, in memory that does not grow with the file.

A row is a key of 16 bytes and a value of 16 bytes, as four words. A file has sections, each in the order of its keys::

    header    what this is, and a salt, 32 random bytes
    chunks    up to 4,096 rows each, AES-256-GCM (NIST SP 800-38D); the nonce is the chunk's number, the section is associated
    index     of each chunk its section, first word, rows and place, sealed likewise; then its size in 8 bytes

The key of a file is HMAC-SHA256 of its salt under the key that is given, so that no two files share a nonce. Whoever overwrites the
salt has destroyed the file: what of it a disk keeps cannot be opened any more, not with that key either. Who has it open already
reads on.
"""

import hmac
import mmap
import os
import secrets
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from typing import BinaryIO

import numpy as np
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from beam_deid.transforms.columns.arrays import Bools
from beam_deid.transforms.columns.sizes import Words
from beam_deid.transforms.crypto.read_secret import check_private
from beam_deid.transforms.errors import KeyFault
from beam_deid.transforms.storage.private import is_at, open_read

ROW_WORDS = 4
CHUNK_ROWS = 4096
_WORD = 8
_MAGIC = b"beam-deid rows 1"
_SALT = 32
_TAG = 16
_NONCE = 12
_OF_INDEX = b"\xff" * _NONCE
_INDEX = 4
"""Words of an entry of the index: section, first word, rows, place."""
_HELD = 256
"""Chunks that a reader holds in memory, decrypted: 32 MiB."""
_TRIES = 3
_COPY = "Take a copy of it from before it was damaged"


class RowsWriter:
    """Writes a file of rows, one section after the other.

    Args:
        stream: An empty file.
        key: The key that it is to be opened with, 32 bytes.
    """

    def __init__(self, stream: BinaryIO, key: bytes) -> None:
        salt = secrets.token_bytes(_SALT)
        self._stream = stream
        self._cipher = _cipher(key, salt)
        self._index: list[tuple[int, int, int, int]] = []
        self._place = stream.write(_MAGIC + salt)

    def section(self, number: int, parts: Iterable[Words]) -> int:
        """Write a section.

        Args:
            number: Its number.
            parts: Its rows, shape (n, 4) each, ascending by their first two words, each key once.

        Returns:
            How many rows it has.

        Raises:
            OSError: The disk fails.
        """
        written = 0
        held = np.empty((0, ROW_WORDS), np.uint64)
        for part in parts:
            held = np.concatenate([held, part])
            while (cut := _cut(held)) < len(held):
                self._chunk(number, held[:cut])
                held = held[cut:]
            written += len(part)
        if len(held):
            self._chunk(number, held)
        return written

    def close(self) -> None:
        """Write the index. The stream stays open.

        Raises:
            OSError: The disk fails.
        """
        index = np.array(self._index, np.uint64).reshape(-1, _INDEX)
        sealed = self._cipher.encrypt(_OF_INDEX, index.astype("<u8").tobytes(), _MAGIC)
        self._stream.write(sealed + len(sealed).to_bytes(_WORD, "little"))

    def _chunk(self, section: int, rows: Words) -> None:
        nonce = len(self._index).to_bytes(_NONCE, "big")
        sealed = self._cipher.encrypt(nonce, rows.astype("<u8").tobytes(), bytes([section]))
        self._index.append((section, int(rows[0, 0]), len(rows), self._place))
        self._place += self._stream.write(sealed)


def _cut(rows: Words) -> int:
    """How many rows the next chunk has: rows that begin with one word are never parted. All, where more may belong to it."""
    cut = CHUNK_ROWS
    while cut < len(rows) and rows[cut, 0] == rows[cut - 1, 0]:
        cut += 1
    return min(cut, len(rows))


class SealedRows:
    """A file of rows, open for reading. It holds a key, so it is never pickled.

    Args:
        path: The file.
        key: The key that it was written with.

    Raises:
        KeyFault: It is not there, others may read it, it is damaged, or it was written with another key.
    """

    def __init__(self, path: str, key: bytes) -> None:
        self._path = path
        for attempt in range(_TRIES):
            if self._opened(key):
                break
            # Another one may have taken its place between opening and reading it; then its salt is gone.
            if attempt == _TRIES - 1:
                raise self._damaged()
        self._held: OrderedDict[int, Words] = OrderedDict()

    def _opened(self, key: bytes) -> bool:
        try:
            with open_read(self._path) as stream:
                check_private(stream, self._path, self._path)
                self._data = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
                is_newest = is_at(stream, os.path.realpath(self._path))
        except ValueError:  # an empty file
            raise self._damaged() from None
        except OSError as error:
            raise KeyFault(f"the file of secrets cannot be read ({error.strerror})", self._path, _COPY) from None
        size = int.from_bytes(self._data[-_WORD:], "little")
        end = len(self._data) - _WORD
        if self._data[: len(_MAGIC)] != _MAGIC or not _TAG <= size <= end - len(_MAGIC) - _SALT:
            raise self._damaged()
        self._cipher = _cipher(key, self._data[len(_MAGIC) : len(_MAGIC) + _SALT])
        try:
            index = self._cipher.decrypt(_OF_INDEX, self._data[end - size : end], _MAGIC)
        except InvalidTag:
            if is_newest:
                raise self._damaged() from None
            return False
        self._index = np.frombuffer(index, "<u8").reshape(-1, _INDEX)
        return True

    def rows(self, section: int) -> int:
        """How many rows a section has."""
        return int(self._index[self._index[:, 0] == section, 2].sum())

    def parts(self, section: int) -> Iterator[Words]:
        """The rows of a section in their order, some at a time, shape (n, 4).

        Raises:
            KeyFault: The file is damaged.
        """
        for number in np.flatnonzero(self._index[:, 0] == section).tolist():
            yield self._read(number)

    def find(self, section: int, keys: Words) -> tuple[Bools, Words]:
        """Look up keys.

        Args:
            section: The section.
            keys: The keys, shape (n, 2), in any order.

        Returns:
            Which of them are there, shape (n,), and their values, shape (n, 2): zeros of those that are not.

        Raises:
            KeyFault: The file is damaged.
        """
        there = np.zeros(len(keys), np.bool_)
        values = np.zeros((len(keys), 2), np.uint64)
        numbers = np.flatnonzero(self._index[:, 0] == section)
        order = np.argsort(keys[:, 0])
        # The last chunk that begins with no greater word; -1 of those before all chunks.
        places = np.searchsorted(self._index[numbers, 1], keys[order, 0], side="right") - 1
        edges = np.searchsorted(places, np.arange(len(numbers) + 1))
        for place in np.unique(places[places >= 0]).tolist():
            wanted = order[edges[place] : edges[place + 1]]
            there[wanted], values[wanted] = found_in(self._chunk(int(numbers[place])), keys[wanted])
        return there, values

    def _chunk(self, number: int) -> Words:
        """A chunk; the newest ones stay in memory."""
        if number not in self._held:
            self._held[number] = self._read(number)
            if len(self._held) > _HELD:
                self._held.popitem(last=False)
        self._held.move_to_end(number)
        return self._held[number]

    def _read(self, number: int) -> Words:
        section, _, rows, place = self._index[number].tolist()
        sealed = self._data[place : place + rows * ROW_WORDS * _WORD + _TAG]
        try:
            data = self._cipher.decrypt(number.to_bytes(_NONCE, "big"), sealed, bytes([section]))
        except InvalidTag:
            raise self._damaged() from None
        return np.frombuffer(data, "<u8").reshape(-1, ROW_WORDS)

    def _damaged(self) -> KeyFault:
        return KeyFault("the file of secrets is damaged, or was written with another key", self._path, _COPY)


def forget_salt(stream: BinaryIO) -> None:
    """Overwrite the salt of a file that is open for writing, and see that onto the disk: nobody can open it any more.

    Raises:
        OSError: The disk fails.
    """
    stream.seek(len(_MAGIC))
    stream.write(bytes(_SALT))
    stream.flush()
    os.fsync(stream.fileno())


def found_in(rows: Words, keys: Words) -> tuple[Bools, Words]:
    """Which keys (n, 2) are those of rows (m, 4) that are in order, shape (n,), and the rows' values, shape (n, 2)."""
    at = np.searchsorted(rows[:, 0], keys[:, 0])
    there = np.zeros(len(keys), np.bool_)
    values = np.zeros((len(keys), 2), np.uint64)
    left = np.flatnonzero(at < len(rows))
    while len(left):  # once, but where two keys begin alike, which hardly ever comes
        alike = rows[at[left], 0] == keys[left, 0]
        hits = alike & (rows[at[left], 1] == keys[left, 1])
        there[left[hits]] = True
        values[left[hits]] = rows[at[left[hits]], 2:]
        left = left[alike & ~hits]
        at[left] += 1
        left = left[at[left] < len(rows)]
    return there, values


def _cipher(key: bytes, salt: bytes) -> AESGCM:
    return AESGCM(hmac.digest(key, salt, "sha256"))
