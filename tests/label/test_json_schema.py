"""What a type says of its document, and what it cannot say."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from beam_deid.transforms.label.json_schema import COUNT, TEXT, annotated, type_of
from beam_deid.transforms.terms import LabelName


@dataclass
class Told:
    name: str
    rows: int
    shares: Mapping[str, float]
    label: LabelName | None
    parts: tuple[str, ...] = ()


def test_a_types_attributes_are_the_keys_of_its_document():
    schema = type_of(Told)
    assert schema["required"] == ["name", "rows", "shares", "label", "parts"]
    assert schema["properties"]["rows"] == COUNT
    assert schema["properties"]["shares"] == {"type": "object", "additionalProperties": {"type": "number"}}
    assert schema["properties"]["label"]["anyOf"] == [{"enum": ["anonymized", "still_personal"]}, {"type": "null"}]
    assert schema["properties"]["parts"] == {"type": "array", "items": TEXT}


def test_a_schema_that_is_given_says_more_and_what_is_optional_may_be_missing():
    schema = type_of(Told, {"name": {"const": "a"}}, without=("rows",), optional=("parts",))
    assert schema["required"] == ["name", "shares", "label"]
    assert list(schema["properties"]) == ["name", "shares", "label", "parts"]
    assert schema["properties"]["name"] == {"const": "a"}


@pytest.mark.parametrize("annotation", [Any, Told, tuple[int, int], int | str])
def test_a_type_that_says_too_little_needs_a_schema(annotation):
    with pytest.raises(TypeError, match="a schema of its own"):
        annotated(annotation)
