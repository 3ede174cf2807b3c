"""What several releases say together and no two of them do, and labels that contradict themselves.

The forgeries here are made with care: tests, limits, metadata and hashes fit each other, and only what the label says twice
gives them away.
"""

import copy
import json
import shutil

import pytest

from beam_deid.pipelines.cli import call
from beam_deid.transforms.label.documents import document_sha256

from .kit import Case, carry_out, crowd, grid, judge, policy, release, roles, run, write
from .test_forged import FIELDS, RUN, forge, published, sha256

# Three releases


def bits(number):
    """A hierarchy of eight values that tells one bit of each."""
    return "".join(f"v{value};{'one' if value >> number & 1 else 'zero'};*\n" for value in range(8))


def three(persons, values):
    """Eight values of x, of each as many persons as `persons` says, and their category; three releases tell one bit of x each."""
    cells = [{"x": f"v{value}"} for value in range(8)]
    whole = [(cell, who) for cell in range(8) for who in range(persons(cell))]
    table = crowd([cells[cell] for cell, _ in whole], 1, category=lambda who: values(*whole[who.number]))
    return {"in.parquet": table} | {f"h{number}.csv": bits(number) for number in range(3)}


def bit(number):
    return release("controlled", "category", {"x": {"generalize": {"hierarchy": f"h{number}.csv", "level": 1}}})


THREE = policy(roles(direct="buyer", quasi="x", sensitive="category"), a=bit(0), b=bit(1), c=bit(2))
VALUES = ["s1", "s4", "s3", "t3", "s2", "t5", "t6", "t7"]

TOGETHER = [
    Case(
        "three-single-out",
        "Two releases tell two bits of x, all three tell x, and it has two persons there.",
        lambda: three(lambda cell: 2 if cell == 5 else 40, lambda cell, who: "abcd"[who % 4]),
        THREE,
        (8,),
    ),
    Case(
        "three-values",
        "Any two groups of a record have two values in common, all three have one.",
        lambda: three(lambda cell: 60, lambda cell, who: VALUES[cell]),
        THREE,
        (8,),
    ),
]
TWIN = Case(
    "three-twin",
    "Three releases tell x, and everywhere are many persons with all values.",
    lambda: three(lambda cell: 40, lambda cell, who: "abcd"[who % 4]),
    THREE,
)


@pytest.mark.parametrize("case", TOGETHER, ids=str)
def test_what_three_releases_say_and_no_two(case, tmp_path):
    outcome = run(case, tmp_path)
    judge(outcome, case.fails)
    names = {test["name"] for test in outcome.labels["a"]["tests"] if not test["passed"]}
    assert names & {"composition:*", "common_values:*:category"}


def test_three_releases_that_say_nothing_together(tmp_path):
    judge(run(TWIN, tmp_path))


def test_what_three_releases_say_together_is_suppressed_within_their_shares(tmp_path):
    changed = copy.deepcopy(THREE)
    for one in changed["releases"].values():
        one["require"] = {"suppression": 0.05}
    outcome = run(Case("", "", TOGETHER[0].data, changed), tmp_path)
    judge(outcome)
    assert {label["records"]["suppressed"] for label in outcome.labels.values()} == {2}


def corners(other):
    """Who is in a city and a job has one category; a city, or a job alone, has two. `other` is the same under another name."""
    values = {("A", "x"): "s1", ("A", "y"): "s2", ("B", "x"): "s3", ("B", "y"): "s4"}
    cells = [
        {"city": city, "job": job, "category": value, "other": other[value]} for (city, job), value in values.items()
    ]
    return crowd(cells, 60)


SAME = {"s1": "t1", "s2": "t2", "s3": "t3", "s4": "t4"}


NAMED = pytest.mark.parametrize(
    "named", [roles(sensitive="category other"), roles(sensitive="category", insensitive="other")]
)


def under_another_name(named):
    fields = roles(direct="buyer", quasi="city job") | named
    return policy(fields, a=release("controlled", "city category"), b=release("controlled", "job other"))


@NAMED
def test_a_sensitive_field_under_another_name_in_the_other_release(named, tmp_path):
    outcome = run(Case("", "", lambda: corners(SAME), under_another_name(named)), tmp_path)
    judge(outcome, (8,))
    (test,) = (test for test in outcome.labels["a"]["tests"] if test["name"] == "composition:b")
    assert (test["measured"], test["detail"][:38]) == (None, "other in b says what category in a doe")


