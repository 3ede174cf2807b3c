"""Reports and the policy are published in one step with the labels, and no report ever stands beside another label than its own."""

import hashlib
import json

import pytest
import yaml

from beam_deid.pipelines.cli import call
from beam_deid.pipelines.report import page as pages
from beam_deid.pipelines.report.reading import read_evidence
from beam_deid.transforms.beam.run import Settings, run
from beam_deid.transforms.errors import UsageError, VerificationError
from beam_deid.transforms.label.documents import document_sha256, to_bytes
from beam_deid.transforms.label.rewrite_labels import rewrite_labels
from beam_deid.transforms.label.verify import verify
from beam_deid.transforms.names import NAMES
from beam_deid.transforms.policy.reader import policy_from_mapping, read_policy
from beam_deid.transforms.run.shards import prepare
from beam_deid.transforms.storage.manifest import files_of_run

from ..kit.keys import KEK
from ..kit.reports import made_again, reports_in
from ..kit.trade import FROM_ENVIRONMENT, KEYED, POLICY, Trade, text

MAY = range(120)
ALL = ["analytics/report.html", "crm/report.html", "report.html"]


@pytest.fixture(autouse=True)
def _kek(monkeypatch):
    monkeypatch.setenv("SHOP_KEK", KEK)


@pytest.fixture
def trade(tmp_path):
    """A trade of which a release was published."""
    trade = Trade(tmp_path / "trade")
    assert trade.run(trade.orders("may", MAY), "out") == 0
    return trade


@pytest.fixture
def out(trade):
    return trade.folder / "out"


def problems(out):
    return [problem for one in verify(str(out)) for problem in one.problems]


def test_a_run_publishes_a_report_beside_each_label_and_one_that_leads_to_them(out):
    assert list(reports_in(out)) == ALL
    assert reports_in(out) == made_again(out)
    assert problems(out) == []


@pytest.mark.parametrize("ends", [b"\n", b"\r\n"])
@pytest.mark.parametrize("mark", [b"", "\ufeff".encode()])
def test_the_policy_is_published_byte_for_byte(tmp_path, mark, ends):
    trade = Trade(tmp_path)
    content = mark + (POLICY + "# 谁可以看\n").encode().replace(b"\n", ends)
    trade.policy.write_bytes(content)
    assert trade.run(trade.orders("may", MAY), "out") == 0
    assert (trade.folder / "out" / "policy.yaml").read_bytes() == content
    told = trade.manifest("out")
    assert told["policy_yaml_sha256"] == told["policy"]["sha256"] == hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize(
    "change", [lambda path: path.unlink(), lambda path: path.write_bytes(path.read_bytes() + b"#")]
)
def test_a_policy_that_is_gone_or_another_is_a_problem(trade, out, change):
    change(out / "policy.yaml")
    assert problems(out) == ["policy.yaml is missing or was changed"]
    with pytest.raises(VerificationError, match="is missing or was changed"):
        read_evidence(str(out))
    found = files_of_run(str(out))["policy.yaml"]
    assert found == trade.manifest("out")["policy_yaml_sha256"]


def test_what_an_earlier_version_published_without_a_policy_is_sound_and_has_a_report(out):
    told = json.loads((out / "run.json").read_text("utf-8"))
    del told["policy_yaml_sha256"]
    told["sha256"] = document_sha256(told)
    (out / "run.json").write_bytes(to_bytes(told))
    (out / "policy.yaml").unlink()
    assert problems(out) == []
    assert call(["report", str(out)]) == 0
    assert {one.policy for one in read_evidence(str(out))} == {None}
    (out / "policy.yaml").write_text("mine")  # of which no manifest knows anything
    assert "policy.yaml" not in files_of_run(str(out))


def test_a_report_is_no_evidence_and_may_be_overwritten_whatever_it_says(trade, out):
    for path in ALL:
        (out / path).write_bytes((out / path).read_bytes()[:300])
    assert problems(out) == []
    assert trade.run(trade.folder / "may.csv", "out", "--overwrite", "--unreleased") == 0
    assert reports_in(out) == made_again(out)


