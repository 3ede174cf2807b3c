"""What is past is listed, and goes once its retention is over; nothing else does."""

import json

import pytest

from beam_deid.pipelines.cli import call
from beam_deid.transforms.later import sweeping
from beam_deid.transforms.register.folder import read

LATER = "2031-01-01T00:00:00+00:00"


@pytest.fixture
def kept(shop, monkeypatch):
    """A shop one of whose releases may be kept for a month, years later."""
    text = (shop.folder / "policy.yaml").read_text("utf-8")
    (shop.folder / "policy.yaml").write_text(
        text.replace("  text: {purpose", "  text: {retain: 1 month, purpose"), "utf-8"
    )
    assert shop.run("--release", "text", "--release", "crm", "--overwrite") == 0
    return shop


@pytest.fixture
def later(monkeypatch):
    monkeypatch.setattr("beam_deid.transforms.clock.now", lambda: LATER)


def swept(capsys, *words: str, code: int = 0) -> dict[str, object]:
    capsys.readouterr()
    assert call(["sweep", *words, "--json"]) == code
    return json.loads(capsys.readouterr().out)


def test_nothing_is_past_on_the_day_itself(capsys, kept):
    found = swept(capsys, str(kept.out))
    assert not [*found["releases"], *found["recipients"], *found["left"]]


def test_a_release_goes_when_its_retention_is_over_and_its_evidence_stays(capsys, kept, later):
    register = str(kept.folder / "shop.register")
    listed = {one["release"]: one for one in swept(capsys, register)["releases"]}
    assert listed["text"]["is_to_go"]
    assert not listed["crm"]["is_to_go"]  # its review alone is due
    before = (kept.out / "crm" / "part-00000.parquet").read_bytes()
    assert call(["sweep", register, "--delete"]) == 2  # nobody is here to be asked
    assert (kept.out / "text").exists()
    swept(capsys, register, "--delete", "--yes", "--reason", "over")
    assert not (kept.out / "text").exists() or not list((kept.out / "text").iterdir())
    assert (kept.out / "crm" / "part-00000.parquet").read_bytes() == before
    run = json.loads((kept.out / "run.json").read_text("utf-8"))
    deleted = run["releases"]["text"]["deleted"]
    assert (deleted["reason"], deleted["label"]["label"]) == ("over", "still_personal")
    assert call(["verify", str(kept.out)]) == 0
    states = {entry.release: entry.state for entry in read(register).releases[-2:]}
    assert states == {"text": "deleted", "crm": "published"}
    assert not [one for one in swept(capsys, register)["releases"] if one["is_to_go"]]


def test_a_file_that_no_run_wrote_stops_the_removal(capsys, kept, later):
    stranger = kept.out / "text" / "notes.txt"
    stranger.write_text("mine", "utf-8")
    assert call(["sweep", str(kept.out), "--delete", "--yes"]) == 1
    assert "notes.txt is not listed in the label" in capsys.readouterr().err
    assert stranger.exists()


def test_a_place_that_is_neither_output_nor_register_is_refused(capsys, tmp_path):
    assert call(["sweep", str(tmp_path)]) == 2
    assert "this is neither an output nor a register" in capsys.readouterr().err


def test_a_recipient_whose_period_is_over_is_told_until_it_returned_what_it_had():
    given = {"name": "agency", "until": "2026-12-31"}
    assert len(list(sweeping._is_over(given, "crm.1", LATER))) == 1
    assert not list(sweeping._is_over({**given, "returned": {}}, "crm.1", LATER))
    assert not list(sweeping._is_over(given, "crm.1", "2026-12-31T23:00:00+00:00"))
