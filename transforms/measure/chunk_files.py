"""Chunks of measured records in files of the staging folder: how they get from workers on any machine to the one that decides.

Carried beside the graph, as a side input, all of them would be in the memory of an engine's machines. Only the names of the files
go through the engine. A file holds chunks one after the other, each as its length, four bytes, little-endian, and an Arrow IPC
stream under AES-GCM (NIST SP 800-38D). Its key follows from the key of the run's fingerprints and the file's name, its nonces count
chunks: whoever reads the store learns how many records there are, and what is changed, added or cut off is noticed.
"""

import contextlib
import hmac
import secrets
from collections.abc import Iterable, Iterator
from typing import BinaryIO, NamedTuple

import pyarrow as pa
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from beam_deid.transforms.columns.fingerprint import FingerprintKey
from beam_deid.transforms.columns.ipc import from_ipc, to_ipc
from beam_deid.transforms.errors import InputError, OutputError
from beam_deid.transforms.storage.files import open_arrow, open_write, reason, unwritable
from beam_deid.transforms.storage.paths import join, shown

FOLDER = "measured"
"""The folder of these files, below the staging folder."""

_LENGTH = 4
_NONCE = 12
_BLOCK = 4 << 20
"""Bytes that are read at a time: a store is asked once for each."""
_WHAT = "what was measured"


class ChunkFile(NamedTuple):
    """A file of chunks.

    Attributes:
        name: Its name.
        chunks: How many it holds.
    """

    name: str
    chunks: int


class ChunkWriter:
    """Writes chunks to a file. It holds a key, so it is never pickled.

    Args:
        staging: The staging folder.
        shard: The number of the shard that was measured; each attempt at it has a file of its own.
        key: The key of the run's fingerprints.

    Raises:
        OutputError: It cannot be written; so do all methods.
    """

    def __init__(self, staging: str, shard: int, key: FingerprintKey) -> None:
        self._name = f"{shard:05d}-{secrets.token_hex(16)}"
        self._path = join(staging, FOLDER, self._name)
        self._cipher = _cipher(key, self._name)
        self._chunks = 0
        with self._telling():
            self._stream: BinaryIO = open_write(self._path)

    def write(self, chunks: Iterable[pa.RecordBatch]) -> None:
        """Append chunks."""
        for chunk in chunks:
            sealed = self._cipher.encrypt(_nonce(self._chunks), to_ipc(chunk), None)
            with self._telling():
                self._stream.write(len(sealed).to_bytes(_LENGTH, "little") + sealed)
            self._chunks += 1

    def close(self) -> None:
        """Finish the file, also after a failure."""
        with self._telling():
            self._stream.close()

    @property
    def file(self) -> ChunkFile:
        """What was written, once it is closed."""
        return ChunkFile(self._name, self._chunks)

    @contextlib.contextmanager
    def _telling(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise unwritable(error, _WHAT, self._path) from None


def read_chunks(staging: str, files: Iterable[ChunkFile], key: FingerprintKey) -> Iterator[pa.RecordBatch]:
    """The chunks of files, one at a time, in the order of the files' names.

    Args:
        staging: The staging folder.
        files: The files.
        key: The key of the run's fingerprints.

    Raises:
        OutputError: A file is not what was written.
    """
    for file in sorted(files):
        yield from _chunks_of(join(staging, FOLDER, file.name), file, key)


def _chunks_of(path: str, file: ChunkFile, key: FingerprintKey) -> Iterator[pa.RecordBatch]:
    cipher = _cipher(key, file.name)
    try:
        with open_arrow(path) as opened:
            stream = pa.BufferedInputStream(opened, _BLOCK)
            for number in range(file.chunks):
                sealed = stream.read(int.from_bytes(stream.read(_LENGTH), "little"))
                yield from_ipc(cipher.decrypt(_nonce(number), sealed, None))
            if stream.read(1):
                raise _changed(path)
    except InputError as error:
        raise OutputError(f"{_WHAT} cannot be read: {error.what}", shown(path), "Run again") from None
    except OSError as error:
        raise OutputError(f"{_WHAT} cannot be read: {reason(error)}", shown(path), "Run again") from None
    except InvalidTag:
        raise _changed(path) from None


def _changed(path: str) -> OutputError:
    return OutputError(f"{_WHAT} is not what was written: the storage lost or changed it", shown(path), "Run again")


def _cipher(key: FingerprintKey, name: str) -> AESGCM:
    """The cipher of one file: no other has its key, so nonces may count."""
    return AESGCM(hmac.digest(key.secret, f"beam-deid/{FOLDER}/{name}".encode(), "sha256"))


def _nonce(number: int) -> bytes:
    return number.to_bytes(_NONCE, "big")
