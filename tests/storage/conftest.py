"""A real S3 server on loopback, with a bucket that keeps versions; and orders that are quickly run over."""

import logging
from collections.abc import Iterator

import boto3
import pytest

from ..conftest import KEY
from .bucket import Bucket
from .trials import House, furnish

NAME = "orders"


@pytest.fixture(scope="session")
def s3_server() -> Iterator[str]:
    """The address of moto's S3 server."""
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.CRITICAL)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    """Three small files of orders, a policy, and outputs over them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BEAM_DEID_KEY", KEY)
        return furnish(tmp_path_factory.mktemp("house"))


@pytest.fixture
def bucket(s3_server: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bucket]:
    """An empty bucket with versions; the environment says where it is."""
    for name, value in (
        ("AWS_ENDPOINT_URL_S3", s3_server), ("AWS_REGION", "eu-west-1"), ("AWS_DEFAULT_REGION", "eu-west-1"),
        ("AWS_ACCESS_KEY_ID", "testing"), ("AWS_SECRET_ACCESS_KEY", "testing"), ("AWS_EC2_METADATA_DISABLED", "true"),
    ):  # fmt: skip
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    client = boto3.client("s3", endpoint_url=s3_server, region_name="eu-west-1")
    client.create_bucket(Bucket=NAME, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    client.put_bucket_versioning(Bucket=NAME, VersioningConfiguration={"Status": "Enabled"})
    made = Bucket(client, NAME)
    yield made
    made.remove()
