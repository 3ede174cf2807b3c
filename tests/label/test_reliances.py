"""Which published releases rest on a key: folders whose manifests are another's are named, and end nothing with a fault."""

import json

import pytest

from beam_deid.transforms.errors import UsageError
from beam_deid.transforms.label.reliances import Reliance, reliances


def folder(path, run, label):
    (path / "a").mkdir()
    (path / "run.json").write_text(json.dumps(run))
    (path / "a" / "label.json").write_text(json.dumps(label))
    return str(path)


def test_a_release_with_a_field_of_the_key_rests_on_it(tmp_path):
    label = {"label": "still_personal", "fields": {"x": {"key": {"id": 3}}, "y": {"key": None}}}
    output = folder(tmp_path, {"releases": {"a": {"published": True}, "b": {"published": False}}}, label)
    assert reliances([output], [3]) == [Reliance(output, "a", "still_personal", ("x",))]
    assert reliances([output], [4]) == []


@pytest.mark.parametrize(
    ("run", "label"),
    [
        ({}, {}),
        ({"releases": []}, {}),
        ({"releases": {"a": {}}}, {}),
        ({"releases": {"a": "x"}}, {}),
        ({"releases": {"a": {"published": True}}}, {}),
        ({"releases": {"a": {"published": True}}}, {"fields": {"x": "kept"}}),
    ],
)
def test_manifests_of_no_run_are_named(run, label, tmp_path):
    with pytest.raises(UsageError, match="none of a run"):
        reliances([folder(tmp_path, run, label)], [3])


@pytest.mark.parametrize(("run", "label"), [([], {}), ({"releases": {"a": {"published": True}}}, [])])
def test_manifests_that_are_none_are_named(run, label, tmp_path):
    with pytest.raises(UsageError, match="cannot be read"):
        reliances([folder(tmp_path, run, label)], [3])
