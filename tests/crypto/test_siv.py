import os

import numpy as np
import pyarrow as pa
import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.cmac import CMAC

from beam_deid.transforms.columns.sizes import by_size
from beam_deid.transforms.crypto.siv import Siv

from . import wycheproof
from .samples import group, random_texts

RFC_5297 = {
    "A.1": (
        "fffefdfcfbfaf9f8f7f6f5f4f3f2f1f0f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff",
        ["101112131415161718191a1b1c1d1e1f2021222324252627"],
        "112233445566778899aabbccddee",
        "85632d07c6e8f37f950acd320a2ecc9340c02b9690c4dc04daef7f6afe5c",
    ),
    "A.2": (
        "7f7e7d7c7b7a79787776757473727170404142434445464748494a4b4c4d4e4f",
        [
            "00112233445566778899aabbccddeeffdeaddadadeaddadaffeeddccbbaa99887766554433221100",
            "102030405060708090a0",
            "09f911029d74e35bd84156c5635688c0",
        ],
        "7468697320697320736f6d6520706c61696e7465787420746f20656e6372797074207573696e67205349562d414553",
        "7bdb6e3b432667eb06f4d14bff2fbd0fcb900f2fddbe404326601965c889bf17dba77ceb094fa663b7a3f748ba8af829"
        "ea64ad544a272e9c485b62a3fd5c0d",
    ),
}


def seal(cipher, value):
    return bytes(cipher.seal(group(value))[0])


def open_one(cipher, sealed):
    """The value, or None if it is not authentic."""
    values, authentic = cipher.open(np.frombuffer(sealed, np.uint8).reshape(1, -1))
    return bytes(values[0]) if authentic[0] else None


def vector_of_nothing(key, associated):
    """S2V (RFC 5297, 2.4) whose last string is empty, from cryptography's CMAC."""

    def mac(data):
        one = CMAC(AES(key))
        one.update(data)
        return int.from_bytes(one.finalize(), "big")

    def double(number):
        return (number << 1) ^ (number >> 127) * ((1 << 128) | 0x87)

    state = mac(bytes(16))
    for data in associated:
        state = double(state) ^ mac(data)
    return mac((double(state) ^ (0x80 << 120)).to_bytes(16, "big")).to_bytes(16, "big")


@pytest.mark.parametrize(("key", "associated", "plain", "sealed"), RFC_5297.values(), ids=RFC_5297)
def test_the_examples_of_rfc_5297(key, associated, plain, sealed):
    cipher = Siv(bytes.fromhex(key), [bytes.fromhex(data) for data in associated])
    assert seal(cipher, bytes.fromhex(plain)).hex() == sealed
    assert open_one(cipher, bytes.fromhex(sealed)).hex() == plain


def test_wycheproof_valid_ones_are_made_and_opened_and_invalid_ones_are_told():
    seen = {"valid": 0, "invalid": 0}
    for vectors in wycheproof.packaged("Cipher/wycheproof/aes_siv_cmac_test.json"):
        for test in vectors["tests"]:
            cipher = Siv(bytes.fromhex(test["key"]), [bytes.fromhex(test["aad"])])
            message = bytes.fromhex(test["msg"])
            sealed = bytes.fromhex(test["ct"])
            seen[test["result"]] += 1
            if test["result"] == "valid":
                assert seal(cipher, message) == sealed, test["tcId"]
                assert open_one(cipher, sealed) == message, test["tcId"]
            else:
                assert open_one(cipher, sealed) is None, test["tcId"]
    assert min(seen.values()) > 50


def test_wycheproof_with_a_nonce_as_the_last_associated_data():
    seen = {"valid": 0, "invalid": 0}
    for vectors in wycheproof.packaged("Cipher/wycheproof/aead_aes_siv_cmac_test.json"):
        for test in vectors["tests"]:
            key, data, nonce, message, hidden, tag = (
                bytes.fromhex(test[name]) for name in ("key", "aad", "iv", "msg", "ct", "tag")
            )
            cipher = Siv(key, [data, nonce])
            seen[test["result"]] += 1
            if test["result"] == "valid":
                assert seal(cipher, message) == tag + hidden, test["tcId"]
                assert open_one(cipher, tag + hidden) == message, test["tcId"]
            else:
                assert open_one(cipher, tag + hidden) is None, test["tcId"]
    assert min(seen.values()) > 50


@pytest.mark.parametrize("size", [32, 48, 64])
def test_ten_thousand_random_texts_are_sealed_as_cryptography_seals_them(size):
    key = os.urandom(size)
    texts = random_texts(size)
    cipher = Siv(key)
    peer = AESSIV(key)
    rows = 0
    for values in by_size(pa.array(texts)):
        plain = [texts[row].encode() for row in values.rows]
        sealed = cipher.seal(values)
        if values.size:
            expected = [peer.encrypt(value, [b""]) for value in plain]
        else:  # older releases of cryptography refuse to seal nothing
            expected = [vector_of_nothing(key[: size // 2], [b""])] * len(plain)
        assert [bytes(row) for row in sealed] == expected
        opened, authentic = cipher.open(sealed)
        assert authentic.all()
        assert [bytes(row) for row in opened] == plain
        rows += len(plain)
    assert rows == len(texts)


@pytest.mark.parametrize("associated", [[], [b""], [b"", b""], [b"a"], [b"a" * 16, b"b" * 17, b""]])
def test_any_list_of_associated_data_is_that_of_cryptography(associated):
    key = os.urandom(64)
    for length in (1, 15, 16, 17, 40):
        value = os.urandom(length)
        assert seal(Siv(key, associated), value) == AESSIV(key).encrypt(value, associated)


def test_every_flipped_bit_is_told_row_by_row_and_the_others_are_opened():
    cipher = Siv(os.urandom(64))
    value = b"13800138000"
    sealed = np.frombuffer(seal(cipher, value), np.uint8)
    bits = 8 * len(sealed)
    flipped = np.tile(sealed, (bits + 2, 1))
    for bit in range(bits):
        flipped[bit + 1, bit // 8] ^= 1 << bit % 8
    opened, authentic = cipher.open(flipped)
    assert np.flatnonzero(authentic).tolist() == [0, bits + 1]
    assert bytes(opened[0]) == bytes(opened[-1]) == value


@pytest.mark.parametrize("size", [0, 16, 33, 40, 63, 65, 128])
def test_a_key_of_another_size_is_refused(size):
    with pytest.raises(ValueError, match="key"):
        Siv(bytes(size))
