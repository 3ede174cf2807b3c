"""Case 19 and its kind: `verify` decides again from the evidence, and refuses a label that does not follow from it.

Each forgery is sealed again: every hash that the manifests hold is made anew, as whoever has no secret can, so that only what
the label says can give it away. Without a signature `verify` is no proof of origin, and says so.
"""

import hashlib
import json
import shutil

import pyarrow.parquet as pq
import pytest

from beam_deid.pipelines.cli import call

from ...kit.crowds import crowd, grid, write
from ...kit.policies import policy, release, roles
from .kit import carry_out

FIELDS = roles(direct="buyer", quasi="city", sensitive="category")
RUN = ("run", "policy.yaml", "--input", "in.parquet", "--output", "out")


def published(folder, persons, kept="city category", sharing="public", top=None, **more):
    """A run of one release `a`, with `persons` people for each city and category."""
    table = crowd(grid(city=["城0", "城1"], category=["食品", "图书", "衣服"]), persons)
    folder.mkdir()
    write(folder / "in.parquet", table)
    write(folder / "policy.yaml", json.dumps(policy(FIELDS, top=top, a=release(sharing, kept, **more))))
    return carry_out(folder, [RUN], ("out",)).labels["a"]["label"]


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Runs by name: `good` is anonymized, `small` and `named` are not, `controlled` is with fewer people than public asks.

    Of `nobodys` and `chosen` nobody says whom the records are about; the records of `chosen` are those of a row filter.
    """
    folder = tmp_path_factory.mktemp("runs")
    return folder, {
        "good": published(folder / "good", 30),
        "small": published(folder / "small", 5),
        "named": published(folder / "named", 30, "buyer city category"),
        "controlled": published(folder / "controlled", 8, sharing="controlled"),
        "nobodys": published(folder / "nobodys", 30, top={"subject": None}),
        "chosen": published(folder / "chosen", 30, top={"subject": None}, where={"city": {"null": False}}),
    }


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def forge(out, change, metadata=lambda found: found, fields=lambda name, found: found):
    """Change what a label says, and what the parts' metadata say; make every hash anew.

    The label's name is written into the parts and the run's manifests, too.
    """
    path = out / "a" / "label.json"
    label = json.loads(path.read_text("utf-8"))
    change(label)
    parts = {file["path"]: file for file in label["files"]}
    for name, file in parts.items():
        part = out / "a" / name
        table = pq.read_table(part)
        said = metadata({**table.schema.metadata, b"beam_deid.label": label["label"].encode()})
        schema = table.schema.with_metadata(said)
        for at, field in enumerate(schema):
            schema = schema.set(at, field.with_metadata(fields(field.name, dict(field.metadata))))
        pq.write_table(table.cast(schema), part)
        file["sha256"] = sha256(part)
    path.write_text(json.dumps(label, ensure_ascii=False), "utf-8")
    manifests = json.loads((out / "run.json").read_text("utf-8"))
    failing = [test["name"] for test in label["tests"] if not test["passed"]]
    manifests["releases"]["a"].update(label=label["label"], label_sha256=sha256(path), failing=failing)
    whole = {key: value for key, value in manifests.items() if key != "sha256"}
    packed = json.dumps(whole, sort_keys=True, separators=(",", ":")).encode()
    (out / "run.json").write_text(json.dumps({**whole, "sha256": hashlib.sha256(packed).hexdigest()}), "utf-8")


def named(label, name):
    """The test of a name; a forgery that finds none would prove nothing."""
    (test,) = (test for test in label["tests"] if test["name"] == name)
    return test


def nothing(label):
    """Nothing but the hashes made anew."""


def called_anonymized(label):
    """The word alone; the tests say that they fail."""
    label["label"] = "anonymized"


def all_passed(label):
    """Every test is called passed; what was measured stays beyond its limit."""
    called_anonymized(label)
    for test in label["tests"]:
        test["passed"] = True


def laxer_limits(label):
    """The limits are moved to what was measured: laxer than the sharing model's."""
    all_passed(label)
    for test in label["tests"]:
        if isinstance(test["measured"], int | float):
            test["limit"] = test["measured"]


def without_what_fails(label):
    """The tests that fail are gone."""
    called_anonymized(label)
    label["tests"] = [test for test in label["tests"] if test["passed"]]


def one_line_removed(label):
    """An anonymized label without a test of dominance."""
    label["tests"] = [test for test in label["tests"] if test["name"] != "dominance"]


def no_tests(label):
    """An anonymized label without any test."""
    label["tests"] = []


