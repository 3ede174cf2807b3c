"""`beam_deid.run` is `beam-deid run` as a function: the same files, said to a program, and nothing said to anybody else."""

import json
import logging
import pickle
import signal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

import beam_deid
from beam_deid.pipelines.cli import call

from ...frames.test_releasing import MORNING, expecting, orders, with_times

SLOW = pytest.mark.slow("runs in a process that imports Beam")


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "orders.parquet"
    pq.write_table(orders(), path)
    return path


def written(policy, folder: Path) -> Path:
    path = folder / "policy.yaml"
    path.write_text(yaml.safe_dump(policy, allow_unicode=True), "utf-8")
    return path


def bytes_of(out: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted((out / "out").glob("part-*"))}


def test_it_writes_what_the_command_writes_and_tells_where(source, tmp_path, capfd):
    policy = written(expecting("anonymized"), tmp_path)
    assert call(["run", str(policy), "-i", str(source), "-o", str(tmp_path / "command"), "--workers", "1"]) == 0
    capfd.readouterr()
    handlers = list(logging.getLogger().handlers)
    signals = [signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)]
    result = beam_deid.run(policy, source, tmp_path / "function", operator="B. Keeper")
    assert capfd.readouterr() == ("", "")
    assert logging.getLogger().handlers == handlers
    assert [signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)] == signals
    assert bytes_of(tmp_path / "function") == bytes_of(tmp_path / "command")
    release = result.releases["out"]
    assert release.is_published
    assert release.label.is_anonymized
    assert [pq.read_table(path).num_rows for path in release.files] == [release.counts.released]
    assert result.document == json.loads((tmp_path / "function" / "run.json").read_text("utf-8"))
    assert result.document["operator"]["operator"] == "B. Keeper"
    assert result.document["policy"]["path"] == str(policy)
    assert result.labels["out"].document == json.loads(Path(release.folder, "label.json").read_text("utf-8"))
    assert call(["verify", str(tmp_path / "function")]) == 0


def test_a_policy_may_be_a_mapping_and_a_dry_run_writes_nothing(source, tmp_path):
    result = beam_deid.run(expecting("still_personal"), [str(source)], tmp_path / "out", release="out", dry_run=True)
    assert result.labels["out"].value == "anonymized"
    assert not result.releases["out"].is_published
    assert not (tmp_path / "out").exists()


def test_a_label_that_is_not_expected_is_an_exception_with_the_exit_code_of_the_command(source, tmp_path):
    with pytest.raises(beam_deid.ExpectationUnmet, match="out") as unmet:
        beam_deid.run(expecting("still_personal"), source, tmp_path / "out")
    assert unmet.value.exit_code == 4
    assert not list((tmp_path / "out").glob("out/part-*"))
    assert "out: the label is anonymized, still_personal is expected. No release is published." in unmet.value.message
    assert unmet.value.failing == {"out": ()}


