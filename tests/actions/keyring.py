"""A source of fixed subkeys for tests."""

import hashlib


class FixedKeys:
    """Subkeys that depend on what is asked for, and on ``secret``. Remembers what was asked."""

    def __init__(self, secret: bytes = b"a test's secret") -> None:
        self.secret = secret
        self.asked: list[tuple[str, str, str | None]] = []

    def subkey(self, use: str, domain: str, reference: str | None = None) -> bytes:
        self.asked.append((use, domain, reference))
        return hashlib.sha256(b"\0".join([self.secret, use.encode(), domain.encode()])).digest()
