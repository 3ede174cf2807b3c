"""What a run writes stays as it was, byte for byte: against 0.3.0 what is released and rejected, against 0.4.0 the papers.

The golden files are made by `make.py`; what is not compared with 0.3.0, and why, stands in `cases.py`.
"""

import re
from pathlib import Path

import faker
import pytest

from beam_deid.pipelines.cli import call

from .cases import FOLDER, KEY, KEY_NAME, MADE_UP, NEW, OLD, OTHER_BYTES, OTHER_REASONS, POLICY, RELEASES, command
from .texts import differences, papers_of, read_golden, rejected_text, released_texts, run_paper

ALONE = ("in_csv", "in_jsonl", "in_parquet")
OTHER_FAKER = (OLD / "faker.txt").read_text("utf-8").strip() != faker.VERSION


@pytest.fixture(scope="module")
def _here():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(KEY_NAME, KEY)
        patch.chdir(FOLDER)
        yield


@pytest.fixture(
    scope="module",
    params=["1", pytest.param("2", marks=pytest.mark.slow("starts processes that import the package"))],
    ids=["in one process", "in two processes"],
)
def out(_here, request, tmp_path_factory):
    """The output of a run over all files."""
    out = tmp_path_factory.mktemp("golden") / "out"
    assert call(command(str(out), more=["--workers", request.param])) == 0
    return out


@pytest.fixture(scope="module")
def alone(_here, tmp_path_factory):
    """The output of a run over the first file by itself."""
    out = tmp_path_factory.mktemp("golden") / "out"
    only = [f"--release={release}" for release in ALONE]
    assert call(command(str(out), "inputs/orders-1.csv", ["--workers", "1", *only])) == 0
    return out


def not_another_faker(release):
    if release in MADE_UP and OTHER_FAKER:
        pytest.skip("this version of Faker makes up other values")


@pytest.mark.parametrize("release", [one for one in RELEASES if one not in OTHER_BYTES])
def test_what_is_released_is_what_0_3_0_released(out, release):
    not_another_faker(release)
    assert differences(released_texts(out, release), read_golden(OLD / release)) == []


def test_what_is_rejected_is_what_0_3_0_rejected(out):
    golden = {name: text for name, text in read_golden(OLD).items() if name != "faker.txt"}
    for was, now in OTHER_REASONS.items():
        assert any(was in text for text in golden.values())
        golden = {name: text.replace(was, now) for name, text in golden.items()}
    golden = {
        name: re.sub(r'(\.(csv|jsonl|parquet)[^"]*", )(\d+)', _from_the_first_row, text)
        for name, text in golden.items()
    }
    assert differences(rejected_text(out), golden) == []


def _from_the_first_row(found: re.Match[str]) -> str:
    """A row as reports call it now: 0.3.0 counted from 0, and left out the header of text."""
    return f"{found[1]}{int(found[3]) + (2 if found[2] == 'csv' else 1)}"


@pytest.mark.parametrize("release", ALONE)
def test_a_file_by_itself_gives_the_part_that_it_gives_among_others(alone, release):
    first = next(iter(read_golden(OLD / release).items()))
    assert differences(released_texts(alone, release), dict([first])) == []


@pytest.mark.parametrize("release", RELEASES)
def test_label_and_storage_are_what_they_were(out, release):
    not_another_faker(release)
    parts = released_texts(out, release) if release in OTHER_BYTES else {}
    assert differences({**parts, **papers_of(out, release)}, read_golden(NEW / release)) == []


def test_the_paper_of_a_run_is_what_it_was(out):
    assert differences(run_paper(out), read_golden(NEW)) == []


def test_a_run_leaves_what_it_left_and_nothing_else(out):
    parts = {f"{release}/{name.removesuffix('.txt')}" for release in RELEASES for name in read_golden(OLD / release)}
    papers = {"policy.yaml", "rejected.csv", "rejected.parquet", "report.html", "run.json"}
    papers |= {f"{release}/{name}" for release in RELEASES for name in ("label.json", "report.html")}
    assert {path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()} == parts | papers


def restored(out: Path, parts: Path, to: Path) -> str:
    given = ["reidentify", "--policy", POLICY, "--release", "sealed", "--fields", "buyer_nick,payment", "--all"]
    label = str(out / "sealed" / "label.json")
    put = ["--output", str(to), "--record", f"{to}.record", "--reason", "golden"]
    assert call([*given, "--label", label, "--input", str(parts / "part-*.csv"), *put]) == 0
    return to.read_text("utf-8")


def test_what_0_3_0_encrypted_is_turned_back(out, tmp_path):
    ours = restored(out, out / "sealed", tmp_path / "ours.csv")
    assert '\n"佛系糖糖45635",26.22,"1"\n' in ours
    assert restored(out, OLD / "sealed", tmp_path / "theirs.csv") == ours


@pytest.mark.parametrize(
    "found",
    [{"a": "x,y\n", "b": ""}, {"a": "x,y\r\n"}, {"a": "x,y"}, {"a": "x,z\n"}, {"a": "x,y\n\n"}, {}, {"b": "x,y\n"}],
)
def test_a_difference_of_one_byte_is_told(found):
    assert len(differences(found, {"a": "x,y\n"})) == (2 if "b" in found and "a" not in found else 1)
