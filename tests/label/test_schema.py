"""The schema of ``label.json`` is made from the requirements, and labels of every sort follow it."""

import copy
import importlib.resources
import json
from dataclasses import fields
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from beam_deid.pipelines.cli import call
from beam_deid.transforms.crypto.signing import SigningKey
from beam_deid.transforms.label.decide_again import decide_again
from beam_deid.transforms.label.documents import signed
from beam_deid.transforms.label.label import Label
from beam_deid.transforms.label.lines import LINES
from beam_deid.transforms.label.requirements import REQUIREMENTS
from beam_deid.transforms.label.schema import label_schema

from ..kit.every_label import SORTS, EveryLabel

COMMITTED = Path(str(importlib.resources.files("beam_deid.configs").joinpath("schemas/label.schema.json")))


def test_the_committed_schema_is_the_generated_one() -> None:
    """Regenerate: `beam-deid schema --label > configs/schemas/label.schema.json`."""
    assert json.loads(COMMITTED.read_text(encoding="utf-8")) == label_schema()


def test_the_command_prints_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert call(["schema", "--label"]) == 0
    assert json.loads(capsys.readouterr().out) == label_schema()


def test_it_is_a_schema_and_knows_all_evidence() -> None:
    schema = label_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    # Of a recipient nothing is stated where the policy declares none.
    assert {one.name for one in fields(Label)} - {"for_recipient"} <= set(schema["required"])
    assert "for_recipient" in schema["properties"]
    assert {one.line for one in REQUIREMENTS} == set(LINES)


def wrong(label: dict[str, Any]) -> list[str]:
    found = jsonschema.Draft202012Validator(label_schema()).iter_errors(label)
    return [f"{error.json_path}: {error.message[:200]}" for error in found]


@pytest.mark.parametrize("sort", SORTS)
def test_labels_of_every_sort_follow_it(every_label: EveryLabel, sort: str) -> None:
    labels = every_label(sort)
    assert labels
    assert {name: wrong(label) for name, label in labels.items()} == {name: [] for name in labels}


def test_a_label_that_is_signed_or_decided_again_follows_it(every_label: EveryLabel) -> None:
    label = copy.deepcopy(every_label("personal")["out"])
    (key,) = (facts["key"] for facts in label["fields"].values() if facts["key"])
    key["keyring"] = "ring"
    again = decide_again(label, "ring", {key["id"]: "2026-01-01T00:00:00+00:00"}, "2026-01-02T00:00:00+00:00")
    assert again is not None
    assert len(again["amendments"]) == 1
    for one in (label, again):
        assert wrong(signed(one, SigningKey(bytes(32)))) == []


OF_TABLES = {"other_tables"}
"""Tests of runs over several tables, whose labels `tests/joining/test_run_tables.py` checks."""


def test_the_sorts_are_what_they_are_called(every_label: EveryLabel) -> None:
    assert (
        every_label("anonymized")["out"]["label"] == every_label("each record a person")["out"]["label"] == "anonymized"
    )
    assert every_label("personal")["out"]["label"] == every_label("no subject")["out"]["label"] == "still_personal"
    assert every_label("no record released")["out"]["records"]["released"] == 0
    assert set(every_label("two that are tested together")["out"]["asked"]["siblings"]) == {"other"}
    assert every_label("a pseudonym without its key")["out"]["asked"]["linked"]
    every = {
        test["name"].partition(":")[0]
        for sort in SORTS
        for label in every_label(sort).values()
        for test in label["tests"]
    }
    assert every == {one.name for one in REQUIREMENTS} - OF_TABLES


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("schema_version",), 1),
        (("label",), "anonymous"),
        (("tests",), []),
        (("tests", 0, "line"), 10),
        (("tests", 0, "line"), 3),
        (("tests", 0, "name"), "join:source"),
        (("tests", 0, "name"), "k:city"),
        (("tests", 0, "limit"), None),
        (("tests", 0, "more"), 1),
        (("more",), 1),
        (("limits", "k"), "5"),
        (("asked", "asked", "link"), 0.2),
        (("asked", "linked"), "no"),
        (("fields", "city", "kind"), "town"),
        (("fields", "city", "recoverability"), "lost"),
        (("environment", "E"), 2),
        (("identities", "counted"), "buyer"),
        (("base_rates", "item"), 1.5),
        (("changes",), [{"line": 1}]),
        (("signature",), {"algorithm": "none"}),
        (("amendments",), [{"at": "now"}]),
    ],
    ids=lambda value: ".".join(map(str, value)) if isinstance(value, tuple) else None,
)
def test_what_is_no_label_does_not(every_label: EveryLabel, path: tuple[Any, ...], value: Any) -> None:
    label = copy.deepcopy(every_label("anonymized")["out"])
    here: Any = label
    for part in path[:-1]:
        here = here[part]
    here[path[-1]] = value
    assert wrong(label)
