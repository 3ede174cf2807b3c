import os

import numpy as np
import pyarrow as pa
import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from beam_deid.transforms.columns.sizes import by_size
from beam_deid.transforms.crypto.gcm import NONCE, Gcm

from . import wycheproof
from .samples import group, random_texts

KEY = "feffe9928665731c6d6a8f9467308308"
PLAIN = (
    "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
    "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b391aafd255"
)
ZERO = "00" * 12
OTHER = "cafebabefacedbaddecaf888"
MCGREW_VIEGA = {  # the cases with nonces of 12 bytes and without associated data: key, nonce, plaintext, sealed
    1: ("00" * 16, ZERO, "", "58e2fccefa7e3061367f1d57a4e7455a"),
    2: ("00" * 16, ZERO, "00" * 16, "0388dace60b6a392f328c2b971b2fe78ab6e47d42cec13bdf53a67b21257bddf"),
    3: (
        KEY,
        OTHER,
        PLAIN,
        "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e"
        "21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091473f5985"
        "4d5c2af327cd64a62cf35abd2ba6fab4",
    ),
    7: ("00" * 24, ZERO, "", "cd33b28ac773f74ba00ed1f312572435"),
    8: ("00" * 24, ZERO, "00" * 16, "98e7247c07f0fe411c267e4384b0f6002ff58d80033927ab8ef4d4587514f0fb"),
    9: (
        KEY + KEY[:16],
        OTHER,
        PLAIN,
        "3980ca0b3c00e841eb06fac4872a2757859e1ceaa6efd984628593b40ca1e19c"
        "7d773d00c144c525ac619d18c84a3f4718e2448b2fe324d9ccda2710acade256"
        "9924a7c8587336bfb118024db8674a14",
    ),
    13: ("00" * 32, ZERO, "", "530f8afbc74536b9a963b4f1c4cb738b"),
    14: ("00" * 32, ZERO, "00" * 16, "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919"),
    15: (
        KEY + KEY,
        OTHER,
        PLAIN,
        "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
        "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662898015ad"
        "b094dac5d93471bdec1a502270e3cc6c",
    ),
}


def matrix(*rows):
    return np.frombuffer(b"".join(rows), np.uint8).reshape(len(rows), -1)


def seal(cipher, nonce, value):
    one = group(value)
    return bytes(cipher.seal(matrix(nonce), one.words, one.size)[0])


def open_one(cipher, nonce, sealed):
    """The value, or None if it is not authentic."""
    values, authentic = cipher.open(matrix(nonce), matrix(sealed))
    return bytes(values[0]) if authentic[0] else None


@pytest.mark.parametrize(("key", "nonce", "plain", "sealed"), MCGREW_VIEGA.values(), ids=MCGREW_VIEGA)
def test_the_cases_of_mcgrew_and_viega(key, nonce, plain, sealed):
    cipher = Gcm(bytes.fromhex(key))
    assert seal(cipher, bytes.fromhex(nonce), bytes.fromhex(plain)).hex() == sealed
    assert open_one(cipher, bytes.fromhex(nonce), bytes.fromhex(sealed)).hex() == plain


def test_wycheproof_valid_ones_are_made_and_opened_and_invalid_ones_are_told():
    seen = {"valid": 0, "invalid": 0}
    for vectors in wycheproof.packaged("Cipher/wycheproof/aes_gcm_test.json"):
        if (vectors["ivSize"], vectors["tagSize"]) != (96, 128):
            continue
        for test in vectors["tests"]:
            if test["aad"]:
                continue
            cipher = Gcm(bytes.fromhex(test["key"]))
            nonce = bytes.fromhex(test["iv"])
            message = bytes.fromhex(test["msg"])
            sealed = bytes.fromhex(test["ct"] + test["tag"])
            seen[test["result"]] += 1
            if test["result"] == "valid":
                assert seal(cipher, nonce, message) == sealed, test["tcId"]
                assert open_one(cipher, nonce, sealed) == message, test["tcId"]
            else:
                assert open_one(cipher, nonce, sealed) is None, test["tcId"]
    assert min(seen.values()) > 50


@pytest.mark.parametrize("size", [16, 24, 32])
def test_ten_thousand_random_texts_are_sealed_as_cryptography_seals_them(size):
    key = os.urandom(size)
    texts = random_texts(size)
    cipher = Gcm(key)
    peer = AESGCM(key)
    rows = 0
    for values in by_size(pa.array(texts)):
        plain = [texts[row].encode() for row in values.rows]
        nonces = matrix(*(os.urandom(NONCE) for _ in plain))
        sealed = cipher.seal(nonces, values.words, values.size)
        expected = [peer.encrypt(bytes(nonce), value, None) for nonce, value in zip(nonces, plain, strict=True)]
        assert [bytes(row) for row in sealed] == expected
        opened, authentic = cipher.open(nonces, sealed)
        assert authentic.all()
        assert [bytes(row) for row in opened] == plain
        rows += len(plain)
    assert rows == len(texts)


def test_every_flipped_bit_of_nonce_ciphertext_and_tag_is_told_row_by_row():
    cipher = Gcm(os.urandom(32))
    nonce = os.urandom(NONCE)
    value = "浙江省杭州市西湖区".encode()
    whole = matrix(nonce + seal(cipher, nonce, value))[0]
    bits = 8 * len(whole)
    flipped = np.tile(whole, (bits + 2, 1))
    for bit in range(bits):
        flipped[bit + 1, bit // 8] ^= 1 << bit % 8
    opened, authentic = cipher.open(flipped[:, :NONCE], flipped[:, NONCE:])
    assert np.flatnonzero(authentic).tolist() == [0, bits + 1]
    assert bytes(opened[0]) == bytes(opened[-1]) == value
