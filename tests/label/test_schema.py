"""The schema of ``label.json`` is made from the requirements, and labels of every sort follow it."""

import copy
import importlib.resources
import json
from collections.abc import Callable, Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import jsonschema
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from beam_deid.pipelines.cli import call
from beam_deid.transforms.crypto.signing import SigningKey
from beam_deid.transforms.label.decide_again import decide_again
from beam_deid.transforms.label.documents import signed
from beam_deid.transforms.label.label import Label
from beam_deid.transforms.label.lines import LINES
from beam_deid.transforms.label.requirements import REQUIREMENTS
from beam_deid.transforms.label.schema import label_schema

COMMITTED = Path(str(importlib.resources.files("beam_deid.configs").joinpath("schemas/label.schema.json")))
ROWS = 240


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


# A shop of persons who are alike by the hundred, and what may become of it.

POLICY: dict[str, Any] = {
    "version": 1,
    "dataset": "shop",
    "subject": "buyer",
    "fields": {
        "buyer": {"role": "direct_identifier"},
        "mobile": {"role": "direct_identifier", "kind": "mobile"},
        "city": {"role": "quasi_identifier"},
        "day": {"role": "quasi_identifier", "kind": "date"},
        "item": {"role": "sensitive"},
    },
    "keys": {"key": "env:BEAM_DEID_KEY"},
    "releases": {},
}


def release(fields: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"purpose": "test", "sharing": "controlled", "fields": fields} | more


PLAIN = {"city": "keep", "item": "keep"}
DAYS = {"city": "keep", "day": {"generalize": {"calendar": ["month", "year"]}}, "item": "keep"}
ASKED = {
    "k": 6,
    "l": {"item": {"distinct": 2, "entropy": 1.2, "recursive": [9, 2]}},
    "t": {"item": {"max": 1, "distance": "equal"}},
    "alpha": {"item": 0.9},
    "beta": {"item": {"max": 9, "kind": "enhanced"}},
    "delta": {"item": 9},
    "gain": 0.5,
    "dominance": 0.6,
    "risk": 0.05,
    "average_risk": 0.5,
    "history": 0.5,
    "suppression": 0.5,
}
SORTS: dict[str, Callable[[Path], dict[str, Any]]] = {
    "anonymized": lambda folder: {"releases": {"out": release(PLAIN)}},
    "searched, with all that can be asked": lambda folder: {
        "releases": {
            "out": release(DAYS, require=ASKED, combinations=2, environment={"population": 100_000, "motive": "low"})
        }
    },
    "two that are tested together": lambda folder: {"releases": {"out": release(DAYS), "other": release(PLAIN)}},
    "personal": lambda folder: {
        "releases": {
            "out": release(
                {"buyer": "keep", "mobile": {"mask": {"keep_first": 3}}, "city": {"hash": {}}, "item": "keep"}
            )
        }
    },
    "a pseudonym without its key": lambda folder: {
        "releases": {"out": release({"buyer": {"hash": {}}, "city": "keep", "item": "keep"}, key="ephemeral")}
    },
    "no record released": lambda folder: {
        "fields": {**POLICY["fields"], "city": {"role": "quasi_identifier", "kind": "integer"}},
        "releases": {"out": release(PLAIN, sharing="public")},
    },
    "no subject": lambda folder: {"subject": None, "releases": {"out": release(PLAIN)}},
    "each record a person": lambda folder: {"subject": "each_record", "releases": {"out": release(PLAIN)}},
    "of some records": lambda folder: {
        "releases": {"out": release(PLAIN, where={"item": ["tea", "rice"]}, basis="PIPL Art. 13(1)(2)")}
    },
    "attackers": lambda folder: {
        "releases": {
            "out": release(
                DAYS,
                attackers={
                    "courier": {
                        "knows": ["city", "day"],
                        "table": str(folder / "orders.parquet"),
                        "within": {"day": "2d"},
                    },
                    "stranger": {"knows": ["city"], "table": str(folder / "strangers.parquet")},
                    "neighbour": {"knows": ["city"]},
                },
            )
        }
    },
}