def test_a_report_of_somebody_else_is_not_lost(trade, out):
    own = out / "crm" / "report.html"
    own.write_text("<p>mine")
    assert trade.run(trade.folder / "may.csv", "out", "--overwrite", "--unreleased") != 0
    assert call(["keys", "destroy", str(trade.ring), "--name", "main", "--yes"]) == 0
    assert call(["label", "--again", str(out)]) != 0
    assert own.read_text() == "<p>mine"


def test_made_again_reports_are_the_same_bytes_in_any_language_and_whatever_was_met(out, monkeypatch):
    before = reports_in(out)
    NAMES.add(["still_personal", "anonymized"])
    for path in ALL:
        (out / path).unlink()
    assert call(["report", str(out)]) == 0
    assert reports_in(out) == before
    monkeypatch.setenv("BEAM_DEID_LANG", "zh")
    assert call(["report", str(out), "--lang", "both"]) == 0
    assert reports_in(out) == before
    assert call(["report", str(out), "--lang", "zh"]) == 0
    assert not any(b'lang="en"' in content for content in reports_in(out).values())


def test_reports_go_where_they_are_wanted_and_nothing_else_is_touched(out, tmp_path, capsys):
    before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in out.rglob("*") if path.is_file()}
    aside = tmp_path / "for the lawyer"
    assert call(["report", str(out), "--release", "crm", "--output", str(aside), "--json"]) == 0
    content = (aside / "crm" / "report.html").read_bytes()
    told = {"path": str(aside / "crm" / "report.html"), "size": len(content)}
    assert json.loads(capsys.readouterr().out)["pages"] == [{**told, "sha256": hashlib.sha256(content).hexdigest()}]
    assert [path.name for path in aside.rglob("*") if path.is_file()] == ["report.html"]
    assert content == (out / "crm" / "report.html").read_bytes()
    assert {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in out.rglob("*") if path.is_file()} == before


def test_no_report_is_made_of_what_was_changed(out, tmp_path, capsys):
    path = out / "crm" / "label.json"
    label = json.loads(path.read_text("utf-8"))
    path.write_bytes(to_bytes({**label, "label": "anonymized"}))
    before = reports_in(out)
    assert call(["report", str(out)]) == 1
    assert "this is not what was published: label.json was changed after publication" in capsys.readouterr().err
    assert reports_in(out) == before
    assert call(["report", str(out), "--output", str(tmp_path / "aside")]) == 1
    assert not (tmp_path / "aside").exists()


def test_there_is_a_word_for_a_folder_without_a_run_and_for_a_release_that_is_not_there(out, tmp_path, capsys):
    assert call(["report", str(tmp_path)]) == 2
    assert "there is no run.json here" in capsys.readouterr().err
    assert call(["report", str(out), "--release", "analytic"]) == 2
    assert "Did you mean analytics?" in capsys.readouterr().err


def test_a_page_that_cannot_be_drawn_keeps_back_nothing_that_was_proved(tmp_path, monkeypatch, capsys):
    def broken(*_):
        raise ZeroDivisionError("SECRET")

    trade = Trade(tmp_path)
    monkeypatch.setattr(pages, "release_page", broken)
    assert trade.run(trade.orders("may", MAY), "out") == 0
    said = capsys.readouterr()
    assert "no report was made (ZeroDivisionError)" in said.err
    assert "SECRET" not in said.err
    assert "report.html" not in said.out
    assert reports_in(tmp_path / "out") == {}
    assert problems(tmp_path / "out") == []


def test_labels_decided_again_have_new_reports(trade, out):
    before = reports_in(out)
    assert call(["keys", "destroy", str(trade.ring), "--name", "main", "--yes"]) == 0
    assert call(["label", "--again", str(out)]) == 0
    assert trade.label("out", "crm")["amendments"]
    assert reports_in(out) == made_again(out)
    assert reports_in(out) != before


def test_who_has_no_reports_made_has_them_removed_with_the_labels_that_they_were_of(trade, out):
    assert call(["keys", "destroy", str(trade.ring), "--name", "main", "--yes"]) == 0
    assert rewrite_labels(str(out)).changed
    assert reports_in(out) == {}
    assert problems(out) == []
    assert call(["report", str(out)]) == 0
    assert reports_in(out) == made_again(out)


