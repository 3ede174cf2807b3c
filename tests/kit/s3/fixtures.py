"""A real S3 server on loopback, with buckets that keep versions. `conftest.py` has these fixtures for every room.

There is one server, and one name of a bucket that is made anew for each test: a store is connected to once in a process,
by its bucket's name and address.
"""

from collections.abc import Iterator

import pytest

from .bucket import Bucket, made, say_where
from .server import Server

_NAME = "orders"
_SHARED = "shared"


@pytest.fixture(scope="session")
def s3() -> Iterator[Server]:
    """The server."""
    server = Server()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def s3_server(s3: Server) -> str:
    """Its address."""
    return s3.address


@pytest.fixture
def bucket(s3: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bucket]:
    """An empty bucket with versions; the environment says where it is."""
    say_where(s3.address, monkeypatch)
    with made(s3.address, _NAME) as bucket:
        yield bucket
        s3.hear(None)


@pytest.fixture(scope="module")
def shared_bucket(s3: Server) -> Iterator[Bucket]:
    """A bucket with versions for all tests of a module that ask only."""
    with pytest.MonkeyPatch.context() as patch, made(s3.address, _SHARED) as bucket:
        say_where(s3.address, patch)
        yield bucket
