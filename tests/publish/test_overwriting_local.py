"""A local output is replaced whole, and only where nothing but a run is lost."""

import shutil

import pytest

from beam_deid.pipelines.cli import call

from ..kit.outputs import leftovers
from ..kit.trials import contents


@pytest.fixture
def out(house, tmp_path):
    return shutil.copytree(house.earlier, tmp_path / "out")


def test_a_run_of_fewer_parts_leaves_none_of_the_earlier_ones(house, out):
    assert house.run(str(out), 2, "--overwrite") == 0
    assert contents(out) == contents(house.undisturbed)
    assert leftovers(out) == []


def test_a_run_of_one_release_leaves_nothing_of_the_other(house, out):
    assert house.run(str(out), 2, "--release", "crm", "--overwrite") == 0
    names = ["crm", "policy.yaml", "rejected.csv", "rejected.parquet", "report.html", "run.json"]
    assert sorted(path.name for path in out.iterdir()) == names
    assert call(["verify", str(out)]) == 0
    assert leftovers(out) == []


@pytest.mark.parametrize(
    "place", ["notes.txt", "crm/notes.txt", "crm/part-00009.parquet", "own/deep/notes.txt", "crm/.hidden"]
)
def test_a_file_that_no_run_wrote_is_neither_lost_nor_moved(house, out, capsys, place):
    mine = out / place
    mine.parent.mkdir(parents=True, exist_ok=True)
    mine.write_text("mine")
    before = contents(out)
    capsys.readouterr()
    assert house.run(str(out), 2, "--overwrite") == 2
    said = capsys.readouterr().err
    assert f"{mine}: no run wrote this file" in said
    assert mine.read_text() == "mine"
    assert contents(out) == before
    assert leftovers(out) == []


@pytest.mark.parametrize("place", ["crm/part-00000.parquet", "rejected.csv", "crm/label.json"])
def test_a_file_under_the_name_of_one_of_the_run_is_neither_lost_nor_moved(house, out, capsys, place):
    mine = out / place
    mine.write_bytes(mine.read_bytes() + b" ")
    before = contents(out)
    capsys.readouterr()
    assert house.run(str(out), 2, "--overwrite") == 2
    said = capsys.readouterr().err
    assert f"{mine}: this file is not the one that the run wrote under its name, and it would be lost" in said
    assert contents(out) == before
    assert leftovers(out) == []


def test_a_part_that_changes_while_the_run_is_under_way_is_not_lost(house, out, monkeypatch, capsys):
    from beam_deid.transforms.beam import run as job

    publish = job.publish

    def later(*arguments):
        for part in (out / "crm").glob("*.parquet"):
            part.write_bytes(b"mine")
        return publish(*arguments)

    monkeypatch.setattr(job, "publish", later)
    assert house.run(str(out), 2, "--overwrite") == 2
    assert "not those that the run wrote under their names" in capsys.readouterr().err
    assert {part.read_bytes() for part in (out / "crm").glob("*.parquet")} == {b"mine"}
    assert leftovers(out) == []


def test_a_file_that_comes_while_the_run_is_under_way_is_not_lost(house, out, monkeypatch, capsys):
    from beam_deid.transforms.beam import run as job

    publish = job.publish

    def later(*arguments):
        (out / "crm" / "notes.txt").write_text("mine")
        return publish(*arguments)

    monkeypatch.setattr(job, "publish", later)
    assert house.run(str(out), 2, "--overwrite") == 2
    assert "no run wrote this file" in capsys.readouterr().err
    assert (out / "crm" / "notes.txt").read_text() == "mine"
    (out / "crm" / "notes.txt").unlink()
    assert contents(out) == contents(house.earlier)
    assert leftovers(out) == []
