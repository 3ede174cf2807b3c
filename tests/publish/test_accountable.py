"""Who carried out a run, how, on what, with whose approval, and until when: in run.json and the register, and in no label."""

import datetime
import hashlib
import json
import shutil
from dataclasses import replace

import duckdb
import pytest

from beam_deid.pipelines.calling import told
from beam_deid.pipelines.cli import call
from beam_deid.transforms import clock
from beam_deid.transforms.label import verify_release
from beam_deid.transforms.label.documents import document_sha256, to_bytes
from beam_deid.transforms.label.verify import verify
from beam_deid.transforms.register.document import Document
from beam_deid.transforms.register.folder import hold, read

from ..kit.keys import KEK
from ..kit.trade import POLICY, Trade

DECLARED = """    retain: 90 days
    review: 6 months
    approver: {name: 王芳, at: 2026-01-05, reference: DPO-17}
    environment:
      {controls: high, motive: low, prevalence: 0.001, acquaintances: 1, security: high, stated_by: 张伟, valid_until: VALID}
"""
MAY = range(120)
TODAY = datetime.datetime.now(datetime.timezone.utc).date()
"""The same day for all tests, though midnight may come between them."""


@pytest.fixture(autouse=True)
def _kek(monkeypatch):
    monkeypatch.setenv("SHOP_KEK", KEK)


def day(days: int) -> str:
    return (TODAY + datetime.timedelta(days=days)).isoformat()


def trade_with(folder, valid, policy=POLICY):
    declared = DECLARED.replace("VALID", valid)
    return Trade(folder, policy.replace("    recipient: an agency\n", f"    recipient: an agency\n{declared}", 1))


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("SHOP_KEK", KEK)
        trade = trade_with(tmp_path_factory.mktemp("trade"), day(30))
        assert trade.run(trade.orders("may", MAY), "out", "--operator", "Li Na") == 0
    return trade


def test_run_json_says_who_how_and_on_what(made):
    run = made.manifest("out")
    source = made.folder / "may.csv"
    assert run["operator"]["operator"] == "Li Na"
    assert run["operator"]["login"]
    assert run["operator"]["host"]
    assert run["command"][:2] == ["run", str(made.policy)]
    assert run["policy"] == {"path": str(made.policy), "sha256": hashlib.sha256(made.policy.read_bytes()).hexdigest()}
    size, sha256 = source.stat().st_size, hashlib.sha256(source.read_bytes()).hexdigest()
    assert run["inputs"] == [{"name": "may.csv", "size": size, "sha256": sha256}]
    assert run["kept_until"][:4] == str(int(run["finished_at"][:4]) + 3)
    release = run["releases"]["analytics"]
    assert release["approver"] == {"name": "王芳", "at": "2026-01-05", "reference": "DPO-17"}
    assert release["environment"] == {"stated_by": "张伟", "valid_until": day(30)}
    assert run["releases"]["crm"]["approver"] is None


def test_the_dates_stand_in_the_label_and_the_register_as_in_run_json(made):
    release = made.manifest("out")["releases"]["analytics"]
    label = made.label("out")
    entry = made.known().entry("analytics.1")
    for name in ("assessed_at", "review_by", "retain_until"):
        assert release[name] == label[name] == getattr(entry, name)
    began = datetime.date.fromisoformat(label["assessed_at"][:10])
    assert label["retain_until"] == (began + datetime.timedelta(90)).isoformat()
    assert made.label("out", "crm")["retain_until"] is None
    assert datetime.timedelta(365) <= datetime.date.fromisoformat(made.label("out", "crm")["review_by"]) - began
    assert entry.approver == release["approver"]
    assert entry.environment == release["environment"]
    (run,) = made.known().runs
    assert run.operator == made.manifest("out")["operator"]
    assert run.kept_until == made.manifest("out")["kept_until"]


def test_no_label_and_no_part_says_who(made):
    paths = list(
        (made.folder / "out").glob("*/*")
    )  # beside run.json stands the policy, and what says who answers for the run
    assert {path.name for path in paths} >= {"label.json", "report.html"}
    for path in paths:
        data = path.read_bytes()
        assert not [one for one in ("Li Na", "王芳", "DPO-17", "张伟") if one.encode() in data], path


def test_the_persons_of_the_run_are_counted_as_duckdb_counts_them(made):
    persons = made.manifest("out")["persons"]
    path = made.folder / "may.csv"
    buyers, sensitive = duckdb.sql(
        f"select count(distinct buyer), count(distinct buyer) filter (goods is not null) from '{path}'"
    ).fetchall()[0]
    assert persons == {
        "subject": "buyer",
        "persons": buyers,
        "sensitive": sensitive,
        "under_14": None,
        "by": {"sensitive": ["goods"]},
    }
    assert made.known().runs[0].counts == {"persons": buyers, "sensitive": sensitive}


