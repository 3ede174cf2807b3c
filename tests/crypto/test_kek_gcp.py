"""Google Cloud KMS: its own client library against a small server of the same protocol, on loopback, with real AES-GCM."""

import os
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from beam_deid.transforms.crypto.keks.gcp_kms import GcpKek
from beam_deid.transforms.errors import KeyFault

kms = pytest.importorskip("google.cloud.kms", reason="the extra gcp is not installed")
grpc = pytest.importorskip("grpc")

KEY = "projects/p/locations/l/keyRings/r/cryptoKeys/k"
SERVICE = "google.cloud.kms.v1.KeyManagementService"


class Service:
    """Encrypt and Decrypt of one key."""

    def __init__(self):
        self.cipher = AESGCM(os.urandom(32))

    def encrypt(self, request, context):
        self.known(request, context)
        nonce = os.urandom(12)
        data = self.cipher.encrypt(nonce, request.plaintext, request.additional_authenticated_data)
        return kms.EncryptResponse(name=request.name, ciphertext=nonce + data)

    def decrypt(self, request, context):
        self.known(request, context)
        data = request.ciphertext
        extra = request.additional_authenticated_data
        try:
            return kms.DecryptResponse(plaintext=self.cipher.decrypt(data[:12], data[12:], extra))
        except InvalidTag:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, "Decryption failed")

    def known(self, request, context):
        if request.name != KEY:
            context.abort(grpc.StatusCode.NOT_FOUND, "no such key")


def handler(method, request, response):
    return grpc.unary_unary_rpc_method_handler(
        method, request_deserializer=request.deserialize, response_serializer=response.serialize
    )


@pytest.fixture(scope="module")
def address():
    service = Service()
    server = grpc.server(ThreadPoolExecutor(2))
    methods = {
        "Encrypt": handler(service.encrypt, kms.EncryptRequest, kms.EncryptResponse),
        "Decrypt": handler(service.decrypt, kms.DecryptRequest, kms.DecryptResponse),
    }
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, methods),))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield f"127.0.0.1:{port}"
    server.stop(None)


@pytest.fixture
def kek_at(address):
    """A key-encryption key whose client speaks to the server."""
    from google.cloud.kms_v1.services.key_management_service.transports import KeyManagementServiceGrpcTransport

    class Local(GcpKek):
        def client(self):
            transport = KeyManagementServiceGrpcTransport(channel=grpc.insecure_channel(address))
            return kms.KeyManagementServiceClient(transport=transport)

    return Local


def test_a_key_unwraps_under_its_own_context_alone(kek_at):
    kek = kek_at(KEY, {})
    wrapped = kek.wrap(b"k" * 32, "one")
    assert b"k" * 32 not in wrapped
    assert kek.unwrap(wrapped, "one") == b"k" * 32
    with pytest.raises(KeyFault, match="InvalidArgument"):
        kek.unwrap(wrapped, "other")


def test_a_key_that_is_unknown_is_told(kek_at):
    with pytest.raises(KeyFault, match="NotFound"):
        kek_at(f"{KEY}2", {}).wrap(b"k" * 32, "one")


def test_missing_credentials_are_told(monkeypatch, tmp_path):
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "none.json"))
    with pytest.raises(KeyFault, match="credentials"):
        GcpKek(KEY, {}).wrap(b"k" * 32, "one")


def test_without_the_library_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "google.cloud", None)
    with pytest.raises(KeyFault, match=r"beam-deid\[gcp\]"):
        GcpKek(KEY, {}).wrap(b"k" * 32, "one")
