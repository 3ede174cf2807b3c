"""`beam-deid verify` of what `WriteRelease` wrote: the files are those of the label, or it is said why not."""

import json
import shutil

import apache_beam as beam
import jsonschema
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from apache_beam.transforms.window import FixedWindows, TimestampedValue

from beam_deid.pipelines.cli import call
from beam_deid.transforms import Deidentify, WriteRelease
from beam_deid.transforms.label.condition import CONDITION, of_windows
from beam_deid.transforms.label.documents import document_sha256
from beam_deid.transforms.label.schema import label_schema
from beam_deid.transforms.label.verify import verify

from .test_deidentify import POLICY, ROWS, pipeline

WINDOWS = ("19700101T000000Z-19700101T000100Z", "19700101T000100Z-19700101T000200Z")


def timed(at):
    return TimestampedValue({**ROWS[at % len(ROWS)], "who": f"p{at}"}, at // len(ROWS) * 60)


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """Releases of two windows, and one of no window, in a folder each."""
    folder = tmp_path_factory.mktemp("written")
    with pipeline() as begun:
        numbers = begun | beam.Create(range(2 * len(ROWS)))
        windows = numbers | beam.Map(timed).with_output_types(dict) | beam.WindowInto(FixedWindows(60))
        _ = windows | "Each" >> Deidentify(POLICY) | "A" >> WriteRelease(str(folder / "windows"))
        rows = begun | "Rows" >> beam.Create(ROWS)
        both = {**POLICY, "releases": dict.fromkeys(("one", "other"), POLICY["releases"]["out"])}
        for name in ("one", "other"):  # which are not tested together
            made = rows | f"Both {name}" >> Deidentify(both, release=name, output=pa.RecordBatch)
            _ = made | name >> WriteRelease(str(folder / "both"))
        _ = rows | "All" >> Deidentify(POLICY, output=pa.RecordBatch) | "B" >> WriteRelease(str(folder / "whole"))
    return folder


@pytest.fixture
def copy(written, tmp_path):
    return shutil.copytree(written / "whole", tmp_path / "copy")


def problems(folder):
    return {one.release: one.problems for one in verify(str(folder)) if one.problems}


def test_what_was_written_is_what_its_label_says(written, capsys):
    assert call(["verify", str(written / "whole")]) == 0
    said = capsys.readouterr().out
    assert "out: anonymized, 1 file" in said
    assert "no proof of origin" in said
    assert [one.release for one in verify(str(written / "windows"))] == [f"{window}/out" for window in WINDOWS]
    assert problems(written / "windows") == {}


def test_a_window_or_a_release_may_be_asked_about_alone(written):
    window = written / "windows" / WINDOWS[1]
    assert [(one.release, one.problems) for one in verify(str(window))] == [("out", ())]
    assert [(one.release, one.problems) for one in verify(str(window / "out"))] == [("out", ())]


def test_its_label_follows_the_schema(written):
    label = json.loads((written / "whole" / "out" / "label.json").read_text("utf-8"))
    jsonschema.Draft202012Validator(label_schema()).validate(label)
    assert label["sha256"] == document_sha256(label)
    assert sum(file["rows"] for file in label["files"]) == label["records"]["released"] == len(ROWS)


def flipped(release):
    part = release / "part-00000.parquet"
    data = bytearray(part.read_bytes())
    data[len(data) // 2] ^= 1
    part.write_bytes(data)


def fewer_rows(release):
    part = release / "part-00000.parquet"
    pq.write_table(pq.read_table(part).slice(1), part)


def missing(release):
    (release / "part-00000.parquet").unlink()


def more(release):
    shutil.copy(release / "part-00000.parquet", release / "part-00001.parquet")


def changed_label(release):
    change(release, purpose="something else")


def no_hash(release):
    label = change(release)
    del label["sha256"]
    (release / "label.json").write_text(json.dumps(label), "utf-8")


def forged(release):
    """Anonymized, says the label, and its hash is right; its tests say otherwise."""
    label = change(release)
    label["tests"][0]["passed"] = False
    label["sha256"] = document_sha256(label)
    (release / "label.json").write_text(json.dumps(label), "utf-8")


def other_condition(release):
    """A condition that takes itself back."""
    condition = "only if this is the only release of these records; windows of this collection were joined"
    change_and_seal(release, condition=condition)


def joined_windows(release):
    """A condition of windows, of what was not released window by window."""
    change_and_seal(release, condition=f"{CONDITION}; {of_windows(registered=True, overlap=False)}")


def other_release(release):
    release.rename(release.with_name("other"))


def change(folder, **more):
    label = json.loads((folder / "label.json").read_text("utf-8")) | more
    (folder / "label.json").write_text(json.dumps(label), "utf-8")
    return label


def change_and_seal(folder, **more):
    label = change(folder, **more)
    label["sha256"] = document_sha256(label)
    (folder / "label.json").write_text(json.dumps(label), "utf-8")


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        (flipped, "its sha256 is another"),
        (fewer_rows, "its sha256 is another"),
        (missing, "part-00000.parquet is missing"),
        (more, "part-00001.parquet is not listed"),
        (changed_label, "label.json was changed after publication"),
        (no_hash, "no sha256 of its own"),
        (forged, "the label does not follow from its tests"),
        (other_condition, "what the label says of condition does not follow"),
        (joined_windows, "what the label says of condition does not follow"),
        (other_release, "that of another release"),
    ],
    ids=lambda one: getattr(one, "__name__", ""),
)
def test_what_is_not_as_it_was_written_is_told(copy, broken, said, capsys):
    broken(copy / "out")
    assert call(["verify", str(copy)]) == 1
    assert said in " ".join(capsys.readouterr().out.split())


