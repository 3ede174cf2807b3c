"""What is past is listed, and goes once its retention is over; nothing else does."""

import copy
import json

import pytest
import yaml

from beam_deid.pipelines import registered
from beam_deid.pipelines.cli import call
from beam_deid.transforms.later import sweeping
from beam_deid.transforms.later.settled import Settled
from beam_deid.transforms.register.folder import read

from ..kit.policies import policy, release, roles
from ..kit.reports import made_again, reports_in

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


def test_a_release_goes_when_its_retention_is_over_and_its_evidence_stays(capsys, kept, later, monkeypatch):
    monkeypatch.setattr(registered, "now", lambda: LATER)
    register = str(kept.folder / "shop.register")
    listed = {one["release"]: one for one in swept(capsys, register)["releases"]}
    assert listed["text"]["is_to_go"]
    assert not listed["crm"]["is_to_go"]  # its review alone is due
    before = (kept.out / "crm" / "part-00000.parquet").read_bytes()
    assert call(["sweep", register, "--delete"]) == 2  # nobody is here to be asked
    assert (kept.out / "text").exists()
    swept(capsys, register, "--delete", "--yes", "--reason", "over")
    assert not (kept.out / "text").exists() or not list((kept.out / "text").iterdir())
    assert "text/report.html" not in reports_in(kept.out)
    assert reports_in(kept.out) == made_again(kept.out)
    assert (kept.out / "crm" / "part-00000.parquet").read_bytes() == before
    run = json.loads((kept.out / "run.json").read_text("utf-8"))
    deleted = run["releases"]["text"]["deleted"]
    assert (deleted["reason"], deleted["label"]["label"]) == ("over", "still_personal")
    assert call(["verify", str(kept.out)]) == 0
    states = {entry.release: entry.state for entry in read(register).releases[-2:]}
    assert states == {"text": "deleted", "crm": "published"}
    assert not [one for one in swept(capsys, register)["releases"] if one["is_to_go"]]
    capsys.readouterr()
    assert call(["releases", "list", register, "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)["releases"][-2:]
    assert {one["name"].partition(".")[0]: bool(one["overdue"]) for one in listed} == {"text": False, "crm": True}


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
    assert Settled(None).holds_nothing({**given, "returned": {}}, LATER)
    assert not Settled(None).holds_nothing(given, LATER)
    assert not list(sweeping._is_over(given, "crm.1", "2026-12-31T23:00:00+00:00"))


@pytest.mark.parametrize(
    ("change", "is_told"),
    [
        ({"deleted": {"at": "2999-01-01", "shown_by": "report 3"}}, False),
        ({"returned": {"at": "2999-01-01", "shown_by": "report 3"}, "name": "AN  agency"}, False),
        ({"deleted": {"at": "2026-01-01", "shown_by": "report 3"}}, True),  # before it was given this
        ({"deleted": {"at": "2999-01-01", "shown_by": "report 3"}, "name": "A printer"}, True),
        ({}, True),
    ],
    ids=["deleted", "returned", "before", "of another", "neither"],
)
def test_what_a_recipient_deleted_is_read_from_the_policy(capsys, given, monkeypatch, change, is_told):
    folder, said = given
    monkeypatch.setattr("beam_deid.transforms.clock.now", lambda: "2999-06-01T00:00:00+00:00")
    said["recipients"]["agency"] |= change
    (folder / "now.yaml").write_text(yaml.safe_dump(said), "utf-8")
    for place in ("t.register", "out"):
        assert swept(capsys, str(folder / place))["recipients"]
        found = swept(capsys, str(folder / place), "--policy", str(folder / "now.yaml"))
        assert bool(found["recipients"]) == is_told


@pytest.fixture(scope="module")
def given_once(tmp_path_factory):
    """A release that an agency was given, whose period is over by the end of 2998."""
    folder = tmp_path_factory.mktemp("given")
    agency = {"name": "An agency", "role": "entrusted_processor", "has_keys": "none", "until": "2998-12-31"}
    said = policy(
        roles(direct="buyer", quasi="city"),
        top={"recipients": {"agency": agency}},
        a=release("enclave", "city", recipient="agency", expect="still_personal"),
    )
    (folder / "policy.yaml").write_text(yaml.safe_dump(said), "utf-8")
    (folder / "orders.csv").write_text("buyer,city\n" + "".join(f"b{number},X\n" for number in range(9)), "utf-8")
    files = ["-i", str(folder / "orders.csv"), "-o", str(folder / "out"), "--workers", "1"]
    assert call(["run", str(folder / "policy.yaml"), *files]) == 0
    return folder, said


@pytest.fixture
def given(given_once):
    return copy.deepcopy(given_once)


def test_a_policy_is_no_place_and_its_option_is_told(capsys, given):
    folder, _ = given
    assert call(["sweep", str(folder / "policy.yaml")]) == 2
    assert "Name it by --policy" in " ".join(capsys.readouterr().err.split())