def test_erased_persons_leave_new_reports(trade, out):
    before = reports_in(out)
    who = trade.folder / "who.csv"
    who.write_text("buyer\nbuyer-7\n", "utf-8")
    assert call(["erase", str(trade.policy), str(out), "--subjects", str(who), "--reason", "request 17"]) == 0
    assert trade.label("out", "crm")["records"]["released"] == len(MAY) - 1
    assert reports_in(out) == made_again(out)
    assert reports_in(out)["crm/report.html"] != before["crm/report.html"]


def test_a_policy_of_python_values_is_published_as_it_would_be_written(tmp_path):
    source = tmp_path / "may.csv"
    source.write_text(text(MAY), "utf-8")
    given = yaml.safe_load(POLICY.replace(KEYED, FROM_ENVIRONMENT))
    policy = policy_from_mapping({**given, "register": "none"})
    out = tmp_path / "out"
    run(prepare(policy, [str(source)]), str(out), Settings())
    assert read_policy(str(out / "policy.yaml")) == policy
    assert problems(out) == []
    assert reports_in(out) == {}  # nobody asked for any


@pytest.mark.parametrize("release", ["crm", "analytics"])
def test_the_release_before_stands_in_run_json(trade, out, release):
    assert "previous" not in trade.manifest("out")["releases"][release]
    before = trade.label("out", release)
    assert trade.run(trade.folder / "may.csv", "out", "--overwrite") in (0, 4)
    told = trade.manifest("out")["releases"][release]["previous"]
    assert (told["entry"], told["run"], told["label"]) == (f"{release}.1", before["run"], before["label"])
    assert told["records"] == before["records"]
    assert {name: facts["role"] for name, facts in told["fields"].items()} == {
        name: facts["role"] for name, facts in before["fields"].items()
    }
    assert [one["measured"] for one in told["tests"]] == [one["measured"] for one in before["tests"]]
    assert not {"files", "inputs", "operator", "recipient"} & {*told}
    assert read_evidence(str(out))[["analytics", "crm"].index(release)].previous == told


def test_a_release_that_was_never_given_out_is_not_the_one_before(trade):
    assert trade.run(trade.folder / "may.csv", "out", "--overwrite", "--unreleased") == 0
    assert "previous" not in trade.manifest("out")["releases"]["crm"]


def test_of_a_release_whose_label_is_gone_the_register_is_asked(trade, out):
    out.rename(trade.folder / "elsewhere")
    assert trade.run(trade.folder / "may.csv", "out") in (0, 4)
    told = trade.manifest("out")["releases"]["crm"]["previous"]
    assert told["fields"] == {"buyer": {"role": ["direct_identifier"]}}
    assert "tests" not in told


def test_all_tables_have_reports_and_one_policy(tmp_path):
    assert call(["demo", "--tables", "--rows", "400", "--folder", str(tmp_path), "--workers", "1"]) == 0
    out = tmp_path / "out"
    assert (out / "policy.yaml").read_bytes() == (tmp_path / "policy.yaml").read_bytes()
    assert {path.parent.name for path in out.glob("*/label.json")} == {
        path.parent.name for path in out.glob("*/report.html")
    }
    assert reports_in(out) == made_again(out)
    assert problems(out) == []


def test_what_is_assessed_has_a_page(trade, tmp_path, capsys):
    page = tmp_path / "may.html"
    asked = ["assess", "-i", str(trade.folder / "may.csv"), "--quasi", "city", "--sensitive", "goods", "--report"]
    assert call([*asked, str(page)]) == 0
    assert f"Report: {page}" in capsys.readouterr().out
    assert b"</" in page.read_bytes()
    assert call([*asked, "may.pdf"]) == 2
    assert "a report must end in .html" in capsys.readouterr().err


def test_no_report_beside_an_output_that_is_none(tmp_path):
    with pytest.raises(UsageError, match="no run"):
        read_evidence(str(tmp_path))