def shop(folder: Path, sort: str) -> Path:
    """The output of a run over the shop's orders."""
    table = pa.table(
        {
            "buyer": [f"u{row // 2}" for row in range(ROWS)],
            "mobile": [f"138{row // 2:08d}" for row in range(ROWS)],
            "city": ["A" if row % 4 < 2 else "B" for row in range(ROWS)],
            "item": ["tea", "rice", "salt"] * (ROWS // 3),
            "day": [f"2024-{1 + row % 12:02d}-{1 + row % 28:02d}" for row in range(ROWS)],
        }
    )
    pq.write_table(table, folder / "orders.parquet")
    pq.write_table(pa.table({"city": ["C", "D"]}), folder / "strangers.parquet")
    policy = {
        name: value for name, value in {**copy.deepcopy(POLICY), **SORTS[sort](folder)}.items() if value is not None
    }
    (folder / "policy.yaml").write_text(yaml.safe_dump(policy, allow_unicode=True, sort_keys=False), "utf-8")
    out = folder / "out"
    command = [
        "run",
        str(folder / "policy.yaml"),
        "-i",
        str(folder / "orders.parquet"),
        "-o",
        str(out),
        "--workers",
        "1",
        "--max-rejects",
        "1",
    ]
    assert call(command) == 0
    return out


def wrong(label: dict[str, Any]) -> list[str]:
    found = jsonschema.Draft202012Validator(label_schema()).iter_errors(label)
    return [f"{error.json_path}: {error.message[:200]}" for error in found]


@pytest.fixture(scope="module")
def outputs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], dict[str, Any]]]:
    """The labels of each sort, made once."""
    made: dict[str, dict[str, Any]] = {}

    def labels(sort: str) -> dict[str, Any]:
        if sort not in made:
            out = shop(tmp_path_factory.mktemp("shop"), sort)
            made[sort] = {path.parent.name: json.loads(path.read_text("utf-8")) for path in out.glob("*/label.json")}
        return made[sort]

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BEAM_DEID_KEY", "canary-key-0123456789-0123456789-0123456789")
        yield labels


@pytest.mark.parametrize("sort", SORTS)
def test_labels_of_every_sort_follow_it(outputs: Callable[[str], dict[str, Any]], sort: str) -> None:
    labels = outputs(sort)
    assert labels
    assert {name: wrong(label) for name, label in labels.items()} == {name: [] for name in labels}


def test_a_label_that_is_signed_or_decided_again_follows_it(outputs: Callable[[str], dict[str, Any]]) -> None:
    label = copy.deepcopy(outputs("personal")["out"])
    (key,) = (facts["key"] for facts in label["fields"].values() if facts["key"])
    key["keyring"] = "ring"
    again = decide_again(label, "ring", {key["id"]: "2026-01-01T00:00:00+00:00"}, "2026-01-02T00:00:00+00:00")
    assert again is not None
    assert len(again["amendments"]) == 1
    for one in (label, again):
        assert wrong(signed(one, SigningKey(bytes(32)))) == []


OF_TABLES = {"other_tables"}
"""Tests of runs over several tables, whose labels `tests/joining/test_run_tables.py` checks."""


def test_the_sorts_are_what_they_are_called(outputs: Callable[[str], dict[str, Any]]) -> None:
    assert outputs("anonymized")["out"]["label"] == outputs("each record a person")["out"]["label"] == "anonymized"
    assert outputs("personal")["out"]["label"] == outputs("no subject")["out"]["label"] == "still_personal"
    assert outputs("no record released")["out"]["records"]["released"] == 0
    assert set(outputs("two that are tested together")["out"]["asked"]["siblings"]) == {"other"}
    assert outputs("a pseudonym without its key")["out"]["asked"]["linked"]
    every = {
        test["name"].partition(":")[0] for sort in SORTS for label in outputs(sort).values() for test in label["tests"]
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
def test_what_is_no_label_does_not(outputs: Callable[[str], dict[str, Any]], path: tuple[Any, ...], value: Any) -> None:
    label = copy.deepcopy(outputs("anonymized")["out"])
    here: Any = label
    for part in path[:-1]:
        here = here[part]
    here[path[-1]] = value
    assert wrong(label)
