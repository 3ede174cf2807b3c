"""A source of fixed subkeys for tests."""

import hashlib

from beam_deid.transforms.crypto.keys import Subkey
from beam_deid.transforms.errors import NoSuchKey


class FixedKeys:
    """Subkeys that depend on what is asked for, and on ``secret``. Remembers what was asked. Has the ids 7 and 8."""

    def __init__(self, secret: bytes = b"a test's secret", identity: int = 7) -> None:
        self.secret = secret
        self.identity = identity
        self.asked: list[tuple[str, str, str | None]] = []

    def subkey(
        self, use: str, domain: str, reference: str | None = None, size: int = 32, identity: int | None = None
    ) -> Subkey:
        self.asked.append((use, domain, reference))
        identity = identity or self.identity
        if identity not in (7, 8):
            raise NoSuchKey("no such key")
        asked = b"\0".join([self.secret, str(identity).encode(), use.encode(), domain.encode()])
        return Subkey(identity, hashlib.shake_256(asked).digest(size))