@NAMED
def test_another_field_in_the_other_release_is_no_copy(named, tmp_path):
    table = corners(SAME)
    other = [SAME[f"s{1 + row * 7 % 4}"] for row in range(len(table))]
    table = table.set_column(table.column_names.index("other"), "other", [other])
    judge(run(Case("", "", lambda: table, under_another_name(named)), tmp_path))


def test_the_same_field_in_both_leaves_one_value(tmp_path):
    both = policy(
        roles(direct="buyer", quasi="city job", sensitive="category", insensitive="other"),
        a=release("controlled", "city category"),
        b=release("controlled", "job category"),
    )
    judge(run(Case("", "", lambda: corners(SAME), both), tmp_path), (8,))


# Forgeries


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    labels = {
        "good": published(folder / "good", 30),
        "small": published(folder / "small", 5),
        "named": published(folder / "named", 30, "buyer city category"),
    }
    assert labels == {"good": "anonymized", "small": "still_personal", "named": "still_personal"}
    return folder


def as_limits_ask(label):
    """All tests are said to have been measured as their limits ask."""
    for test in label["tests"]:
        test.update(passed=True, measured=test["limit"])
    label.update(label="anonymized", changes=[], condition="only if this is the only release of these records")


def scanned(label):
    label["scan"] = [{"field": "city", "kind": "mobile", "hits": 99}]


def digest(label):
    found = {"values": 5, "recovered": 5, "share": 1.0, "limit": 0, "detail": "unkeyed"}
    label["recoveries"] = [{"field": "city", "attack": "digests", **found}]


def attacked(label):
    label["attacks"].append({**label["attacks"][0], "name": "attacker:courier", "exposed": {"share": 1.0}})


def nobody(label):
    label["asked"].update(subject=None, identities=[])


def other_identities(label):
    label["asked"]["identities"] = ["buyer", "phone"]


def small_k(label):
    label["risk"]["k"] = 1


def not_sensitive(label):
    label["sensitive"] = False


def other_limits(label):
    label["limits"]["k"] = 90


def no_condition(label):
    label["condition"] = ""


def calm(label):
    """An environment risk that does not follow from the environment."""
    for each in (label["environment"], label["asked"]["environment"]):
        each["E"] = 0.1
    label["risk"]["sharing"]["E"] = 0.1


def linked(label):
    label["asked"]["linked"] = True


def other_grade(label):
    label["grade"] = 4


def suppressed(label):
    label["search"]["suppressed"] = 500


def failing_before(label):
    label["changes"] = [
        {"line": 3, "test": "k", "columns": ["city"], "drop": ["city"], "suppress": None, "text": "drop city"}
    ]


def amended(label):
    """A made-up decision explains why the parts bear another label."""
    before = {key: label[key] for key in ("label", "limits", "condition")}
    as_limits_ask(label)
    label["risk"]["k"] = 20
    label["risk"]["sharing"].update(R=0.05, R_a=0)
    label["amendments"] = [{"at": "2026-01-01", "decided_at": "2026-01-01", **before, "fields": {}}]


FORGED = [
    ("named", as_limits_ask),
    ("small", as_limits_ask),
    ("small", amended),
    ("good", scanned),
    ("good", digest),
    ("good", attacked),
    ("good", nobody),
    ("good", other_identities),
    ("good", small_k),
    ("good", not_sensitive),
    ("good", other_limits),
    ("good", no_condition),
    ("good", calm),
    ("good", linked),
    ("good", failing_before),
    ("good", other_grade),
    ("good", suppressed),
]


def problems(out, capsys):
    capsys.readouterr()
    code = call(["verify", str(out), "--json"])
    told = json.loads(capsys.readouterr().out)
    wrong = [problem for result in told["results"] for problem in result["problems"]]
    assert (code == 0) == (not wrong)
    return wrong


def sealed(out, change):
    """Forge a label, and let the parts bear what it says then."""
    said = {}

    def changed(label):
        change(label)
        said.update(label)

    def metadata(found):
        travelling = ("sharing", "environment", "attackers", "limits", "condition")
        label = {b"beam_deid.label": b"still_personal"} if change is amended else {}
        before = said.get("amendments", [{}])[0]
        shown = {f"beam_deid.{key}".encode(): json.dumps(before.get(key, said[key])).encode() for key in travelling}
        return {**found, **label, **shown}

    forge(out, changed, metadata=metadata)


