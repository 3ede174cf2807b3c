import base64
import datetime
import hashlib
import hmac
import pickle
from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from beam_deid.transforms.actions import parse_action
from beam_deid.transforms.actions.action import Target
from beam_deid.transforms.actions.hash import Hash
from beam_deid.transforms.columns.cmac import Cmac
from beam_deid.transforms.crypto.hmac import HmacSha256, HmacSm3

from ..kit.fixed_keys import FixedKeys

TARGET = Target("crm", "receiver_mobile")


def hashed(column, keys=None, **options):
    bound = Hash(**options).bind(TARGET, keys or FixedKeys())
    return bound(column, None).values.to_pylist()


SMALL = st.lists(st.text(min_size=1, max_size=20), max_size=5)


@given(SMALL)
def test_the_default_is_aes_cmac_in_hex(texts):
    cipher = Cmac(FixedKeys().subkey("hash/aes-cmac", "\0crm\0receiver_mobile").bytes)
    assert hashed(pa.array(texts, pa.string())) == [cipher.tag(text.encode()).hex() for text in texts]


@pytest.mark.parametrize(("algorithm", "standard"), [("hmac-sha256", "sha256"), ("hmac-sm3", "sm3")])
@given(texts=SMALL)
def test_an_hmac_is_that_of_the_standard_library(algorithm, standard, texts):
    key = FixedKeys().subkey(f"hash/{algorithm}", "\0crm\0receiver_mobile").bytes
    expected = [hmac.digest(key, text.encode(), standard).hex() for text in texts]
    assert hashed(pa.array(texts, pa.string()), algorithm=algorithm) == expected


def test_an_algorithm_has_a_subkey_of_its_own():
    keys = FixedKeys()
    for algorithm in ("aes-cmac", "hmac-sha256", "hmac-sm3"):
        Hash(algorithm=algorithm).bind(TARGET, keys)
    assert len({use for use, _, _ in keys.asked}) == 3


@given(st.integers(16, 32), SMALL)
def test_both_encodings_and_all_lengths_write_the_beginning_of_the_digest(length, texts):
    key = FixedKeys().subkey("hash/hmac-sha256", "\0crm\0receiver_mobile").bytes
    digests = [hmac.digest(key, text.encode(), hashlib.sha256)[:length] for text in texts]
    column = pa.array(texts, pa.string())
    options = {"algorithm": "hmac-sha256", "length": length}
    assert hashed(column, **options) == [digest.hex() for digest in digests]
    written = [base64.urlsafe_b64encode(digest).rstrip(b"=").decode() for digest in digests]
    assert hashed(column, **options, encoding="base64url") == written


def test_null_and_the_empty_text_stay_and_equal_values_have_equal_hashes():
    one, null, empty, again, other = hashed(pa.array(["a", None, "", "a", "b"]))
    assert (null, empty) == (None, "")
    assert one == again != other


@pytest.mark.parametrize(
    "columns",
    [
        [pa.array([42], pa.int64()), pa.array([42], pa.uint8()), pa.array(["42"]), pa.array([Decimal("42.00")])],
        [pa.array([Decimal("10.5")]), pa.array([Decimal("10.500")]), pa.array([10.5]), pa.array(["10.5"])],
        [pa.array([datetime.datetime(2025, 1, 1, 12)], pa.timestamp(unit)) for unit in ("s", "ms", "us", "ns")],
        [pa.array([True]), pa.array(["true"])],
        [pa.array([datetime.date(2025, 1, 1)], pa.date32()), pa.array([datetime.date(2025, 1, 1)], pa.date64())],
        [
            pa.array([datetime.datetime(2025, 1, 1, 12)], pa.timestamp("us", "UTC")),
            pa.array([datetime.datetime(2025, 1, 1, 12)], pa.timestamp("ms", "UTC")).cast(
                pa.timestamp("ms", "Asia/Shanghai")
            ),
        ],
        [pa.array(["x"]), pa.array(["x"], pa.large_string()), pa.array(["x"]).dictionary_encode()],
    ],
)
def test_a_value_has_one_hash_whatever_type_it_came_in(columns):
    assert len({hashed(column)[0] for column in columns}) == 1


def test_the_domain_is_the_release_and_field_unless_it_is_named():
    keys = FixedKeys()
    Hash().bind(TARGET, keys)
    Hash(domain="customer", key="env:OTHER").bind(TARGET, keys)
    assert keys.asked == [("hash/aes-cmac", "\0crm\0receiver_mobile", None), ("hash/aes-cmac", "customer", "env:OTHER")]


def test_two_fields_of_one_domain_can_be_joined_and_others_cannot():
    column = pa.array(["13800138000"])
    one, two = (Hash(domain="d").bind(Target("r", field), FixedKeys())(column, None).values for field in "ab")
    assert one == two
    one, two = (Hash().bind(Target("r", field), FixedKeys())(column, None).values for field in "ab")
    assert one != two


@pytest.mark.parametrize(
    "options", [{"length": 15}, {"length": 33}, {"key": "s3cr3t-key"}, {"domain": " "}, {"salt": "x"}]
)
def test_weak_or_unknown_options_are_refused(options):
    with pytest.raises(ValidationError) as caught:
        parse_action({"hash": options})
    assert "s3cr3t-key" not in caught.value.errors()[0]["msg"]


def test_a_length_that_the_hash_has_not_is_told():
    assert "16 bytes" in Hash(length=17).check(TARGET)
    assert Hash(length=16).check(TARGET) is None
    assert Hash(length=32, algorithm="hmac-sm3").check(TARGET) is None


@pytest.mark.parametrize("kind", [Cmac, HmacSha256, HmacSm3])
def test_a_keyed_hash_cannot_be_pickled(kind):
    with pytest.raises(TypeError):
        pickle.dumps(kind(b"k" * 32))