def test_a_statement_that_is_over_lowers_nothing_and_the_label_says_so(tmp_path, capsys):
    trade = trade_with(tmp_path, day(-1), POLICY.replace("    expect: anonymized\n", "", 1))
    assert trade.run(trade.orders("may", MAY), "out") == 0
    label = trade.label("out")
    assert label["environment"] == {**label["environment"], "E": 1.0, "valid_until": day(-1), "lapsed": True}
    assert [one for one in trade.manifest("out")["notes"] if "stated until" in one]
    assert call(["verify", str(trade.folder / "out")]) == 0
    capsys.readouterr()
    assert call(["plan", str(trade.policy)]) == 0
    assert "stated anew" in " ".join(capsys.readouterr().out.split())


def test_a_statement_that_holds_lowers_the_environment_risk(made):
    environment = made.label("out")["environment"]
    assert environment["E"] < 1
    assert (environment["valid_until"], environment["lapsed"]) == (day(30), False)


@pytest.mark.parametrize("change", [{"valid_until": day(-30)}, {"lapsed": True}])
def test_a_label_that_is_changed_to_say_otherwise_contradicts_itself(made, tmp_path, change):
    out = tmp_path / "out"
    shutil.copytree(made.folder / "out", out)
    path = out / "analytics" / "label.json"
    label = json.loads(path.read_text("utf-8"))
    label["environment"] |= change
    label["asked"]["environment"] |= change
    path.write_bytes(to_bytes(label))
    run = json.loads((out / "run.json").read_text("utf-8"))
    run["releases"]["analytics"]["label_sha256"] = hashlib.sha256(path.read_bytes()).hexdigest()
    run["sha256"] = document_sha256(run)
    (out / "run.json").write_bytes(to_bytes(run))
    problems = [problem for one in verify(str(out)) for problem in one.problems]
    assert [one for one in problems if "environment" in one]


def test_what_is_past_is_told_by_verify_and_in_the_list_and_nothing_fails(made, monkeypatch, capsys):
    later = f"{int(clock.now()[:4]) + 2}-01-01T00:00:00+00:00"
    monkeypatch.setattr(verify_release, "now", lambda: later)
    monkeypatch.setattr("beam_deid.pipelines.registered.now", lambda: later)
    assert call(["verify", str(made.folder / "out"), "--json"]) == 0
    past = {one["release"]: one["overdue"] for one in json.loads(capsys.readouterr().out)["results"]}
    assert len(past["analytics"]) == 3  # its review, its retention, and the statement
    assert len(past["crm"]) == 1
    assert call(["verify", str(made.folder / "out")]) == 0
    assert "it may be kept until" in capsys.readouterr().out
    assert call(["releases", "list", str(made.register)]) == 0
    said = capsys.readouterr().out
    assert "analytics.1: it was to be reviewed by" in said
    assert call(["releases", "list", str(made.register), "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["releases"][0]["overdue"]) == 3
    assert call(["releases", "show", str(made.register), "analytics.1"]) == 0
    assert "王芳" in capsys.readouterr().out


def test_what_may_be_kept_no_longer_is_not_made(tmp_path, capsys):
    trade = trade_with(tmp_path, day(30))
    trade.change("retain: 90 days", f"retain: {day(-1)}")
    assert trade.run(trade.orders("may", MAY), "out") == 2
    assert "may be kept until" in capsys.readouterr().err
    assert not (trade.folder / "out").exists()


def test_approval_review_and_retention_leave_parts_as_they_are(made, tmp_path):
    plain = Trade(tmp_path / "plain")
    assert plain.run(plain.orders("may", MAY), "out") == 0
    (part,) = (made.folder / "out" / "analytics").glob("part-*")
    assert made.label("out")["files"][0]["rows"] == plain.label("out")["files"][0]["rows"]
    assert part.name == next((plain.folder / "out" / "analytics").glob("part-*")).name


def test_a_register_of_the_first_form_is_read_and_goes_on(made, tmp_path):
    path = str(tmp_path / "old.register")
    document = made.known()
    given = {**document.to_document(), "format": 1, "revision": 1}
    entries = [{**one, "table": None} for one in given["releases"]]
    for one in entries:
        for name in ("assessed_at", "review_by", "retain_until", "approver", "environment"):
            del one[name]
    runs = [{"run": one["run"], "made_at": one["made_at"], "persons": None} for one in given["runs"]]
    given |= {"releases": entries, "runs": runs}
    folder = tmp_path / "old.register"
    folder.mkdir(mode=0o700)
    (folder / "revision-000001.json").write_bytes(to_bytes({**given, "sha256": document_sha256(given)}))
    old = read(path)
    assert isinstance(old, Document)
    assert old.format == 1
    assert old.releases[0].review_by == ""
    with hold(path) as held:
        assert held.save(replace(old)).format == 2
    assert read(path).format == 2


def test_a_command_is_told_without_what_may_be_secret():
    given = ["-i", "s3://b/o.csv?access_key=k&secret_key=s", "--output=s3://b/out?secret_key=s"]
    found = told(["run", "p.yaml", *given, "--", "--s3_secret=x", "y"])
    assert found[:3] == ["run", "p.yaml", "-i"]
    assert "secret_key" not in " ".join(found)
    assert found[-2:] == ["--s3_secret=…", "…"]