def reseal(out, change):
    """Forge a label whose parts bear no metadata."""
    path = out / "a" / "label.json"
    manifests = json.loads((out / "run.json").read_text("utf-8"))
    label = json.loads(path.read_text("utf-8"))
    change(label)
    path.write_text(json.dumps(label, ensure_ascii=False), "utf-8")
    manifests["releases"]["a"]["label_sha256"] = sha256(path)
    (out / "run.json").write_text(json.dumps({**manifests, "sha256": document_sha256(manifests)}), "utf-8")


@pytest.mark.parametrize(("name", "change"), FORGED, ids=lambda one: one if isinstance(one, str) else one.__name__)
def test_what_a_label_says_twice_it_says_alike(runs, name, change, tmp_path, capsys):
    out = shutil.copytree(runs / name / "out", tmp_path / "out")
    sealed(out, change)
    assert problems(out, capsys)


def pair(folder, count=30):
    folder.mkdir()
    write(folder / "in.parquet", crowd(grid(city=["城0", "城1"], category=["食品", "图书", "衣服"]), count))
    both = policy(FIELDS, a=release("controlled", "city category"), b=release("controlled", "city"))
    write(folder / "policy.yaml", json.dumps(both))
    return carry_out(folder, [RUN], ("out",))


def test_releases_of_one_run_are_siblings_in_each_others_labels(tmp_path, capsys):
    outcome = pair(tmp_path / "pair")
    assert {label["label"] for label in outcome.labels.values()} == {"anonymized"}
    out = tmp_path / "pair" / "out"
    assert problems(out, capsys) == []

    def alone(label):
        label["asked"]["siblings"] = {}
        label["tests"] = [test for test in label["tests"] if test["line"] != 8]
        label["limits"] = {test["name"]: test["limit"] for test in label["tests"]}

    sealed(out, alone)
    assert problems(out, capsys)


def test_a_label_cannot_lower_the_class_size_of_a_sibling(tmp_path, capsys):
    pair(tmp_path / "pair")
    out = tmp_path / "pair" / "out"

    def lower(label):
        label["asked"]["siblings"]["b"]["k"] = 1
        for test in label["tests"]:
            if test["name"] == "composition:b":
                test.update(limit=1, measured=1)
        label["limits"]["composition:b"] = 1

    sealed(out, lower)
    assert any("composition:b" in problem for problem in problems(out, capsys))


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
@pytest.mark.parametrize("rows", [60, 1], ids=["another column", "other rows"])
def test_a_part_without_metadata_is_counted_and_its_fields_compared(kind, rows, tmp_path, capsys):
    table = crowd(grid(city=["城0", "城\n1"]), 30, category=lambda who: "ab"[who.person % 2] if who.person else None)
    write(tmp_path / "in.parquet", table)
    write(tmp_path / "policy.yaml", json.dumps(policy(FIELDS, a=release("controlled", "city category", format=kind))))
    carry_out(tmp_path, [RUN], ("out",))
    out = tmp_path / "out"
    assert problems(out, capsys) == []

    def change(label):
        part = out / "a" / label["files"][0]["path"]
        other = table.select(["buyer", "city", "category"] if rows == 60 else ["city", "category"]).slice(0, rows)
        write(part, other)
        label["files"][0]["sha256"] = sha256(part)

    reseal(out, change)
    assert problems(out, capsys)


def test_a_part_of_no_known_format_is_refused(runs, tmp_path, capsys):
    out = shutil.copytree(runs / "good" / "out", tmp_path / "out")

    def change(label):
        (out / "a" / label["files"][0]["path"]).rename(out / "a" / "part-00000.txt")
        label["files"][0]["path"] = "part-00000.txt"

    reseal(out, change)
    assert problems(out, capsys)


# What loosens


def test_no_number_allows_all_to_be_rejected(tmp_path):
    outcome = run(Case("", "", TWIN.data, TWIN.policy, commands=((*RUN, "--max-rejects", "nan"),)), tmp_path)
    assert (outcome.code, outcome.labels) == (2, {})


def test_a_sharing_model_that_is_a_list_is_an_error_of_the_policy(tmp_path):
    one = policy(FIELDS, a={**release("public", "city category", require={"k": 20}), "sharing": ["public"]})
    outcome = run(
        Case("", "", lambda: crowd(grid(city=["A"]), 30, category=lambda who: "ab"[who.person % 2]), one), tmp_path
    )
    judge(outcome, refused=("sharing",))
