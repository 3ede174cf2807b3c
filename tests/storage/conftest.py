"""A real S3 server on loopback, with a bucket that keeps versions; and orders that are quickly run over."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from ..conftest import KEY
from .bucket import Bucket, made, say_where
from .server import Server
from .trials import House, furnish

NAME, SHARED = "orders", "shared"


@pytest.fixture(scope="session")
def s3_server() -> Iterator[Server]:
    """The server."""
    server = Server()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    """Three small files of orders, a policy, and outputs over them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BEAM_DEID_KEY", KEY)
        return furnish(tmp_path_factory.mktemp("house"))


@pytest.fixture
def bucket(s3_server: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bucket]:
    """An empty bucket with versions; the environment says where it is."""
    say_where(s3_server.address, monkeypatch)
    with made(s3_server.address, NAME) as bucket:
        yield bucket
        s3_server.hear(None)


@pytest.fixture(scope="module")
def shared_bucket(s3_server: Server) -> Iterator[Bucket]:
    """A bucket with versions for all tests of a module that ask only."""
    with pytest.MonkeyPatch.context() as patch, made(s3_server.address, SHARED) as bucket:
        say_where(s3_server.address, patch)
        yield bucket


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for temporary files of this test's own, where the local staging of its runs is."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder
