import os

import pyarrow as pa
import pytest
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.cmac import CMAC

from beam_deid.transforms.columns.cmac import Cmac

from . import wycheproof
from .samples import random_texts

MESSAGE = bytes.fromhex(
    "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"
    "30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710"
)
KEYS = {
    128: "2b7e151628aed2a6abf7158809cf4f3c",
    192: "8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b",
    256: "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4",
}
RFC_4493 = [
    (128, 0, "bb1d6929e95937287fa37d129b756746"),
    (128, 16, "070a16b46b4d4144f79bdd9dd04a287c"),
    (128, 40, "dfa66747de9ae63030ca32611497c827"),
    (128, 64, "51f0bebf7e3b9d92fc49741779363cfe"),
]
SP_800_38B = [
    (192, 0, "d17ddf46adaacde531cac483de7a9367"),
    (192, 16, "9e99a7bf31e710900662f65e617c5184"),
    (192, 40, "8a1de5be2eb31aad089a82e6ee908b0e"),
    (192, 64, "a1d5df0eed790f794d77589659f39a11"),
    (256, 0, "028962f61b7bf89efc6b551f4667d983"),
    (256, 16, "28a7023f452e8f82bd4bf28d8c37c35c"),
    (256, 40, "aaf3d8f1de5640c232f5b169b9c911e6"),
    (256, 64, "e1992190549f6ed5696a2c056c315410"),
]


def tags(cipher, values):
    return [bytes(row) for row in cipher.digests(pa.array(values))]


def oracle(key, value):
    mac = CMAC(AES(key))
    mac.update(value)
    return mac.finalize()


@pytest.mark.parametrize(("bits", "length", "tag"), RFC_4493 + SP_800_38B)
def test_the_examples_of_rfc_4493_and_sp_800_38b(bits, length, tag):
    cipher = Cmac(bytes.fromhex(KEYS[bits]))
    assert cipher.tag(MESSAGE[:length]).hex() == tag
    assert tags(cipher, [MESSAGE[:length]] * 3) == [bytes.fromhex(tag)] * 3


def test_wycheproof_valid_tags_are_made_and_invalid_ones_are_not():
    seen = {"valid": 0, "invalid": 0}
    for group in wycheproof.packaged("Hash/wycheproof/aes_cmac_test.json"):
        size = group["tagSize"] // 8
        for test in group["tests"]:
            key = bytes.fromhex(test["key"])
            message = bytes.fromhex(test["msg"])
            seen[test["result"]] += 1
            if "InvalidKeySize" in test["flags"]:
                with pytest.raises(ValueError, match="key"):
                    Cmac(key)
                continue
            # A shorter tag is the beginning of the whole one (SP 800-38B, 6.2).
            (made,) = tags(Cmac(key), [message])
            assert (made[:size].hex() == test["tag"]) == (test["result"] == "valid"), test["tcId"]
    assert min(seen.values()) > 50


@pytest.mark.parametrize("size", [16, 24, 32])
def test_ten_thousand_random_texts_have_the_tags_of_cryptography(size):
    key = os.urandom(size)
    texts = random_texts(size)
    cipher = Cmac(key)
    expected = [oracle(key, text.encode()) for text in texts]
    assert tags(cipher, texts) == expected
    assert [cipher.tag(text.encode()) for text in texts[:500]] == expected[:500]


def test_a_slice_has_the_tags_of_the_slice_in_every_layout():
    key = os.urandom(32)
    texts = random_texts(1)[:300]
    expected = [oracle(key, text.encode()) for text in texts[37:211]]
    for kind in (pa.string(), pa.large_string(), pa.binary(), pa.large_binary()):
        column = pa.array([text.encode() for text in texts], pa.binary()).cast(kind)
        assert [bytes(row) for row in Cmac(key).digests(column[37:211])] == expected
    assert Cmac(key).digests(pa.array([], pa.string())).shape == (0, 16)


def test_more_values_than_one_group_holds_keep_their_order():
    key = os.urandom(32)
    values = [f"{number:011d}" for number in range(70_000)]
    made = Cmac(key).digests(pa.array(values))
    for row in (0, 32_767, 32_768, 65_535, 65_536, 69_999):
        assert bytes(made[row]) == oracle(key, values[row].encode())
    assert len({bytes(row) for row in made}) == len(values)


def test_a_number_comes_from_the_first_eight_bytes_of_the_tag():
    key = os.urandom(32)
    texts = random_texts(2)[:500]
    for below in (1, 2, 1000, 1 << 32):
        expected = [int.from_bytes(oracle(key, text.encode())[:8], "big") % below for text in texts]
        assert Cmac(key).numbers(pa.array(texts), below).tolist() == expected
