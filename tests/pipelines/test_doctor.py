"""``doctor`` without an engine: what a run here needs is looked at here, and nothing is left."""

import json
import os

import pytest

from beam_deid.pipelines.cli import call

from ..kit.two_releases import MORE, POLICY, fill


@pytest.fixture
def shop(tmp_path):
    folder = tmp_path / "shop"
    fill(folder)
    return folder


def doctor(capsys, shop, *more, out="out"):
    capsys.readouterr()
    code = call(["doctor", f"{shop}/policy.yaml", "-i", f"{shop}/in", "-o", f"{shop}/{out}", "--json", *more])
    document = json.loads(capsys.readouterr().out)
    missing = {one["check"]: one for one in document["checks"] if not one["passed"]}
    assert document["healthy"] is (code == 0) is (not missing)
    return code, missing


def files(shop):
    return sorted(str(path) for path in shop.rglob("*"))


def test_a_run_that_would_work_lacks_nothing_and_nothing_is_left(capsys, shop):
    before = files(shop)
    assert doctor(capsys, shop, out="new/folder/out") == (0, {})
    assert files(shop) == before


def test_it_says_for_a_person_what_it_looked_at(capsys, shop):
    assert call(["doctor", f"{shop}/policy.yaml", "-i", f"{shop}/in", "-o", f"{shop}/out"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert all(line.startswith("✓ ") for line in lines)
    assert "✓ keys: the key of 1 use is here" in lines


def test_a_key_is_missing(capsys, shop, monkeypatch):
    monkeypatch.delenv("BEAM_DEID_KEY")
    code, missing = doctor(capsys, shop)
    assert (code, list(missing)) == (2, ["keys"])
    assert doctor(capsys, shop, "--release", "report") == (0, {})


def test_an_input_is_missing_and_what_was_not_looked_at_is_said(capsys, shop):
    code, missing = doctor(capsys, shop, "-i", f"{shop}/nowhere.csv")
    assert (code, list(missing)) == (2, ["input", "workers"])
    assert "were not looked at" in missing["workers"]["what"]


def test_a_file_that_the_policy_names_is_missing(capsys, shop):
    os.chmod(shop / "cities.csv", 0o644)
    (shop / "cities.csv").unlink()
    assert call(["doctor", f"{shop}/policy.yaml", "-i", f"{shop}/in", "-o", f"{shop}/out"]) != 0


def test_an_output_is_taken_until_it_may_be_overwritten(capsys, shop):
    command = ["run", f"{shop}/policy.yaml", "-i", f"{shop}/in", "-o", f"{shop}/out", "--workers", "1", *MORE]
    assert call(command) == 0
    before = files(shop)
    code, missing = doctor(capsys, shop)
    assert (code, list(missing)) == (2, ["output"])
    assert doctor(capsys, shop, "--overwrite") == (0, {})
    assert files(shop) == before


def test_a_register_of_another_dataset_is_told_and_none_is_made(capsys, shop):
    text = POLICY.replace("register: none", "register: given")
    (shop / "policy.yaml").write_text(text, "utf-8")
    before = files(shop)
    assert doctor(capsys, shop) == (0, {})
    assert files(shop) == before
    command = ["run", f"{shop}/policy.yaml", "-i", f"{shop}/in", "-o", f"{shop}/out", "--workers", "1", *MORE]
    assert call(command) == 0
    (shop / "policy.yaml").write_text(text.replace("dataset: small", "dataset: other"), "utf-8")
    code, missing = doctor(capsys, shop, out="another")
    assert (code, list(missing)) == (2, ["register"])
    assert "small" in missing["register"]["what"]
