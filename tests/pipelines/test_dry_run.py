"""A dry run says what a run would publish, with the run's exit code, and writes nothing."""

import json
import os
import stat

import pyarrow.parquet as pq
import pytest

from beam_deid.pipelines.cli import call

from ..mistakes.folder import POLICY, look

FIXED = ("run", "dataset", "policy_sha256", "records")


def run(out, *more, policy="policy.yaml"):
    return call(["run", policy, "-i", "orders/*.csv", "-o", out, "--workers", "1", "--json", *more])


def test_a_dry_run_tells_what_the_run_then_publishes_and_writes_nothing(folder, temporary, capsys):
    """Tested with what the register knows, over an output that is there."""
    capsys.readouterr()
    before = look(folder)
    assert run("out", "--overwrite", "--dry-run") == 0
    told = json.loads(capsys.readouterr().out)
    assert look(folder) == before
    assert list(temporary.iterdir()) == []
    assert run("out", "--overwrite") == 0
    done = json.loads(capsys.readouterr().out)
    assert told["dry_run"] is True
    assert {name: told["run"][name] for name in FIXED} == {name: done["run"][name] for name in FIXED}
    assert set(told["labels"]) == set(done["labels"]) == {"analytics", "crm"}
    for name, label in done["labels"].items():
        assert _lasting(told["labels"][name]) == _lasting(label)
        assert told["run"]["releases"][name]["published"] == done["run"]["releases"][name]["published"]


def test_a_dry_run_makes_no_register_and_no_key_where_there_is_none(folder, temporary, capsys):
    (folder / "other.yaml").write_text(POLICY.replace("dataset: orders", "dataset: other"))
    before = look(folder)
    assert run("new/deep/out", "--dry-run", policy="other.yaml") == 0
    assert look(folder) == before
    assert list(temporary.iterdir()) == []
    capsys.readouterr()
    assert call(["run", "other.yaml", "-i", "orders/*.csv", "-o", "new/deep/out", "--workers", "1", "--dry-run"]) == 0
    said = capsys.readouterr().out
    assert "nothing was published" in said
    assert "would publish" in said


def test_a_dry_run_names_the_first_rejected_rows_and_counts_them_by_reason(folder, capsys):
    path = sorted((folder / "orders").glob("*.csv"))[0]
    header, first, *rest = path.read_text(encoding="utf-8").splitlines()
    wrong = first.split(",")
    wrong[header.split(",").index("age")] = "secret"
    path.write_text("\n".join([header, ",".join(wrong), *rest, ""]), encoding="utf-8")
    capsys.readouterr()
    assert run("new", "--dry-run", "--max-rejects", "0.1") == 0
    said = capsys.readouterr().err
    assert "1 of 80 records rejected" in said
    assert "age: wrong_type, 1 record" in said
    assert f"{path.relative_to(folder)}: row 2, age, wrong_type" in said
    assert "secret" not in said


def test_a_dry_run_ends_with_4_where_the_run_would(folder, temporary, capsys):
    crm = "    purpose: marketing to members\n"
    assert crm in POLICY
    text = POLICY.replace(crm, f"{crm}    expect: anonymized\n")
    (folder / "strict.yaml").write_text(text)
    before = look(folder)
    assert run("new", "--dry-run", policy="strict.yaml") == 4
    assert look(folder) == before
    assert "crm" in capsys.readouterr().err


def test_a_dry_run_refuses_what_the_run_would_refuse(folder, capsys):
    assert run("out", "--dry-run") == 2
    assert "--overwrite" in capsys.readouterr().err
    assert run("kept", "--overwrite", "--dry-run") == 2
    assert "crm/remarks.txt" in capsys.readouterr().err
    assert run("notes.txt/new", "--dry-run") == 2
    assert call(["run", "policy.yaml", "-i", "header.csv", "-o", "new", "--workers", "1", "--dry-run"]) == 3


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_dry_run_refuses_a_place_that_may_not_be_written_to(folder, capsys):
    (folder / "shut").mkdir()
    (folder / "shut").chmod(stat.S_IRUSR | stat.S_IXUSR)
    assert run("shut/new", "--dry-run") == 2
    assert "cannot write here" in capsys.readouterr().err


def test_a_dry_run_reads_all_rows(folder, capsys):
    capsys.readouterr()
    assert run("new", "--dry-run") == 0
    told = json.loads(capsys.readouterr().out)
    rows = sum(pq.read_table(path).num_rows for path in (folder / "out" / "crm").glob("*.parquet"))
    assert told["run"]["records"]["read"] == rows == 80


def _lasting(label):
    """A label without what only writing gives, and the time."""
    return {
        name: value for name, value in label.items() if name not in ("files", "decided_at", "assessed_at", "signature")
    }
