"""A run whose measured records wait on disk, in buckets, publishes what a run publishes that holds them in memory."""

import json
import os
import shutil
import tempfile
from pathlib import Path

import pytest
import yaml

from beam_deid.pipelines.cli import call
from beam_deid.transforms.beam import run
from beam_deid.transforms.synthetic import write_orders

ROWS = 4_000
FILES = 3
POLICY = """\
version: 1
dataset: aside
subject: buyer_open_uid
register: none
keys: {key: env:BEAM_DEID_KEY}
fields:
  tid: {role: direct_identifier, kind: order_number}
  buyer_open_uid: {role: direct_identifier}
  buyer_nick: {role: direct_identifier}
  receiver_name: {role: direct_identifier, kind: person_name}
  receiver_mobile: {role: direct_identifier, kind: mobile}
  receiver_state: {role: quasi_identifier}
  receiver_city: {role: quasi_identifier, kind: division}
  receiver_district: {role: quasi_identifier}
  receiver_address: {role: direct_identifier, kind: address}
  birth_year: {role: quasi_identifier, kind: integer}
  created: {role: quasi_identifier, kind: timestamp}
  pay_time: {role: quasi_identifier, kind: timestamp}
  payment: {role: quasi_identifier}
  num: {role: insensitive}
  category: {role: sensitive}
  title: {role: sensitive}
  buyer_message: {role: direct_identifier, kind: free_text}
  oaid: {role: direct_identifier}
releases:
  crm:
    purpose: test
    sharing: enclave
    expect: still_personal
    fields:
      buyer_open_uid: {tokenize: {domain: customer}}
      receiver_name: {mask: {keep_first: 1}}
      receiver_city: {generalize: {hierarchy: cn_divisions, level: 1}}
      payment: {generalize: {bins: [100, 500], level: 0}}
      category: keep
  market:
    purpose: test
    sharing: controlled
    require: {k: 5, suppression: 0.2, risk: 0.05}
    environment: {controls: high, motive: medium, prevalence: 0.001, acquaintances: 150, security: medium}
    attackers: {courier: {knows: [birth_year]}}
    fields:
      birth_year: {generalize: {ranges: [20]}}
      payment: {generalize: {bins: [100, 500], level: 0}}
      category: keep
"""
OF_A_RUN = ("run", "decided_at", "files")


@pytest.fixture(scope="module")
def orders(tmp_path_factory):
    folder = tmp_path_factory.mktemp("orders")
    for number in range(FILES):
        write_orders(str(folder / f"in-{number}.parquet"), ROWS, number + 1)
    (folder / "policy.yaml").write_text(yaml.safe_dump(yaml.safe_load(POLICY), sort_keys=False), "utf-8")
    return folder


def published(
    orders: Path, out: Path, workers: int, policy: str = "policy.yaml", files: str = "in-*.parquet"
) -> dict[str, object]:
    """Every part as bytes, and every label without what names its run."""
    given = ["run", str(orders / policy), "-i", str(orders / files), "-o", str(out)]
    assert call([*given, "--workers", str(workers), "--max-rejects", "0.5"]) == 0
    found: dict[str, object] = {}
    for path in sorted(out.rglob("*")):
        if path.suffix == ".parquet":
            found[str(path.relative_to(out))] = path.read_bytes()
        if path.name == "label.json":
            label = json.loads(path.read_text("utf-8"), parse_float=lambda number: round(float(number), 9))
            label["changes"] = [[change["test"], change["suppress"]] for change in label["changes"]]
            # Which points of a history are drawn follows from the run's secret.
            label["history"] = label["history"][:1]
            label["search"].pop("method")
            found[str(path.relative_to(out))] = {name: told for name, told in label.items() if name not in OF_A_RUN}
    return found


def unlike(whole, apart):
    """What is published otherwise, by file and by what a label says."""
    for name, told in apart.items():
        if isinstance(told, dict):
            yield from ((name, key, told[key], whole[name][key]) for key in told if told[key] != whole[name][key])
        elif told != whole[name]:
            yield (name,)


@pytest.mark.slow("three runs of some thousand orders")
def test_parts_and_labels_are_the_same_in_memory_and_in_buckets_of_one_and_two_processes(orders, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", None)
    spills = tmp_path / "spills"
    spills.mkdir()
    monkeypatch.setenv("TMPDIR", str(spills))
    whole = published(orders, tmp_path / "whole", 1)
    assert {name.partition("/")[0] for name in whole} >= {"crm", "market"}
    monkeypatch.setattr(run, "FEW_SHARDS", 0)
    for workers in (1, 2):
        apart = published(orders, tmp_path / f"apart-{workers}", workers)
        assert apart.keys() == whole.keys()
        assert list(unlike(whole, apart)) == []
    assert os.listdir(spills) == []


def registered(orders: Path, register: Path) -> str:
    """The name of a policy whose release of the market is registered."""
    policy = yaml.safe_load(POLICY)
    policy["register"] = {"path": str(register), "key": "env:BEAM_DEID_KEY"}
    policy["record"] = "tid"
    del policy["releases"]["crm"]
    (orders / f"{register.name}.yaml").write_text(yaml.safe_dump(policy, sort_keys=False), "utf-8")
    return f"{register.name}.yaml"


def tables(register: Path) -> list[bytes]:
    """All tables of fingerprints of a register."""
    return sorted(path.read_bytes() for path in (register / "tables").iterdir())


@pytest.mark.slow("four runs of some thousand orders")
def test_a_second_run_is_the_same_in_memory_and_in_buckets_beside_what_was_given_out(orders, tmp_path, monkeypatch):
    first = tmp_path / "first.register"
    assert "market/label.json" in published(orders, tmp_path / "first", 1, registered(orders, first), "in-[01].parquet")
    found = {}
    for name, few, workers in (("whole", 100, 1), ("apart", 0, 1), ("two", 0, 2)):
        register = tmp_path / f"{name}.register"
        shutil.copytree(first, register)
        monkeypatch.setattr(run, "FEW_SHARDS", few)
        found[name] = published(orders, tmp_path / name, workers, registered(orders, register)), tables(register)
    whole, remembered = found["whole"]
    label = whole["market/label.json"]
    assert isinstance(label, dict)
    assert label["register"]["tested"] == ["market.1"]
    for apart, also in (found["apart"], found["two"]):
        assert list(unlike(whole, apart)) == []
        assert also == remembered


def test_what_is_counted_in_memory_is_told_before_a_large_run(orders, tmp_path, monkeypatch, capsys):
    policy = yaml.safe_load(POLICY)
    policy["releases"]["crm"]["combinations"] = 1
    (orders / "combinations.yaml").write_text(yaml.safe_dump(policy, sort_keys=False), "utf-8")
    for few, told in ((FILES, False), (FILES - 1, True)):
        monkeypatch.setattr(run, "FEW_SHARDS", few)
        published(orders, tmp_path / str(few), 1, "combinations.yaml")
        assert ("warning: combinations of crm is counted over all records in memory" in capsys.readouterr().err) == told
