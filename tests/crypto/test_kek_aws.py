"""AWS KMS through boto3 against moto's server, on loopback."""

import socket
import sys

import pytest

from beam_deid.transforms.crypto.keks import kek_of
from beam_deid.transforms.errors import KeyFault

from .rings import destroyed, keys_of, made, rotated

boto3 = pytest.importorskip("boto3", reason="the extra aws is not installed")
moto_server = pytest.importorskip("moto.server", reason="moto's server is not installed")


@pytest.fixture(scope="module")
def endpoint():
    server = moto_server.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(autouse=True)
def _aws(endpoint, monkeypatch):
    for name in ("AWS_ENDPOINT_URL", "AWS_PROFILE", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ENDPOINT_URL_KMS", endpoint)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.fixture
def key():
    return boto3.client("kms").create_key()["KeyMetadata"]["Arn"]


def test_a_keyring_is_made_rotated_and_destroyed_over_it(tmp_path, key):
    path = made(tmp_path, f"aws-kms:{key}")
    (old,) = keys_of(path)
    assert len(keys_of(path)[old]) == 32
    rotated(path)
    assert len(set(keys_of(path).values())) == 2
    destroyed(path, old)
    assert old not in keys_of(path)


def test_a_key_unwraps_under_its_own_context_alone(key):
    kek = kek_of(f"aws-kms:{key}", {})
    wrapped = kek.wrap(b"k" * 32, "one")
    assert b"k" * 32 not in wrapped
    assert kek.unwrap(wrapped, "one") == b"k" * 32
    with pytest.raises(KeyFault, match="InvalidCiphertext"):
        kek.unwrap(wrapped, "other")


def test_a_key_that_is_unknown_is_told():
    with pytest.raises(KeyFault, match="NotFoundException"):
        kek_of("aws-kms:00000000-0000-0000-0000-000000000000", {}).wrap(b"k" * 32, "one")


def test_a_service_that_does_not_answer_is_told_soon(key, monkeypatch):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    monkeypatch.setenv("AWS_ENDPOINT_URL_KMS", f"http://127.0.0.1:{port}")
    with pytest.raises(KeyFault, match="cannot be reached"):
        kek_of(f"aws-kms:{key}", {}).wrap(b"k" * 32, "one")


def test_missing_credentials_are_told(key, monkeypatch, tmp_path):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    with pytest.raises(KeyFault, match="NoCredentialsError"):
        kek_of(f"aws-kms:{key}", {}).wrap(b"k" * 32, "one")


def test_without_the_library_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "boto3", None)
    with pytest.raises(KeyFault, match=r"beam-deid\[aws\]"):
        kek_of("aws-kms:x", {}).wrap(b"k" * 32, "one")
