"""Keyrings for tests."""

from pathlib import Path

from beam_deid.transforms.crypto.keyring import Keyring
from beam_deid.transforms.crypto.keyring_file import change, create, opened


def made(folder: Path, source: str = "env:TEST_KEK") -> str:
    """The path of a keyring with one key; ``TEST_KEK`` must be set where the source is it."""
    path = str(folder / "test.keyring")
    create(path, source)
    return path


def rotated(path: str, name: str = "main") -> Keyring:
    """The keyring after a rotation."""
    with change(path) as changing:
        changing.save(changing.ring.with_new(name, changing.ring.opener()))
    return opened(path)


def destroyed(path: str, identity: int) -> Keyring:
    """The keyring after one of its keys was destroyed."""
    with change(path) as changing:
        changing.save(changing.ring.without(identity))
    return opened(path)


def keys_of(path: str) -> dict[int, bytes]:
    """The bytes of every key that is left."""
    ring = opened(path)
    kek = ring.opener()
    return {key.id: ring.unwrap(key, kek) for key in ring.keys if key.wrapped is not None}
