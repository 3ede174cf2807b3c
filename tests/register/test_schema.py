"""The schema of a register's revisions is made from what they are made of, and real ones follow it."""

import importlib.resources
import json
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest

from beam_deid.pipelines.cli import call
from beam_deid.transforms.register.document import FORMAT, Event, State, Table
from beam_deid.transforms.register.folder import hold
from beam_deid.transforms.register.schema import register_schema

from .kit import document, entry, register

COMMITTED = Path(str(importlib.resources.files("beam_deid.configs").joinpath("schemas/register.schema.json")))


def wrong(revision):
    return [error.message for error in jsonschema.Draft202012Validator(register_schema()).iter_errors(revision)]


def test_the_committed_schema_is_the_generated_one():
    """Regenerate: `beam-deid schema --register > configs/schemas/register.schema.json`."""
    assert json.loads(COMMITTED.read_text(encoding="utf-8")) == register_schema()


def test_the_command_prints_it(capsys):
    assert call(["schema", "--register"]) == 0
    assert json.loads(capsys.readouterr().out) == register_schema()
    assert call(["schema", "--register", "--label"]) == 2


def test_it_is_a_schema():
    jsonschema.Draft202012Validator.check_schema(register_schema())


def test_revisions_follow_it(tmp_path):
    place = tmp_path / "shop.register"
    with hold(str(place)) as held:
        held.save(document())
        saved = register(held, tmp_path, "analytics.1")
        said = Event("2026-02-01T00:00:00+00:00", State.FORGOTTEN, reason="it was never given out")
        changed = replace(saved.entry("analytics.1").after(said), recipient="an agency", l={"item": 2})
        persons = Table(changed.table.file, 9, 9, changed.table.sha256, "p_")
        run = replace(saved.runs[0], persons=persons)
        held.save(replace(saved.with_entries({"analytics.1": changed}), runs=(run,)))
    revisions = [json.loads(path.read_text("utf-8")) for path in sorted(place.glob("revision-*.json"))]
    assert [wrong(revision) for revision in revisions] == [[], [], []]
    assert [one["revision"] for one in revisions] == [1, 2, 3]


@pytest.mark.parametrize(
    "changes", [{"format": FORMAT + 1}, {"revision": 0}, {"key": {}}, {"more": 1}, {"releases": [{}]}, {"sha256": "x"}]
)
def test_others_do_not(tmp_path, changes):
    place = tmp_path / "shop.register"
    with hold(str(place)) as held:
        held.save(document().with_entries({"a.1": entry("a.1")}))
    revision = json.loads((place / "revision-000001.json").read_text("utf-8"))
    assert wrong(revision) == []
    assert wrong({**revision, **changes})