def test_a_label_that_is_not_expected_is_told_with_its_tests_and_what_was_published(source, tmp_path):
    made = expecting("anonymized")["releases"]["out"]
    fine = {"purpose": "test", "sharing": "enclave", "fields": {"city": "keep"}, "expect": "anonymized"}
    whole = {**made, "fields": {**made["fields"], "who": "keep"}}
    policy = {**expecting("anonymized"), "releases": {"whole": whole, "fine": fine}}
    with pytest.raises(beam_deid.ExpectationUnmet) as raised:
        beam_deid.run(policy, source, tmp_path / "out")
    unmet = raised.value
    assert "whole: the label is still_personal, anonymized is expected; failing: " in unmet.message
    assert "direct_identifiers" in unmet.message
    assert "Published as expected: fine." in unmet.message
    assert "direct_identifiers" in unmet.failing["whole"]
    for one in (unmet, pickle.loads(pickle.dumps(unmet))):
        assert {name: release.is_published for name, release in one.result.releases.items()} == {
            "whole": False,
            "fine": True,
        }
        assert all(Path(file).exists() for file in one.result.releases["fine"].files)
        assert one.failing == unmet.failing
    assert call(["verify", str(tmp_path / "out")]) == 0


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"release": "no"}, beam_deid.UsageError),
        ({"unreleased": True}, beam_deid.UsageError),
        ({"as_of": "yesterday"}, beam_deid.UsageError),
        ({"operator": "call 13800138000"}, beam_deid.UsageError),
        ({"inputs": {"orders": "a.parquet"}}, beam_deid.UsageError),
        ({"inputs": "nothing-*.parquet"}, beam_deid.UsageError),
        ({"policy": {"version": 1}}, beam_deid.PolicyError),
        ({"policy": "nothing.yaml"}, beam_deid.PolicyError),
        ({"policy": "version: 1\nfields: {}"}, beam_deid.PolicyError),
        ({"policy": None}, beam_deid.PolicyError),
        ({"workers": "2"}, beam_deid.UsageError),
        ({"workers": 0}, beam_deid.UsageError),
        ({"workers": True}, beam_deid.UsageError),
        ({"release": 5}, beam_deid.UsageError),
        ({"inputs": 5}, beam_deid.UsageError),
        ({"inputs": [5]}, beam_deid.UsageError),
        ({"output": None}, beam_deid.UsageError),
        ({"as_of": 5}, beam_deid.UsageError),
        ({"operator": 5}, beam_deid.UsageError),
        ({"runner": 5}, beam_deid.UsageError),
        ({"beam_options": 5}, beam_deid.UsageError),
        ({"corrections": 5}, beam_deid.UsageError),
    ],
    ids=lambda one: str(one)[:40],
)
def test_a_wrong_call_is_an_exception_and_writes_nothing(changed, error, source, tmp_path, capfd):
    arguments = {"policy": expecting("anonymized"), "inputs": source, "output": tmp_path / "out", **changed}
    with pytest.raises(error) as wrong:
        beam_deid.run(**arguments)
    assert wrong.value.exit_code == 2
    assert capfd.readouterr() == ("", "")
    assert not (tmp_path / "out").exists()


def test_times_with_a_zone_of_which_nobody_says_whose_they_are_read_as_are_told(tmp_path):
    source = tmp_path / "orders.parquet"
    pq.write_table(orders().set_column(2, "age", pa.array([MORNING] * 120)), source)
    result = beam_deid.run(with_times("date"), source, tmp_path / "out")
    assert [note.partition(":")[0] for note in result.notes if "timezone" in note] == ["age"]
    assert [note for note in result.notes if "timezone" in note] == result.document["notes"]
    (part,) = result.releases["out"].files
    assert {str(day) for day in pq.read_table(part).column("age").to_pylist()} == {"2026-01-01"}
    again = beam_deid.run(with_times("date", {"timezone": "Asia/Shanghai"}), source, tmp_path / "again")
    assert not [note for note in again.notes if "timezone" in note]


def test_an_output_that_is_there_is_replaced_only_where_that_is_said(source, tmp_path):
    beam_deid.run(expecting("anonymized"), source, tmp_path / "out")
    with pytest.raises(beam_deid.UsageError):
        beam_deid.run(expecting("anonymized"), source, tmp_path / "out")
    assert beam_deid.run(expecting("anonymized"), source, tmp_path / "out", overwrite=True).releases["out"].is_published


@pytest.mark.slow("joins the tables of a shop")
def test_tables_are_named_by_a_mapping(tmp_path, monkeypatch):
    monkeypatch.setenv("BEAM_DEID_KEY", "k" * 64)
    assert call(["demo", "--tables", "--rows", "1500", "--folder", str(tmp_path / "demo"), "--workers", "1"]) in (0, 4)
    policy = tmp_path / "demo" / "policy.yaml"
    tables = yaml.safe_load(policy.read_text("utf-8"))["tables"]
    inputs = {name: tmp_path / "demo" / f"{name}.parquet" for name in tables}
    result = beam_deid.run(policy, inputs, tmp_path / "out", dry_run=True)
    assert {name.rpartition(".")[2] for name in result.releases} <= set(tables)
    assert result.releases
    with pytest.raises(beam_deid.UsageError, match="table"):
        beam_deid.run(policy, {next(iter(tables)): inputs[next(iter(tables))]}, tmp_path / "other")
