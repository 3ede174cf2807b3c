"""A real S3 server on loopback, with a bucket that keeps versions."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from .bucket import Bucket, made
from .server import Server

NAME, SHARED = "orders", "shared"


@pytest.fixture(scope="session")
def s3_server() -> Iterator[Server]:
    """The server."""
    server = Server()
    yield server
    server.stop()


@pytest.fixture
def bucket(s3_server: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bucket]:
    """An empty bucket with versions; the environment says where it is."""
    _say_where(s3_server, monkeypatch)
    with made(s3_server.address, NAME) as bucket:
        yield bucket
        s3_server.hear(None)


@pytest.fixture(scope="module")
def shared_bucket(s3_server: Server) -> Iterator[Bucket]:
    """A bucket with versions for all tests of a module that ask only."""
    with pytest.MonkeyPatch.context() as patch, made(s3_server.address, SHARED) as bucket:
        _say_where(s3_server, patch)
        yield bucket


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for temporary files of this test's own, where the local staging of its runs is."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def _say_where(server: Server, patch: pytest.MonkeyPatch) -> None:
    for name, value in (
        ("AWS_ENDPOINT_URL_S3", server.address), ("AWS_REGION", "eu-west-1"), ("AWS_DEFAULT_REGION", "eu-west-1"),
        ("AWS_ACCESS_KEY_ID", "testing"), ("AWS_SECRET_ACCESS_KEY", "testing"), ("AWS_EC2_METADATA_DISABLED", "true"),
    ):  # fmt: skip
        patch.setenv(name, value)
    for name in ("AWS_PROFILE", "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        patch.delenv(name, raising=False)
