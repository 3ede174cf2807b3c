import base64
import os
import pickle

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from beam_deid.transforms.crypto.signing import SigningKey, is_signed, public_bytes, read_public
from beam_deid.transforms.errors import KeyFault, UsageError

from ..kit.prompt import promptly

# RFC 8032, section 7.1, tests 1 to 3: secret, public, message, signature.
SAMPLES = [
    (
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ),
]


def test_signatures_are_those_of_the_rfc():
    for secret, public, message, signature in SAMPLES:
        key = SigningKey(bytes.fromhex(secret))
        text = bytes.fromhex(message)
        assert public_bytes(key.public) == bytes.fromhex(public)
        assert base64.b64decode(key.sign(text)) == bytes.fromhex(signature)
        assert is_signed(text, key.sign(text), key.public)
        assert not is_signed(text + b"x", key.sign(text), key.public)


@pytest.mark.parametrize("wrong", [None, 1, [], {}, "", "no base64", "AAAA", "A" * 43 + "=", "\ud800", "é"])
def test_what_is_no_signature_or_no_key_signed_nothing(wrong):
    key = SigningKey(bytes(32))
    assert not is_signed(b"m", wrong, key.public)
    assert not is_signed(b"m", key.sign(b"m"), wrong)


def test_a_second_spelling_of_a_key_or_signature_is_none():
    key = SigningKey(bytes(32))
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    other = key.public[:-2] + letters[letters.index(key.public[-2]) ^ 1] + "="
    assert base64.b64decode(other) == base64.b64decode(key.public)
    assert public_bytes(other) is None
    assert public_bytes(key.public + "\n") is None


def test_a_public_key_is_given_as_base64_or_in_a_file_as_base64_or_pem(tmp_path):
    key = SigningKey(bytes(32))
    public = Ed25519PublicKey.from_public_bytes(public_bytes(key.public))
    pem = public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    (tmp_path / "a.pub").write_text(f"{key.public}\n")
    (tmp_path / "b.pem").write_bytes(pem)
    for given in (key.public, str(tmp_path / "a.pub"), str(tmp_path / "b.pem")):
        assert read_public(given) == key.public


def test_a_public_key_in_a_file_is_read_through_links_and_a_pipe_is_not_waited_for(tmp_path):
    key = SigningKey(bytes(32))
    (tmp_path / "a.pub").write_text(f"{key.public}\n")
    (tmp_path / "link").symlink_to("a.pub")
    assert read_public(str(tmp_path / "link")) == key.public
    os.mkfifo(tmp_path / "pipe")
    for given in (tmp_path / "pipe", tmp_path, "", "\x00", "a/" * 5000):
        with promptly(), pytest.raises(UsageError, match="keys list"):
            read_public(str(given))


@pytest.mark.parametrize(
    "content", [b"", b"\xff", b"secret", b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"]
)
def test_what_is_no_public_key_is_told_and_not_repeated(tmp_path, content):
    path = tmp_path / "x"
    path.write_bytes(content)
    for given in (str(path), "c2VjcmV0LWtleQ=="):
        with pytest.raises(UsageError, match="keys list") as caught:
            read_public(given)
        assert "secret" not in str(caught.value)
        assert "c2Vj" not in str(caught.value)


def test_a_signing_key_neither_pickles_nor_shows():
    key = SigningKey(bytes(32))
    with pytest.raises(KeyFault):
        pickle.dumps(key)
    assert repr(key) == f"<SigningKey {key.public}>"
