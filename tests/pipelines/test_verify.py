import json
import shutil

import pytest

from beam_deid.pipelines.cli import call


@pytest.fixture
def copy(published, tmp_path):
    shutil.copytree(published, tmp_path / "copy")
    return tmp_path / "copy"


def test_an_untouched_run_verifies(published, capsys):
    assert call(["verify", str(published)]) == 0
    assert "analytics: anonymized" in capsys.readouterr().out


@pytest.mark.parametrize("place", [0, 1 / 3, 2 / 3, 1])
def test_one_flipped_byte_of_a_part_fails(copy, place):
    part = copy / "analytics" / "part-00000.parquet"
    data = bytearray(part.read_bytes())
    data[round(place * (len(data) - 1))] ^= 1
    part.write_bytes(data)
    assert call(["verify", str(copy)]) == 1


def change_risk(label):
    label["risk"]["k"] += 1


def change_label(label):
    label["label"] = "anonymized"


def change_rows(label):
    label["files"][0]["rows"] += 1


def change_time(label):
    label["decided_at"] = "2020-01-01T00:00:00+00:00"


@pytest.mark.parametrize("change", [change_risk, change_label, change_rows, change_time])
def test_one_changed_value_of_a_label_fails(copy, change):
    path = copy / "crm" / "label.json"
    label = json.loads(path.read_text())
    change(label)
    path.write_text(json.dumps(label))
    assert call(["verify", str(copy)]) == 1


def test_a_changed_run_document_fails(copy):
    run = json.loads((copy / "run.json").read_text())
    run["releases"]["crm"]["label"] = "anonymized"
    (copy / "run.json").write_text(json.dumps(run))
    assert call(["verify", str(copy)]) == 1


@pytest.mark.parametrize("name", ["analytics/part-00000.parquet", "analytics/label.json", "rejected.parquet"])
def test_a_missing_file_fails(copy, name):
    (copy / name).unlink()
    assert call(["verify", str(copy)]) == 1


@pytest.mark.parametrize("name", ["analytics/part-99999.parquet", "analytics/notes.txt", "other/part-00000.parquet"])
def test_a_file_that_no_label_lists_fails(copy, name):
    (copy / name).parent.mkdir(exist_ok=True)
    (copy / name).write_bytes(b"x")
    assert call(["verify", str(copy)]) == 1


def test_a_folder_without_a_run_is_a_usage_error(tmp_path, capsys):
    assert call(["verify", str(tmp_path)]) == 2


def test_json_lists_the_problems(copy, capsys):
    (copy / "crm" / "label.json").write_text("{}")
    assert call(["verify", str(copy), "--json"]) == 1
    document = json.loads(capsys.readouterr().out)
    assert document["verified"] is False
    assert any(result["problems"] for result in document["results"])
