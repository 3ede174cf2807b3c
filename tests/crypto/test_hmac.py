import hashlib
import hmac
import os

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_deid.transforms.crypto.hmac import HmacSha256, HmacSm3

from . import wycheproof
from .samples import random_texts

needs_sm3 = pytest.mark.skipif("sm3" not in hashlib.algorithms_available, reason="this Python's OpenSSL has no SM3")

RFC_4231 = {  # key, data, HMAC-SHA-256
    1: (b"\x0b" * 20, b"Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
    2: (
        b"Jefe",
        b"what do ya want for nothing?",
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
    ),
    3: (b"\xaa" * 20, b"\xdd" * 50, "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"),
    4: (bytes(range(1, 26)), b"\xcd" * 50, "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"),
    5: (b"\x0c" * 20, b"Test With Truncation", "a3b6167473100ee06e0c796c2955552b"),
    6: (
        b"\xaa" * 131,
        b"Test Using Larger Than Block-Size Key - Hash Key First",
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
    ),
    7: (
        b"\xaa" * 131,
        b"This is a test using a larger than block-size key and a larger than block-size data. The key needs to be "
        b"hashed before being used by the HMAC algorithm.",
        "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2",
    ),
}
GMT_0042 = {  # GM/T 0042-2015, appendix D.3, as in OpenSSL's evpmac_sm3.txt: key, data, HMAC-SM3
    "two blocks": (
        bytes(range(1, 33)),
        b"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq" * 2,
        "ca05e144ed05d1857840d1f318a4a8669e559fc8391f414485bfdf7bb408963a",
    ),
    "a longer key": (
        bytes(range(1, 38)),
        b"\xcd" * 50,
        "220bf579ded555393f0159f66c99877822a3ecf610d1552154b41d44b94db3ae",
    ),
    "Hi There": (
        b"\x0b" * 32,
        b"Hi There",
        "c0ba18c68b90c88bc07de794bfc7d2c8d19ec31ed8773bc2b390c9604e0be11e",
    ),
}


def digests(cipher, values):
    return [bytes(row) for row in cipher.digests(pa.array(values))]


@pytest.mark.parametrize(("key", "data", "digest"), RFC_4231.values(), ids=RFC_4231)
def test_the_cases_of_rfc_4231(key, data, digest):
    (made,) = digests(HmacSha256(key), [data])
    assert made[: len(digest) // 2].hex() == digest  # case 5 is truncated


@needs_sm3
@pytest.mark.parametrize(("key", "data", "digest"), GMT_0042.values(), ids=GMT_0042)
def test_the_cases_of_gmt_0042(key, data, digest):
    assert digests(HmacSm3(key), [data])[0].hex() == digest


@needs_sm3
def test_sm3_is_that_of_gbt_32905():
    assert hashlib.new("sm3", b"abc").hexdigest() == "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"


@needs_sm3
@pytest.mark.parametrize("size", [1, 32, 64, 65, 200])
def test_hmac_sm3_is_that_of_rfc_2104_over_the_sm3_of_gmssl(size):
    sm3 = pytest.importorskip("gmssl.sm3", reason="gmssl is not installed")

    def hashed(data):
        return bytes.fromhex(sm3.sm3_hash(list(data)))

    key = os.urandom(size)
    values = [text.encode() for text in random_texts(size)[:40]]
    block = (key if size <= 64 else hashed(key)).ljust(64, b"\0")
    inner, outer = (bytes(byte ^ pad for byte in block) for pad in (0x36, 0x5C))
    assert digests(HmacSm3(key), values) == [hashed(outer + hashed(inner + value)) for value in values]


def test_wycheproof_valid_tags_are_made_and_invalid_ones_are_not():
    seen = {"valid": 0, "invalid": 0}
    for group in wycheproof.local("hmac_sha256_test.json"):
        for test in group["tests"]:
            (made,) = digests(HmacSha256(bytes.fromhex(test["key"])), [bytes.fromhex(test["msg"])])
            seen[test["result"]] += 1
            assert (made[: group["tagSize"] // 8].hex() == test["tag"]) == (test["result"] == "valid"), test["tcId"]
    assert min(seen.values()) > 0


@pytest.mark.parametrize(("kind", "name"), [(HmacSha256, "sha256"), pytest.param(HmacSm3, "sm3", marks=needs_sm3)])
@pytest.mark.parametrize("size", [0, 16, 32, 63, 64, 65, 131])
def test_ten_thousand_random_texts_have_the_digests_of_the_standard_library(kind, name, size):
    key = os.urandom(size)
    texts = random_texts(size)
    assert digests(kind(key), texts) == [hmac.digest(key, text.encode(), name) for text in texts]


@given(st.binary(max_size=80), st.lists(st.binary(max_size=150)))
def test_any_bytes_under_any_key_have_the_digest_of_the_standard_library(key, values):
    made = HmacSha256(key).digests(pa.array(values, pa.binary()))
    assert made.shape == (len(values), 32)
    assert [bytes(row) for row in made] == [hmac.digest(key, value, "sha256") for value in values]


def test_a_slice_has_the_digests_of_the_slice_in_every_layout():
    texts = random_texts(1)[:100]
    expected = [hmac.digest(b"k" * 32, text.encode(), "sha256") for text in texts[11:57]]
    for kind in (pa.string(), pa.large_string(), pa.binary(), pa.large_binary()):
        column = pa.array([text.encode() for text in texts], pa.binary()).cast(kind)
        assert [bytes(row) for row in HmacSha256(b"k" * 32).digests(column[11:57])] == expected


def test_asking_twice_gives_the_same():
    cipher = HmacSha256(b"k" * 32)
    assert digests(cipher, ["a", "b"]) == digests(cipher, ["a", "b"])
