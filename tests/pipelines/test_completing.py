"""The program itself: its version and the machine, completion in shells, and ``--json`` where one expects it."""

import json
import os
import socket

import pytest

from beam_deid.pipelines.cli import call, cli
from beam_deid.transforms.run.memory import memory

from ..kit.keys import KEK

POLICY = """\
releases:
  analytics: {purpose: one}
  crm: {purpose: another}
"""


def completed(monkeypatch, capsys, words, incomplete=""):
    """What a shell is told to complete."""
    monkeypatch.setenv("_BEAM_DEID_COMPLETE", "bash_complete")
    monkeypatch.setenv("COMP_WORDS", " ".join(["beam-deid", *words, incomplete]))
    monkeypatch.setenv("COMP_CWORD", str(len(words) + 1))
    with pytest.raises(SystemExit):
        cli.main([], prog_name="beam-deid", standalone_mode=False)
    return capsys.readouterr().out.split()


def test_the_version_tells_of_the_machine_where_that_is_asked(capsys):
    assert call(["--version"]) == 0
    assert capsys.readouterr().out.startswith("beam-deid, version ")
    assert call(["--version", "-v"]) == 0
    said = capsys.readouterr().out
    for word in ("Python ", "apache-beam ", "pyarrow ", "numpy ", "cores that may be used: ", "GiB"):
        assert word in said
    assert socket.gethostname() not in said
    assert os.getcwd() not in said


def test_memory_is_no_more_than_a_container_is_given(tmp_path):
    whole = memory(tmp_path / "nothing")
    assert whole is None or whole > 1 << 20
    (tmp_path / "limit").write_text("max\n")
    assert memory(tmp_path / "limit") == whole
    (tmp_path / "limit").write_text("1048576\n")
    assert memory(tmp_path / "limit") == 1048576


def test_commands_are_completed(monkeypatch, capsys):
    assert completed(monkeypatch, capsys, [], "re") == ["plain,reidentify", "plain,releases", "plain,report"]
    assert completed(monkeypatch, capsys, ["keys"], "ro") == ["plain,rotate"]


def test_releases_of_the_policy_are_completed(monkeypatch, capsys, tmp_path):
    (tmp_path / "policy.yaml").write_text(POLICY)
    policy = str(tmp_path / "policy.yaml")
    assert completed(monkeypatch, capsys, ["run", policy, "--release"]) == ["plain,analytics", "plain,crm"]
    assert completed(monkeypatch, capsys, ["reidentify", "--policy", policy, "--release"], "c") == ["plain,crm"]
    assert completed(monkeypatch, capsys, ["run", f"{policy}.not", "--release"]) == []


def test_files_and_codes_are_completed(monkeypatch, capsys):
    assert completed(monkeypatch, capsys, ["run", "policy.yaml", "--input"], "or") == ["file,or"]
    assert completed(monkeypatch, capsys, ["explain"], "k_v") == ["plain,k_values"]


def test_the_json_of_a_group_is_that_of_its_command(monkeypatch, capsys, tmp_path):
    monkeypatch.setenv("SHOP_KEK", KEK)
    ring = str(tmp_path / "orders.keyring")
    assert call(["keys", "--json", "create", ring, "--kek", "env:SHOP_KEK"]) == 0
    made = json.loads(capsys.readouterr().out)
    for words in (["keys", "--json", "list", ring], ["keys", "list", ring, "--json"]):
        assert call(words) == 0
        assert json.loads(capsys.readouterr().out)["id"] == made["keyring"]
    assert call(["keys", "list", ring]) == 0
    with pytest.raises(ValueError, match="Expecting value"):
        json.loads(capsys.readouterr().out)
