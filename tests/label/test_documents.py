import importlib.resources
import json

import jsonschema
import pytest

from beam_deid.transforms.crypto.signing import SigningKey
from beam_deid.transforms.label.documents import document_sha256, signature_problem, signed, signer

SCHEMA = json.loads(
    importlib.resources.files("beam_deid.configs").joinpath("schemas/label.schema.json").read_text("utf-8")
)


def test_the_schema_is_one():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("release", ["analytics", "crm"])
def test_published_labels_follow_the_schema(published, release):
    jsonschema.validate(json.loads((published / release / "label.json").read_text("utf-8")), SCHEMA)


@pytest.mark.parametrize("key", SCHEMA["required"])
def test_a_label_without_a_part_of_it_does_not(published, key):
    label = json.loads((published / "crm" / "label.json").read_text("utf-8"))
    del label[key]
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(label, SCHEMA)


def test_a_documents_hash_does_not_depend_on_the_order_of_its_keys_and_leaves_itself_out():
    first = {"a": 1, "b": {"c": "名"}}
    second = {"b": {"c": "名"}, "a": 1, "sha256": "x"}
    assert document_sha256(first) == document_sha256(second)
    assert document_sha256(first) != document_sha256({**first, "a": 2})


def test_a_signature_holds_for_the_content_in_any_order_and_for_nothing_else():
    key = SigningKey(bytes(32))
    other = SigningKey(bytes(31) + b"x")
    document = signed({"a": 1, "b": ["名"]}, key)
    assert list(document) == ["a", "b", "signature"]
    assert signer(document) == key.public
    for one in (document, dict(reversed(document.items())), json.loads(json.dumps(document))):
        assert signature_problem(one) is None
        assert signature_problem(one, key.public) is None
        assert "another key" in signature_problem(one, other.public)
    for changed in ({"a": 2}, {"a": True}, {"a": 1.0}, {"c": 0}, {"sha256": ""}):
        assert "does not fit" in signature_problem({**document, **changed})
    assert signed(document, None) == {"a": 1, "b": ["名"]}
    assert signed(document, key) == document
    assert document_sha256(document) == document_sha256({"a": 1, "b": ["名"]})


@pytest.mark.parametrize(
    "signature",
    [
        None,
        "x",
        [],
        {},
        {"algorithm": "Ed25519"},
        {"algorithm": "Ed25519", "key": "", "value": ""},
        {"algorithm": "Ed25519", "key": None, "value": []},
        {"algorithm": [], "key": "", "value": ""},
        {"algorithm": "none", "key": "", "value": ""},
        {"algorithm": "Ed25519", "key": "", "value": "", "more": 1},
    ],
)
def test_a_signature_of_any_other_shape_is_a_problem_with_and_without_a_key(signature):
    document = {"a": 1, "signature": signature}
    assert signature_problem(document)
    assert signature_problem(document, SigningKey(bytes(32)).public)


def test_no_signature_is_a_problem_only_where_a_key_is_given():
    assert signature_problem({"a": 1}) is None
    assert "no signature" in signature_problem({"a": 1}, SigningKey(bytes(32)).public)
