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
from beam_deid.transforms.crypto.keyed_hash import KeyedHash

from .keyring import FixedKeys

TARGET = Target("crm", "receiver_mobile")


def hashed(column, keys=None, **options):
    bound = Hash(**options).bind(TARGET, keys or FixedKeys())
    return bound(column, None).values.to_pylist()


# RFC 4231, sections 4.2 to 4.8 (4.6 is a truncated one), those whose data are ASCII.
@pytest.mark.parametrize(
    ("key", "text", "digest"),
    [
        (b"\x0b" * 20, "Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
        (b"Jefe", "what do ya want for nothing?", "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
        (
            b"\xaa" * 131,
            "Test Using Larger Than Block-Size Key - Hash Key First",
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
        ),
        (
            b"\xaa" * 131,
            "This is a test using a larger than block-size key and a larger than block-size data. "
            "The key needs to be hashed before being used by the HMAC algorithm.",
            "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2",
        ),
    ],
)
def test_the_vectors_of_rfc_4231(key, text, digest):
    assert KeyedHash(key).digests(pa.array([text]))[0].tobytes().hex() == digest


@given(st.binary(max_size=200), st.lists(st.text(max_size=100), max_size=5))
def test_digests_are_those_of_the_standard_library(key, texts):
    expected = [hmac.digest(key, text.encode(), "sha256") for text in texts]
    assert [row.tobytes() for row in KeyedHash(key).digests(pa.array(texts, pa.string()))] == expected


@given(st.integers(16, 32), st.lists(st.text(min_size=1, max_size=20), max_size=5))
def test_both_encodings_and_all_lengths_write_the_beginning_of_the_digest(length, texts):
    keys = FixedKeys()
    key = keys.subkey("hash", "crm/receiver_mobile")
    digests = [hmac.digest(key, text.encode(), hashlib.sha256)[:length] for text in texts]
    column = pa.array(texts, pa.string())
    assert hashed(column, length=length) == [digest.hex() for digest in digests]
    written = [base64.urlsafe_b64encode(digest).rstrip(b"=").decode() for digest in digests]
    assert hashed(column, length=length, encoding="base64url") == written


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
    assert keys.asked == [("hash", "crm/receiver_mobile", None), ("hash", "customer", "env:OTHER")]


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


def test_a_keyed_hash_cannot_be_pickled():
    with pytest.raises(TypeError):
        pickle.dumps(KeyedHash(b"k" * 32))
