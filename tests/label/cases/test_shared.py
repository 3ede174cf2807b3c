"""The shared cases through files, through tables in memory and through a collection: the same label, and it is the right one.

Two cases are no release of a source, so that they have tests of their own: 14 is refused, and 20 is about a collection's batches
and times, which neither files nor tables have (`test_embedded.py`). Of others a part is of files alone:

- 08 and 09: releases of one run are tested together, and a table or a collection is one release; here both are made one after the
  other, and the register knows the first. In one run files have them in a test of their own.
- 47 and 48: `label --again` is about the output of a run, and refuses what `WriteRelease` wrote.
- 54: two equal files are told, and each is searched for sensitive values by itself; of one table neither can be.
"""

import json
import subprocess
import sys

import pytest

from beam_deid import PolicyError, deidentify
from beam_deid.pipelines.cli import call
from beam_deid.transforms import Deidentify
from beam_deid.transforms.label.documents import OWN_SHA256, document_sha256

from ...kit.as_files import differences
from ...kit.shared import CASES, needs_cases
from ...kit.shared_cases import KEYRING, WAYS, made_in_every_way, prepare, releases_of, table_of
from .balance import balanced
from .kit import carry_out
from .test_earlier import FOUND
from .test_later import ASKED_AGAIN, KEK, RUN, SHARED_CASES

REFUSED = "14-limits-loosened"
FORGED = "19-forged"
EMBEDDED = "20-embedded"
RIGHT = {**FOUND, "09-release-one-by-one": (3,), "10-differencing": (7,), FORGED: (3,), **SHARED_CASES}
"""Lines that must fail in the last release of a case; of an inner tuple, one. 09 is told by the first release already."""
ANONYMIZED = {"08-two-releases-compose"}
"""Cases whose first release is rightly anonymized, as long as it is the only one."""
TOGETHER = ("08-two-releases-compose", "09-release-one-by-one")
EQUAL_FILES = "54-same-file-twice"


@pytest.fixture(autouse=True)
def _kek(monkeypatch):
    monkeypatch.setenv("BEAM_DEID_KEK", KEK)


def failing(label):
    return {test["line"] for test in label["tests"] if not test["passed"]}


def of_records(label):
    """A label without what it says of files."""
    identities = {key: value for key, value in label["identities"].items() if key != "equal_files"}
    listed = [{key: value for key, value in one.items() if key != "fields"} for one in label["sensitive_values"]]
    return {**label, "identities": identities, "sensitive_values": listed}


def unlike(case, one, other):
    """What is not the same in two ways, in words."""
    if case == EQUAL_FILES:
        one, other = (replaced(made) for made in (one, other))
    return differences(one, other)


def replaced(made):
    return type(made)(of_records(made.label), made.rows, made.rejects)


@needs_cases
def test_every_case_is_tried():
    assert {path.name for path in CASES.glob("*/")} == {*RIGHT, REFUSED, EMBEDDED}


@pytest.mark.slow("four releases of each case, of which one is a run and one a pipeline")
@needs_cases
@pytest.mark.parametrize("case", RIGHT)
def test_a_case_has_the_same_label_in_every_way_and_it_is_right(case, tmp_path):
    made = made_in_every_way(case, tmp_path)
    assert {
        f"{way}, release {number}": unlike(case, of_files, one)
        for way in WAYS
        for number, (of_files, one) in enumerate(zip(made["files"], made[way], strict=True))
        if unlike(case, of_files, one)
    } == {}
    *before, last = made["files"]
    assert last.label["label"] == "still_personal"
    for line in RIGHT[case]:
        either = line if isinstance(line, tuple) else (line,)
        assert failing(last.label) & {*either}, (line, failing(last.label))
    words = {one.label["label"] for one in before}
    assert words <= {"anonymized" if case in ANONYMIZED else "still_personal"}
    for way in WAYS:
        for release in releases_of(case):
            out = tmp_path / way / release.output
            balanced(json.loads((out / release.name / "label.json").read_text("utf-8")), out)
    for way in ("files", "Deidentify"):
        for release in releases_of(case):
            assert call(["verify", str(tmp_path / way / release.output)]) == 0


