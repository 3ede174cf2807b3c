import importlib.resources
import json

import jsonschema
import pytest

from beam_deid.transforms.label.documents import document_sha256

SCHEMA = json.loads(importlib.resources.files("beam_deid.configs").joinpath("schemas/label.schema.json").read_text("utf-8"))


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
    first, second = {"a": 1, "b": {"c": "名"}}, {"b": {"c": "名"}, "a": 1, "sha256": "x"}
    assert document_sha256(first) == document_sha256(second)
    assert document_sha256(first) != document_sha256({**first, "a": 2})
