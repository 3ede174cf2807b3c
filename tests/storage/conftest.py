"""A real S3 server on loopback, with a bucket that keeps versions; and orders that are quickly run over."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from ..conftest import KEY
from .bucket import Bucket, made, say_where
from .server import Server
from .trials import House, furnish

NAME = "orders"
SHARED = "shared"


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


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    """Three small files of orders, a policy, and outputs over them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BEAM_DEID_KEY", KEY)
        return furnish(tmp_path_factory.mktemp("house"))


@pytest.fixture
def bucket(s3: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bucket]:
    """An empty bucket with versions; the environment says where it is."""
    say_where(s3.address, monkeypatch)
    with made(s3.address, NAME) as bucket:
        yield bucket
        s3.hear(None)


@pytest.fixture(scope="module")
def shared_bucket(s3: Server) -> Iterator[Bucket]:
    """A bucket with versions for all tests of a module that ask only."""
    with pytest.MonkeyPatch.context() as patch, made(s3.address, SHARED) as bucket:
        say_where(s3.address, patch)
        yield bucket


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for temporary files of this test's own, where the local staging of its runs is."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder
