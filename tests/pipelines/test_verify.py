import contextlib
import copy as copying
import hashlib
import itertools
import json
import shutil

import pyarrow.parquet as pq
import pytest

from beam_deid.pipelines.cli import call
from beam_deid.transforms.label.documents import document_sha256
from beam_deid.transforms.label.verify import verify

from ..kit.examples import some_of


@pytest.fixture
def published(house):
    """A run of two releases over two hundred orders."""
    return house.undisturbed


@pytest.fixture
def copy(published, tmp_path):
    shutil.copytree(published, tmp_path / "copy")
    return tmp_path / "copy"


def test_an_untouched_run_verifies(published, capsys):
    assert call(["verify", str(published)]) == 0
    assert "analytics: anonymized" in capsys.readouterr().out


def test_how_far_it_is_can_be_heard(published):
    heard = []
    assert not [problem for one in verify(str(published), counted=heard.append) for problem in one.problems]
    labels = [json.loads(path.read_text("utf-8")) for path in published.glob("*/label.json")]
    assert sorted(heard) == sorted(file["rows"] for label in labels for file in label["files"])


@pytest.mark.parametrize("place", [0, 1 / 3, 2 / 3, 1])
def test_one_flipped_byte_of_a_part_fails(copy, place):
    part = copy / "analytics" / "part-00000.parquet"
    data = bytearray(part.read_bytes())
    data[round(place * (len(data) - 1))] ^= 1
    part.write_bytes(data)
    assert call(["verify", str(copy)]) == 1


def change_risk(label):
    label["risk"]["k"] += 1


def change_label(label):
    label["label"] = "anonymized"


def change_rows(label):
    label["files"][0]["rows"] += 1


def change_time(label):
    label["decided_at"] = "2020-01-01T00:00:00+00:00"


@pytest.mark.parametrize("change", [change_risk, change_label, change_rows, change_time])
def test_one_changed_value_of_a_label_fails(copy, change):
    path = copy / "crm" / "label.json"
    label = json.loads(path.read_text())
    change(label)
    path.write_text(json.dumps(label))
    assert call(["verify", str(copy)]) == 1


def test_a_changed_run_document_fails(copy):
    run = json.loads((copy / "run.json").read_text())
    run["releases"]["crm"]["label"] = "anonymized"
    (copy / "run.json").write_text(json.dumps(run))
    assert call(["verify", str(copy)]) == 1


@pytest.mark.parametrize(
    "name", ["analytics/part-00000.parquet", "analytics/label.json", "rejected.parquet", "rejected.csv"]
)
def test_a_missing_file_fails(copy, name):
    (copy / name).unlink()
    assert call(["verify", str(copy)]) == 1


@pytest.mark.parametrize("name", ["analytics/part-99999.parquet", "analytics/notes.txt", "other/part-00000.parquet"])
def test_a_file_that_no_label_lists_fails(copy, name):
    (copy / name).parent.mkdir(exist_ok=True)
    (copy / name).write_bytes(b"x")
    assert call(["verify", str(copy)]) == 1


def test_a_folder_without_a_run_is_a_usage_error(tmp_path, capsys):
    assert call(["verify", str(tmp_path)]) == 2


def test_json_lists_the_problems(copy, capsys):
    (copy / "crm" / "label.json").write_text("{}")
    assert call(["verify", str(copy), "--json"]) == 1
    document = json.loads(capsys.readouterr().out)
    assert document["verified"] is False
    assert any(result["problems"] for result in document["results"])


ODD = [
    None,
    True,
    -1,
    1.5,
    float("inf"),
    "",
    "x",
    "\ud800",
    "\0",
    "[/red]",
    "../x",
    [],
    [None],
    [[]],
    {},
    {"": None},
    {"a": []},
]
"""Values that are wrong almost anywhere."""


def agreeing(copy, change_label=lambda label: None, change_run=lambda run: None):
    """Manifests of somebody who can write the folder: changed, and with hashes that fit."""
    path = copy / "crm" / "label.json"
    run = json.loads((copy / "run.json").read_text("utf-8"))
    label = json.loads(path.read_text("utf-8"))
    change_label(label)
    path.write_text(json.dumps(label))
    change_run(run)
    with contextlib.suppress(AttributeError, KeyError, TypeError):
        run["releases"]["crm"]["label_sha256"] = hashlib.sha256(path.read_bytes()).hexdigest()
    run["sha256"] = document_sha256(run)
    (copy / "run.json").write_text(json.dumps(run))


def places(document):
    """Where something stands in a document: all keys of mappings, and the first item of each list."""
    inner = list(document.items()) if isinstance(document, dict) else list(enumerate(document))[:1]
    for key, value in inner:
        yield (key,)
        if isinstance(value, dict | list):
            yield from ((key, *rest) for rest in places(value))


def put(document, place, value):
    for part in place[:-1]:
        document = document[part]
    if value is ...:
        del document[place[-1]]
    else:
        document[place[-1]] = value


CHECKED = (
    "tests",
    "files",
    "records",
    "fields",
    "label",
    "release",
    "run",
    "policy_sha256",
    "schema_version",
    "sharing",
)


