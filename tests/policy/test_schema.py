import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from beam_deid.transforms.actions import ACTIONS
from beam_deid.transforms.policy.canonical import policy_document
from beam_deid.transforms.policy.reader import policy_from_mapping
from beam_deid.transforms.policy.schema import policy_schema

from .policies import DESIGN, orders

COMMITTED = Path(__file__).parents[2] / "configs" / "schemas" / "policy.schema.json"


def errors(policy: Any) -> list[str]:
    validator = jsonschema.Draft202012Validator(policy_schema())
    return [".".join(map(str, error.absolute_path)) for error in validator.iter_errors(policy)]


def test_the_committed_schema_is_the_generated_one() -> None:
    """Regenerate: `beam-deid schema > configs/schemas/policy.schema.json`."""
    assert json.loads(COMMITTED.read_text(encoding="utf-8")) == policy_schema()


def test_the_schema_is_a_valid_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(policy_schema())


def test_the_designs_example_is_valid() -> None:
    assert errors(yaml.safe_load(DESIGN)) == []


def test_what_the_reader_accepts_the_schema_accepts_with_every_default_said() -> None:
    assert errors(policy_document(policy_from_mapping(orders()))) == []


def test_every_action_is_described() -> None:
    schema = policy_schema()
    for action in ACTIONS:
        assert schema["$defs"][f"Action_{action.name}"]["properties"][action.name]["type"] == "object"


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("version",), 2),
        (("subjct",), "buyer_id"),
        (("fields", "city", "role"), "quasi"),
        (("fields", "city", "kind"), "town"),
        (("fields", "city"), "quasi_identifier"),
        (("releases", "crm", "sharing"), "private"),
        (("releases", "crm", "fields", "name"), {"mask": {"keep_frist": 1}}),
        (("releases", "crm", "fields", "name"), {"mask": {}, "drop": {}}),
        (("releases", "crm", "fields", "name"), "tokenise"),
        (("releases", "crm", "fields", "name"), {"fpe": {"preset": "name"}}),
        (("keys",), {"keyring": "keys/a.keyring", "key": "env:K"}),
        (("releases", "crm", "require"), {"suppression": 2}),
        (("releases", "a/b"), {}),
        (("keys",), {"keyring": "x"}),
    ],
    ids=lambda value: ".".join(value) if isinstance(value, tuple) else None,
)
def test_wrong_policies_are_invalid(path: tuple[str, ...], value: object) -> None:
    mapping = orders()
    here = mapping
    for part in path[:-1]:
        here = here[part]
    here[path[-1]] = value
    assert errors(mapping)