def not_measured(label):
    """A passed test that measured nothing."""
    named(label, "k")["measured"] = None


def limit_gone(label):
    """A passed test without its limit."""
    named(label, "k")["limit"] = None


def measured_beyond(label):
    """An anonymized label whose k was measured as 3."""
    named(label, "k")["measured"] = 3


def measured_as_text(label):
    """Figures as texts, which compare otherwise."""
    test = named(label, "k")
    test["measured"] = str(test["measured"])


def not_a_number(label):
    """A figure that compares with nothing."""
    named(label, "dominance")["measured"] = float("nan")


def called_public(label):
    """A controlled release, whose limits are laxer, is called public."""
    label["sharing"] = "public"


def role_in_the_label(label):
    """A direct identifier is called insensitive, in the label alone."""
    all_passed(label)
    label["fields"]["buyer"]["role"] = ["insensitive"]


def sensitive_no_more(label):
    """A sensitive column is called insensitive and its tests are gone, in the label alone."""
    label["fields"]["category"]["role"] = ["insensitive"]
    label["tests"] = [test for test in label["tests"] if not test["name"].endswith(":category")]


def restorable(label):
    """A direct identifier that is clear is called removed."""
    all_passed(label)
    label["fields"]["buyer"]["recoverability"] = "irreversible"


def counted_of_nobody(label):
    """Persons are counted, and nobody says whom the records are about."""
    named(label, "k")["measured"] = 30


def filter_measured_otherwise(label):
    """The row filter's fields are others than the scope says."""
    named(label, "row_filter")["measured"] = 1


def word_of_no_kind(label):
    label["fields"]["age" if "age" in label["fields"] else next(iter(label["fields"]))]["kind"] = "nonsense"


FORGED = [
    ("good", word_of_no_kind),
    ("small", called_anonymized),
    ("small", all_passed),
    ("small", laxer_limits),
    ("small", without_what_fails),
    ("named", all_passed),
    ("named", role_in_the_label),
    ("named", restorable),
    ("good", one_line_removed),
    ("good", no_tests),
    ("good", not_measured),
    ("good", limit_gone),
    ("good", measured_beyond),
    ("good", measured_as_text),
    ("good", not_a_number),
    ("good", sensitive_no_more),
    ("controlled", called_public),
    ("nobodys", counted_of_nobody),
    ("nobodys", all_passed),
    ("chosen", filter_measured_otherwise),
]


@pytest.fixture
def problems(runs, tmp_path, capsys):
    """Forges a copy of a run and returns what `verify` finds wrong with it."""

    def found(name, change, **more):
        out = shutil.copytree(runs[0] / name / "out", tmp_path / "out")
        forge(out, change, **more)
        capsys.readouterr()
        code = call(["verify", str(out), "--json"])
        told = json.loads(capsys.readouterr().out)
        wrong = [problem for result in told["results"] for problem in result["problems"]]
        assert (code == 0, told["verified"]) == (not wrong, not wrong)
        return wrong

    return found


def test_the_runs_are_what_the_forgeries_need(runs):
    assert runs[1] == {
        "good": "anonymized",
        "small": "still_personal",
        "named": "still_personal",
        "controlled": "anonymized",
        "nobodys": "still_personal",
        "chosen": "still_personal",
    }


@pytest.mark.parametrize("name", ["good", "small", "named", "controlled", "nobodys", "chosen"])
def test_an_honest_label_that_is_sealed_anew_is_accepted(problems, name):
    assert problems(name, nothing) == []


def test_verify_says_that_it_is_no_proof_of_origin(runs, capsys):
    assert call(["verify", str(runs[0] / "good" / "out")]) == 0
    assert "origin" in "".join(capsys.readouterr())


@pytest.mark.parametrize(("name", "change"), FORGED, ids=lambda one: one if isinstance(one, str) else one.__name__)
def test_what_does_not_follow_from_the_evidence_is_refused(problems, name, change):
    assert problems(name, change)


def test_a_role_changed_in_the_parts_too_is_refused_for_the_tests_that_were_made(problems):
    def change(label):
        label["fields"]["category"]["role"] = ["insensitive"]

    def fields(name, found):
        return {**found, b"beam_deid.role": b"insensitive"} if name == "category" else found

    assert problems("good", change, fields=fields)


def test_another_label_in_the_parts_is_refused(problems):
    assert problems("good", nothing, metadata=lambda found: {**found, b"beam_deid.label": b"still_personal"})


def test_a_worse_word_than_the_evidence_is_refused_too(problems):
    def change(label):
        label["label"] = "still_personal"

    assert problems("good", change)