def test_a_window_in_the_place_of_another_is_told(written, tmp_path):
    copied = shutil.copytree(written / "windows", tmp_path / "windows")
    shutil.rmtree(copied / WINDOWS[1])
    shutil.copytree(copied / WINDOWS[0], copied / WINDOWS[1])
    assert problems(copied) == {f"{WINDOWS[1]}/out": ("label.json is that of another window",)}


@pytest.mark.parametrize("condition", [CONDITION, f"{CONDITION}; {of_windows(registered=True, overlap=False)}"])
def test_a_window_says_that_it_is_one_and_that_nothing_was_joined_without_a_register(written, tmp_path, condition):
    copied = shutil.copytree(written / "windows", tmp_path / "windows")
    change_and_seal(copied / WINDOWS[0] / "out", condition=condition)
    told = "what the label says of condition does not follow from what it is about"
    assert told in problems(copied)[f"{WINDOWS[0]}/out"]


def test_two_releases_that_each_hold_only_alone_are_told(written):
    told = "it is anonymized only if it is the only release of its records, and {} is here as well"
    assert problems(written / "both") == {"one": (told.format("other"),), "other": (told.format("one"),)}


def test_a_release_that_has_no_label_yet_is_told_beside_those_that_have(written, tmp_path):
    windows = shutil.copytree(written / "windows", tmp_path / "windows")
    (windows / WINDOWS[0] / "out" / "label.json").unlink()
    assert problems(windows) == {f"{WINDOWS[0]}/out": ("it has no label.json: it is no release, or not yet",)}


def test_a_folder_without_any_label_is_none_that_can_be_checked(copy, capsys):
    (copy / "out" / "label.json").unlink()
    assert call(["verify", str(copy)]) == 2
    assert "WriteRelease" in " ".join(capsys.readouterr().err.split())


def test_a_key_asks_for_a_signature_that_a_pipeline_never_makes(written, capsys):
    key = "A" * 43 + "="
    assert call(["verify", str(written / "whole"), "--key", key]) == 1
    assert "bears no signature" in " ".join(capsys.readouterr().out.split())
