import json

import pytest

from beam_deid.pipelines.cli import call
from beam_deid.transforms import Deidentify
from beam_deid.transforms.crypto import ephemeral
from beam_deid.transforms.errors import KeyFault

from ..outputs import leftovers
from .keyed import KEK, shop


@pytest.fixture(autouse=True)
def _kek(monkeypatch):
    monkeypatch.setenv("SHOP_KEK", KEK)


@pytest.fixture
def made(tmp_path):
    made = shop(tmp_path)
    with open(made.policy, encoding="utf-8") as stream:
        text = stream.read()
    with open(made.policy, "w", encoding="utf-8") as stream:
        stream.write(
            text.replace("purpose: marketing to members\n", "purpose: marketing to members\n    key: ephemeral\n")
        )
    return made


def test_its_fields_are_linked_within_the_release_and_by_nothing_else(made):
    assert made.run("one") == 0
    assert made.run("two") == 0
    one, two = (made.released(name=name) for name in ("one", "two"))
    for table in (one, two):
        tokens = dict(zip(table.column("buyer").to_pylist(), (row % 20 for row in range(len(table))), strict=True))
        assert len(tokens) == 20
    assert not set(one.column("buyer").to_pylist()) & set(two.column("buyer").to_pylist())


def test_its_fields_are_key_destroyed_and_tested_as_quasi_identifiers(made):
    assert made.run() == 0
    label = made.label()
    assert {label["fields"][name]["recoverability"] for name in ("buyer", "mobile", "note", "age")} == {"key_destroyed"}
    assert {label["fields"][name]["key"] for name in ("buyer", "mobile")} == {None}
    tests = {test["name"]: test for test in label["tests"]}
    assert tests["restorable"]["passed"]
    assert {f"keyless:{name}" for name in ("buyer", "mobile", "note", "age")} <= set(tests)
    assert all(name in tests["k"]["detail"] for name in ("buyer", "mobile", "note", "age"))
    assert (tests["k"]["measured"], tests["k_composite"]["measured"]) == (1, 1)
    assert label["label"] == "still_personal"
    assert made.label("partner")["fields"]["buyer"]["recoverability"] == "keyed"
    assert call(["verify", str(made.out())]) == 0


def test_no_key_is_left_after_the_run(made, monkeypatch):
    kept = []
    make = ephemeral.make_ephemeral

    def watched(folder, release):
        make(folder, release)
        kept.append(ephemeral.read_ephemeral(folder, release))

    monkeypatch.setattr("beam_deid.transforms.run.ephemeral_keys.make_ephemeral", watched)
    assert made.run() == 0
    (key,) = kept
    assert not leftovers(made.out())
    for path in made.folder.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            assert key not in data
            assert key.hex().encode() not in data


def test_nothing_of_it_can_be_reidentified(made, capsys):
    assert made.run() == 0
    assert made.reidentify("restored.parquet", fields="buyer") == 2
    assert "cannot be re-identified" in capsys.readouterr().err


def test_all_workers_share_it(made):
    assert (
        call(["run", made.policy, "-i", made.source, "-i", made.source, "-o", str(made.out()), "--workers", "2"]) == 0
    )
    assert len(set(made.released().column("buyer").to_pylist())) == 20


def test_a_run_that_fails_leaves_no_key(made, monkeypatch, capsys):
    def fail(folder, release):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr("beam_deid.transforms.run.ephemeral_keys.destroy_ephemeral", fail)
    assert made.run() == 1
    assert "destroyed" in capsys.readouterr().err
    assert not made.out().exists()
    assert not leftovers(made.out())


def test_plan_says_what_it_means(made, capsys):
    assert call(["plan", made.policy, "--json"]) == 0
    crm = json.loads(capsys.readouterr().out)["releases"]["crm"]
    assert {field["recoverability"] for field in crm["fields"] if field["field"] != "item"} == {"key_destroyed"}
    assert all(field["counted"] for field in crm["fields"] if field["field"] != "item")


def test_the_embedded_transform_refuses_it(made):
    with pytest.raises(KeyFault, match="only `beam-deid run`"):
        Deidentify(made.policy, release="crm")
