"""A policy is published with what it makes, so no key may stand in its text, wherever it stands."""

import base64
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_deid.transforms.errors import PolicyError
from beam_deid.transforms.policy.reader import read_policy, read_policy_file

from ..kit.keys import KEY

POLICY = """\
version: 1
dataset: orders
subject: buyer
keys: {key: env:BEAM_DEID_KEY}
fields:
  buyer: {role: direct_identifier}
releases:
  crm:
    purpose: marketing
    sharing: enclave
    fields: {buyer: {tokenize: {domain: customer}}}
"""


def refused(path, text):
    path.write_text(text, "utf-8")
    with pytest.raises(PolicyError) as error:
        read_policy(str(path))
    return str(error.value)


@given(key=st.binary(min_size=32, max_size=48), how=st.sampled_from(["hex", "base64", "named"]))
def test_a_key_in_a_comment_is_refused_with_its_line_and_not_repeated(tmp_path_factory, key, how):
    text = key.hex() if how == "hex" else base64.urlsafe_b64encode(key).decode().rstrip("=")
    mixed = how == "hex" or all(any(kind(one) for one in text) for kind in (str.islower, str.isupper, str.isdigit))
    if not mixed:
        return
    comment = f"BEAM_DEID_KEY={text}" if how == "named" else f"the key was {text}, until May"
    said = refused(tmp_path_factory.mktemp("policy") / "policy.yaml", f"{POLICY}# {comment}\n")
    assert ":12:" in said
    assert "this line holds what looks like a key" in said
    assert text not in said


def test_a_key_that_stands_in_a_value_is_refused(tmp_path):
    said = refused(tmp_path / "policy.yaml", POLICY.replace("purpose: marketing", f"purpose: with {KEY}"))
    assert ":9:" in said
    assert "a key that this policy names by its variable stands here itself" in said
    assert KEY not in said


@pytest.mark.parametrize("place", ["purpose: marketing", "# agreed"])
def test_a_key_in_groups_and_a_key_of_a_file_are_refused_wherever_they_stand(tmp_path, place):
    key = bytes(range(100, 132)).hex()
    groups = ":".join(key[at : at + 2] for at in range(0, len(key), 2))
    text = f"{POLICY}# agreed\n"
    said = refused(tmp_path / "policy.yaml", text.replace(place, f"{place} {groups}"))
    assert "this line holds what looks like a key" in said
    secret = tmp_path / "secret.txt"
    secret.write_text("correct horse battery")
    text = text.replace("env:BEAM_DEID_KEY", f"file:{secret}").replace(place, f"{place} correct horse battery")
    assert "stands here itself" in refused(tmp_path / "policy.yaml", text)


def test_a_commit_is_no_key(tmp_path):
    path = tmp_path / "policy.yaml"
    path.write_text(f"{POLICY}# as of commit {'0a1b2c3d' * 5}\n", "utf-8")
    assert read_policy(str(path)).dataset == "orders"


def test_what_is_no_key_is_no_key(tmp_path):
    text = f"{POLICY}# see https://shop.example.com/wiki/Data/Protection/2026/HowWeAnswerRequests, agreed 2026-11-05 (DPO-17)\n"
    path = tmp_path / "policy.yaml"
    path.write_text(text, "utf-8")
    found = read_policy_file(str(path))
    assert found.text == text.encode()
    assert found.policy == read_policy(str(path))
    assert os.environ["BEAM_DEID_KEY"] == KEY
