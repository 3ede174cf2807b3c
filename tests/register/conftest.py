"""A bucket for registers, on a server of its own."""

from collections.abc import Iterator

import pytest

from ..storage.bucket import Bucket, made, say_where
from ..storage.conftest import temporary
from ..storage.server import Server

__all__ = ["temporary"]

NAME = "registers"  # a store is connected to once in each process, by its bucket's name: no other tests' bucket has this one


@pytest.fixture(scope="session")
def s3() -> Iterator[Server]:
    """The server."""
    server = Server()
    yield server
    server.stop()


@pytest.fixture
def bucket(s3: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bucket]:
    """An empty bucket with versions; the environment says where it is."""
    say_where(s3.address, monkeypatch)
    with made(s3.address, NAME) as bucket:
        yield bucket
        s3.hear(None)
