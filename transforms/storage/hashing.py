"""Streams that hash what passes through them, so that a file need not be read again for its hash."""

import hashlib
from typing import BinaryIO


class HashingStream:
    """A binary stream that hashes what passes through it."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._position = 0
        self.sha256 = hashlib.sha256()
        self.closed = False

    def write(self, data: bytes) -> int:
        """Pass bytes on."""
        self.sha256.update(data)
        self._stream.write(data)
        self._position += memoryview(data).nbytes
        return memoryview(data).nbytes

    def tell(self) -> int:
        """Number of bytes so far."""
        return self._position

    def flush(self) -> None:
        """Flush the stream below."""
        self._stream.flush()

    def close(self) -> None:
        """Close the stream below, once."""
        if not self.closed:
            self.closed = True
            self._stream.close()

    def readable(self) -> bool:
        """Return False: the stream cannot be read."""
        return False

    def writable(self) -> bool:
        """Return True: the stream is writable."""
        return True

    def seekable(self) -> bool:
        """Return False: the stream has no other position than its end."""
        return False