def test_whatever_stands_in_a_label_there_is_a_problem_and_never_a_traceback(copy, capsys):
    original = {name: (copy / name).read_bytes() for name in ("run.json", "crm/label.json")}
    label = json.loads(original["crm/label.json"])
    wanted = [place for place in places(label) if place[0] in CHECKED and (len(place) < 3 or place[0] != "risk")]
    wanted += [("search",), ("risk",), ("amendments",), ("signature",), ("asked",)]
    for place, value in some_of(itertools.product(wanted, [..., *ODD])):
        if place[0] not in label and value is ...:
            continue
        agreeing(copy, lambda one, place=place, value=value: put(one, place, copying.deepcopy(value)))
        code = call(["verify", str(copy), "--json"])
        said = capsys.readouterr()
        assert code in (0, 1), (place, value)
        assert "unforeseen" not in said.err, (place, value, said.err)
        if len(place) == 1 and place[0] in CHECKED:
            assert code == 1, (place, value)
        for name, data in original.items():
            (copy / name).write_bytes(data)


def test_whatever_stands_in_a_run_there_is_a_problem_and_never_a_traceback(copy, capsys):
    original = {name: (copy / name).read_bytes() for name in ("run.json", "crm/label.json")}
    run = json.loads(original["run.json"])
    checked = (
        "releases",
        "keyring",
        "sha256",
        "rejected_sha256",
        "rejected_csv_sha256",
        "run",
        "policy_sha256",
        "schema_version",
    )
    wanted = [place for place in places(run) if place[0] in checked]
    for place, value in some_of(itertools.product(wanted, ODD)):
        agreeing(copy, change_run=lambda one, place=place, value=value: put(one, place, copying.deepcopy(value)))
        code = call(["verify", str(copy), "--json"])
        said = capsys.readouterr()
        assert code in (0, 1), (place, value)
        assert "unforeseen" not in said.err, (place, value, said.err)
        for name, data in original.items():
            (copy / name).write_bytes(data)


@pytest.mark.parametrize("name", ["run.json", "crm/label.json"])
@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"null",
        b"1",
        b'"x"',
        b"{",
        b"\xff",
        b"\xef\xbb\xbf{}",
        b'{"a": 1, "a": 2}',
        b"[" * 100_000,
        b'{"a": ' * 900 + b"1" + b"}" * 900,
        b'{"a": ' + b"9" * 5000 + b"}",
        b'{"tests": NaN}',
    ],
    ids=range(13),
)
def test_what_is_no_manifest_is_a_problem(copy, capsys, name, content):
    (copy / name).write_bytes(content)
    assert call(["verify", str(copy)]) == 1
    assert "unforeseen" not in capsys.readouterr().err


@pytest.mark.parametrize("name", ["..", "../crm", ".", "", "/", "[/red]", "\ud800", "a\0b"])
def test_a_release_of_any_name_is_a_problem_that_can_be_shown(copy, capsys, name):
    agreeing(copy, change_run=lambda run: run["releases"].update({name: run["releases"]["crm"]}))
    assert call(["verify", str(copy)]) == 1
    assert "unforeseen" not in capsys.readouterr().err


def rewritten(copy, metadata):
    """A part that bears more metadata, in a label that fits it."""
    path = copy / "crm" / "part-00000.parquet"
    table = pq.read_table(path)
    kept = {
        key: value
        for key, value in table.schema.metadata.items()
        if key not in (b"beam_deid.limits", b"beam_deid.sharing")
    }
    pq.write_table(table.replace_schema_metadata({**kept, **metadata}), path)
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize(
    ("limits", "sharing", "sound"),
    [
        (json.dumps, '"enclave"', True),
        (lambda one: json.dumps(dict(reversed(one.items())), indent=1), '"enclave"', True),
        (lambda one: None, '"enclave"', False),
        (lambda one: json.dumps({**one, "k": 2}), '"enclave"', False),
        (lambda one: "{", '"enclave"', False),
        (json.dumps, '"public"', False),
        (json.dumps, None, False),
    ],
    ids=[
        "the same",
        "in another order",
        "none",
        "another k",
        "no document",
        "another sharing model",
        "no sharing model",
    ],
)
def test_what_travels_with_the_label_is_the_same_in_the_files(copy, limits, sharing, sound):
    there = json.loads((copy / "crm" / "label.json").read_text("utf-8"))["limits"]
    said = {"beam_deid.limits": limits(there), "beam_deid.sharing": sharing}
    parts = sorted((copy / "crm").glob("part-*"))
    digest = rewritten(copy, {key: value for key, value in said.items() if value is not None})
    others = {path.name for path in parts[1:]}

    def change(label):
        label["files"] = [file for file in label["files"] if file["path"] not in others]
        label["files"][0]["sha256"] = digest
        records = label["records"]
        records["suppressed"] += records["released"] - label["files"][0]["rows"]
        label["search"]["suppressed"] = records["suppressed"]
        records["released"] = label["files"][0]["rows"]

    for path in parts[1:]:
        path.unlink()
    agreeing(copy, change)
    assert call(["verify", str(copy)]) == (0 if sound else 1)


def test_a_label_that_became_anonymized_without_a_run_is_refused(copy, capsys):
    def change(label):
        label["label"] = "anonymized"
        for test in label["tests"]:
            test["passed"] = True
        amendment = {"at": "", "label": "still_personal", "decided_at": "", "destroyed": [1], "fields": {}}
        label["amendments"] = [amendment]

    agreeing(copy, change, lambda run: run["releases"]["crm"].update(label="anonymized"))
    assert call(["verify", str(copy)]) == 1
    assert "only a new run" in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize(
    "more",
    [
        {"sha256": "0" * 64},
        {"window": "19700101T000000Z-19700101T000100Z"},
        {"condition": "windows of this collection were not joined"},
    ],
    ids=lambda more: next(iter(more)),
)
def test_a_runs_label_says_nothing_of_what_only_pipelines_write(copy, more):
    agreeing(copy, lambda label: label.update(more))
    assert any(one.problems for one in verify(str(copy)))