@pytest.mark.slow("a run of two releases")
@needs_cases
@pytest.mark.parametrize("case", TOGETHER)
def test_releases_of_one_run_of_files_are_tested_together(case, tmp_path):
    outcome = carry_out(prepare(case, tmp_path), [RUN], ("out",))
    assert {name: label["label"] for name, label in outcome.labels.items()} == dict.fromkeys("ab", "still_personal")
    for name, other in (("a", "b"), ("b", "a")):
        failing = {test["name"] for test in outcome.labels[name]["tests"] if not test["passed"]}
        assert any(one.endswith(f":{other}") for one in failing), failing


@needs_cases
def test_a_policy_that_loosens_is_refused_in_every_way(tmp_path, capsys):
    folder = prepare(REFUSED, tmp_path)
    policy = str(folder / "policy.yaml")
    capsys.readouterr()
    assert call(["run", policy, "-i", str(folder / "in.parquet"), "-o", str(folder / "out")]) == 2
    of_files = " ".join(capsys.readouterr().err.split())
    table = table_of(folder, *releases_of(REFUSED))
    for refused in (lambda: deidentify(table, policy), lambda: Deidentify(policy)):
        with pytest.raises(PolicyError) as told:
            refused()
        assert "0.05" in str(told.value)
        assert "link" in str(told.value)
        assert " ".join(told.value.what.split()) in of_files
    assert not (folder / "out").exists()


def verified(out, capsys):
    """The exit code of `verify`, and whether it vouches."""
    capsys.readouterr()
    code = call(["verify", str(out), "--json"])
    return code, json.loads(capsys.readouterr().out)["verified"]


@pytest.mark.slow("a run, a pipeline, and a process")
@needs_cases
@pytest.mark.parametrize("way", ["files", "Deidentify"])
def test_a_forged_label_is_vouched_for_in_no_way(way, tmp_path, capsys):
    """The forger has no `run.json` of what `WriteRelease` wrote: there a label has its own hash, which is made anew."""
    folder = prepare(FORGED, tmp_path)
    (release,) = releases_of(FORGED)
    WAYS[way](folder, release)
    out = folder / release.output
    assert verified(out, capsys) == (0, True)
    done = subprocess.run([sys.executable, "forge.py"], cwd=folder, capture_output=True, text=True, check=False)
    path = out / release.name / "label.json"
    label = json.loads(path.read_text("utf-8"))
    assert label["label"] == "anonymized", done.stderr
    assert (done.returncode == 0) == (out / "run.json").exists(), done.stderr
    assert verified(out, capsys) == (1, False)
    if OWN_SHA256 in label:
        label[OWN_SHA256] = document_sha256(label)
        path.write_text(json.dumps(label, ensure_ascii=False), "utf-8")
        assert verified(out, capsys) == (1, False)


@pytest.mark.slow("a pipeline, in a process that imports Beam")
@needs_cases
@pytest.mark.parametrize("case", ASKED_AGAIN)
def test_what_a_collection_became_is_no_more_anonymized_once_its_key_is_gone(case, tmp_path):
    folder = prepare(case, tmp_path)
    (release,) = releases_of(case)
    WAYS["Deidentify"](folder, release)
    out = folder / release.output
    before = (out / release.name / "label.json").read_bytes()
    assert call(["keys", "destroy", str(folder / KEYRING), "--name", "main", "--yes"]) == 0
    assert call(["label", "--again", str(out)]) == 2
    assert (out / release.name / "label.json").read_bytes() == before
    assert json.loads(before)["label"] == "still_personal"
    assert call(["verify", str(out)]) == 0
