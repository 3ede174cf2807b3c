"""A source of fixed subkeys for tests."""

import functools
import hashlib
import os
import tempfile
from unittest import mock

import pyarrow as pa

from beam_deid.transforms.crypto.keys import Subkey
from beam_deid.transforms.crypto.person_secrets import PersonSecrets
from beam_deid.transforms.errors import NoSuchKey
from beam_deid.transforms.persons import secret_store

PERSONS = tuple(f"person {number}" for number in range(3))
"""Who has a secret in every domain."""


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

    def person_secrets(self, domain: str, subkey: Subkey) -> PersonSecrets:
        return _secrets(domain, subkey.bytes)


@functools.cache
def _secrets(domain: str, key: bytes) -> PersonSecrets:
    """Secrets of `PERSONS` that are the same in every process; they are read from a file as any others."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "secrets")
        os.mkdir(os.path.join(folder, "private"))
        new = secret_store.NewPersons(path, key, os.path.join(folder, "private"))
        new.add(pa.array(PERSONS))

        def fixed(size: int) -> bytes:
            return hashlib.shake_256(b"\0".join([domain.encode(), key])).digest(size)

        with mock.patch.object(secret_store, "drawn", fixed):
            new.close()
        return PersonSecrets(path, key)
