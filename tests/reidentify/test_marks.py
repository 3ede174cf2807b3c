"""What a release says of the keys that made its fields, wherever it says so."""

import json

import pyarrow as pa
import pytest

from beam_deid.transforms.errors import UsageError
from beam_deid.transforms.label.manifest import SCHEMA_VERSION
from beam_deid.transforms.reidentify.marks import Mark, agreed, marks_in_label, marks_of


def part(release="crm", key="17:ab"):
    """The schema of a part of a release, as a Parquet file has it."""
    mobile = pa.field("mobile", pa.string(), metadata={"beam_deid.key": key})
    return pa.schema([mobile, pa.field("item", pa.string())], metadata={"beam_deid.release": release})


def label(folder, key, release="crm", version=SCHEMA_VERSION):
    path = folder / "label.json"
    fields = {"mobile": {"key": key}, "item": {"key": None}}
    path.write_text(json.dumps({"schema_version": version, "release": release, "fields": fields}), "utf-8")
    return str(path)


def test_a_part_says_itself_which_keys_made_it(tmp_path):
    label(tmp_path, {"id": 99, "check": "other"})
    assert marks_of(str(tmp_path / "part-00000.parquet"), part(), "crm") == {"mobile": Mark(17, "ab")}


def test_a_file_without_metadata_is_marked_by_the_label_beside_it(tmp_path):
    label(tmp_path, {"id": 17, "check": "ab"})
    plain = pa.schema([("mobile", pa.string()), ("item", pa.string())])
    assert marks_of(str(tmp_path / "part-00000.csv"), plain, "crm") == {"mobile": Mark(17, "ab")}
    (tmp_path / "label.json").unlink()
    assert marks_of(str(tmp_path / "part-00000.csv"), plain, "crm") == {}


def test_a_part_of_another_release_is_refused(tmp_path):
    with pytest.raises(UsageError, match="another release than crm"):
        marks_of(str(tmp_path / "part-00000.parquet"), part("partner"), "crm")


@pytest.mark.parametrize("key", ["", "17", "x:ab", "-1:ab"])
def test_metadata_that_names_no_key_marks_nothing(tmp_path, key):
    assert marks_of(str(tmp_path / "part-00000.parquet"), part(key=key), "crm") == {}


@pytest.mark.parametrize("changed", [{"release": "partner"}, {"version": SCHEMA_VERSION + 1}])
def test_another_label_is_refused(tmp_path, changed):
    with pytest.raises(UsageError, match="not the label of crm"):
        marks_in_label(label(tmp_path, {"id": 17, "check": "ab"}, **changed), "crm")


@pytest.mark.parametrize("key", [17, {"id": "x", "check": "ab"}, {"id": 17}, ["id"]])
def test_a_damaged_label_is_refused(tmp_path, key):
    with pytest.raises(UsageError, match="damaged"):
        marks_in_label(label(tmp_path, key), "crm")


def test_a_named_label_completes_a_file_and_never_contradicts_it():
    own = {"mobile": Mark(17, "ab")}
    assert agreed(own, {"mobile": Mark(17, "ab"), "note": Mark(4, "c")}, "file") == {**own, "note": Mark(4, "c")}
    with pytest.raises(UsageError, match="another key than the one that made mobile"):
        agreed(own, {"mobile": Mark(18, "ab")}, "file")
