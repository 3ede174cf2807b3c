import base64
import hashlib
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_deid.transforms.errors import UsageError
from beam_deid.transforms.persons.account import OPERATOR, REASON, checked_line

# Keys of these tests alone; drawn anew they would give every worker of a run other names of tests.
_HEX = hashlib.sha256(b"a key of a test").hexdigest()
_BASE64 = base64.b64encode(hashlib.sha384(b"a key of a test").digest()).decode()
_GROUPS = ":".join(re.findall("..", _HEX))


@pytest.mark.parametrize(
    "text",
    [
        "yearly rotation",
        "refund of order 202611270001234567, ticket 4711",
        "tickets 4711 4712 4713 4714 4715 4716 4717 4718",
        "request 550e8400-e29b-41d4-a716-446655440000",
        "https://tickets.example.com/browse/SHOP-4711 of 2026-11-27",
        "客户要求，工单 20261127001",
        "its retention is over",
    ],
)
def test_what_people_say_of_their_work_is_kept_as_it_is(text):
    assert checked_line(f"  {text}\n", REASON) == text


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (_HEX, "looks like a key"),
        (f"BEAM_DEID_KEY={_HEX}", "looks like a key"),
        (f"the key {_GROUPS} was seen", "looks like a key"),
        (" ".join(re.findall("....", _HEX)), "looks like a key"),
        ("aB3/" + _BASE64, "looks like a key"),
        ("手机13800000001", "identifies a person (mobile)"),
        ("customer_13800000001_left", "identifies a person (mobile)"),
        ("138 0000 0001 called", "identifies a person (mobile)"),
        ("called by １３８０００００００１", "identifies a person (mobile)"),
        ("asked by li.na@example.com", "identifies a person (email)"),
        ("身份证11010519491231002X", "identifies a person (id_card)"),
        ("card 4111111111111111", "identifies a person (bank_card)"),
        (" \n", "no line of text"),
        ("a\x00b", "no line of text"),
        ("why " * 200, "no line of text"),
    ],
)
@pytest.mark.parametrize("option", [REASON, OPERATOR])
def test_what_may_not_be_kept_is_refused_and_not_repeated(text, said, option):
    with pytest.raises(UsageError, match=re.escape(said)) as refused:
        checked_line(text, option)
    assert refused.value.args
    assert not any(word in str(refused.value) for word in text.split() if len(word) > 6)


@pytest.mark.parametrize("scheme", ["env", "passphrase"])
def test_what_a_variable_of_a_key_holds_is_refused_whatever_it_looks_like(monkeypatch, scheme):
    monkeypatch.setenv("SHOP_SECRET", "correct horse battery staple")
    assert checked_line("correct horse battery staple", REASON)
    with pytest.raises(UsageError, match="looks like a key"):
        checked_line("it was correct horse  battery staple, once", REASON, (f"{scheme}:SHOP_SECRET",))
    assert checked_line("correct horse", REASON, (f"{scheme}:SHOP_SECRET", "file:/keys/kek", ""))


@given(st.binary(min_size=32, max_size=64), st.sampled_from(["", "KEY=", "the key is "]))
def test_no_key_passes_in_hex(key, before):
    with pytest.raises(UsageError):
        checked_line(f"{before}{key.hex()}", REASON)
