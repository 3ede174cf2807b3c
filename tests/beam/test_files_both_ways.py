"""`ReadOrders` and `WriteRelease`: files into a collection, and a release out of it, as a run reads and writes them."""

import json

import apache_beam as beam
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from apache_beam.testing.util import assert_that, equal_to
from apache_beam.transforms.error_handling import ErrorHandler
from apache_beam.transforms.window import FixedWindows, GlobalWindows, TimestampedValue

from beam_deid.pipelines.cli import call
from beam_deid.transforms import Deidentify, ReadOrders, RejectedRow, WriteRelease, WrittenRelease
from beam_deid.transforms.beam.bound import bind
from beam_deid.transforms.errors import InputError, PolicyError, UsageError, from_text
from beam_deid.transforms.label.verify_files import file_problems

from .test_deidentify import POLICY, RELEASED, ROWS, pipeline

CSV = "who,city,age,what\n" + "".join(f"{row['who']},{row['city']},{row['age']},{row['what']}\n" for row in ROWS)


@pytest.fixture
def csv(tmp_path):
    path = tmp_path / "orders.csv"
    path.write_text(CSV, "utf-8")
    return str(path)


def published(folder):
    """The label of a release in a folder, and its rows, both of which fit each other."""
    label = json.loads((folder / "label.json").read_text("utf-8"))
    assert [problem for file in label["files"] for problem in file_problems(str(folder), file, label)] == []
    assert sorted(path.name for path in folder.iterdir()) == sorted(
        ["label.json", *(f["path"] for f in label["files"])]
    )
    return label, [row for file in label["files"] for row in pq.read_table(folder / file["path"]).to_pylist()]


@pytest.mark.parametrize("output", [pa.RecordBatch, pa.Table, beam.Row, dict], ids=lambda one: one.__name__)
def test_files_become_a_release_that_is_what_its_label_says(csv, output, tmp_path):
    with pipeline() as begun:
        result = begun | ReadOrders(POLICY, csv, output=output) | Deidentify(POLICY, output=output)
        done = result | WriteRelease(str(tmp_path / "out"))
        told = done | beam.Map(lambda one: (one.label, one.rows, len(one.files)))
        assert done.element_type is WrittenRelease
        assert_that(told, equal_to([("anonymized", 40, 1)]))
    label, rows = published(tmp_path / "out" / "out")
    assert label["label"] == "anonymized"
    assert sorted(map(str, rows)) == sorted(map(str, RELEASED))


def test_a_release_is_the_one_that_a_run_makes_of_the_same_files(csv, tmp_path):
    (tmp_path / "policy.json").write_text(json.dumps(POLICY), "utf-8")
    given = ["run", str(tmp_path / "policy.json"), "-i", csv, "-o", str(tmp_path / "run"), "--workers", "1"]
    assert call(given) == 0
    with pipeline() as begun:
        policy = str(tmp_path / "policy.json")
        _ = begun | ReadOrders(policy, [csv]) | Deidentify(policy) | WriteRelease(str(tmp_path / "embedded"))
    label, rows = published(tmp_path / "embedded" / "out")
    other = json.loads((tmp_path / "run" / "out" / "label.json").read_text("utf-8"))
    tests = [[(test["name"], test["passed"]) for test in one["tests"]] for one in (label, other)]
    assert tests[0] == tests[1]
    parts = [pq.read_table(path) for path in sorted((tmp_path / "run" / "out").glob("part-*"))]
    assert rows == pa.concat_tables(parts).to_pylist()


def test_every_window_has_a_folder_of_its_own(tmp_path):
    both = [{**row, "who": f"{row['who']}/{window}", "window": window} for window in range(2) for row in ROWS]

    def timed(row):
        return TimestampedValue({key: row[key] for key in row if key != "window"}, row["window"] * 60)

    with pipeline() as begun:
        rows = begun | beam.Create(both) | beam.Map(timed).with_output_types(dict) | beam.WindowInto(FixedWindows(60))
        done = rows | Deidentify(POLICY, output=pa.RecordBatch) | WriteRelease(str(tmp_path / "out"))
        assert_that(
            done | beam.Map(lambda one: one.rows) | "All" >> beam.WindowInto(GlobalWindows()), equal_to([40, 40])
        )
    folders = sorted(path.name for path in (tmp_path / "out").iterdir() if not path.name.startswith("."))
    assert folders == ["19700101T000000Z-19700101T000100Z", "19700101T000100Z-19700101T000200Z"]
    for folder in folders:
        label, rows = published(tmp_path / "out" / folder / "out")
        assert "not joined" in label["condition"]
        assert len(rows) == 40


def write(rows, folder, **how):
    with pipeline() as begun:
        _ = begun | beam.Create(rows) | Deidentify(POLICY, output=pa.RecordBatch) | WriteRelease(str(folder), **how)


def test_a_release_that_is_there_is_replaced_only_when_asked(tmp_path):
    write(ROWS, tmp_path / "out")
    write(ROWS, tmp_path / "out")  # the same bytes, as of a pipeline that is run again
    with pytest.raises(Exception) as raised:  # noqa: PT011 - engines wrap what workers raise
        write(ROWS[:20], tmp_path / "out")
    assert isinstance(from_text(str(raised.value)), UsageError)
    assert len(published(tmp_path / "out" / "out")[1]) == 40
    write(ROWS[:20], tmp_path / "out", overwrite=True)
    assert len(published(tmp_path / "out" / "out")[1]) == 20


def test_no_records_are_a_release_without_files(tmp_path):
    with pipeline() as begun:
        empty = begun | beam.Create(ROWS) | beam.Filter(lambda row: False) | beam.Map(dict).with_output_types(dict)
        _ = empty | Deidentify(POLICY, output=pa.RecordBatch) | WriteRelease(str(tmp_path / "out"))
    label, rows = published(tmp_path / "out" / "out")
    assert (label["label"], rows) == ("still_personal", [])


def test_what_an_attempt_left_that_was_cut_off_is_in_no_release(tmp_path):
    write(ROWS, tmp_path / "out")
    (tmp_path / "out" / "out" / "label.json").unlink()
    (tmp_path / "out" / "out" / "part-00007.parquet").write_bytes(b"cut off")
    write(ROWS, tmp_path / "out")
    assert len(published(tmp_path / "out" / "out")[1]) == 40
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["out"]


def test_windows_of_records_without_a_time_are_told(tmp_path):
    begun = pipeline()
    hours = begun | beam.Create(ROWS) | beam.WindowInto(FixedWindows(3600))
    _ = hours | Deidentify(POLICY, output=dict) | WriteRelease(str(tmp_path / "out"))
    with pytest.raises(Exception) as raised:  # noqa: PT011 - engines wrap what workers raise
        begun.run()
    assert "the records have no event time" in from_text(str(raised.value)).message


def fewer(batch):
    return batch.slice(1)


def renamed(batch):
    return batch.rename_columns(["a", "b", "c"])


def test_what_somebody_made_of_a_release_has_no_label_and_is_not_written(tmp_path):
    begun = pipeline()
    result = begun | beam.Create(ROWS) | Deidentify(POLICY, output=dict)
    another = begun | "Again" >> beam.Create(ROWS) | "Another" >> Deidentify(POLICY, output=dict)
    same = result.released | beam.Map(lambda row: row)
    for name, other in (("same", same), ("another", another.released)):
        with pytest.raises(UsageError, match="not the records that Deidentify gave with this label"):
            _ = {"released": other, "label": result.label} | name >> WriteRelease(str(tmp_path / "out"))


@pytest.mark.parametrize("change", [fewer, renamed])
def test_what_was_changed_after_its_label_is_not_written(change, tmp_path):
    begun = pipeline()
    result = begun | beam.Create(ROWS) | Deidentify(POLICY, output=pa.RecordBatch)
    other = result.released | beam.Map(change).with_output_types(pa.RecordBatch)
    bind(other, result.label)
    _ = result._replace(released=other) | WriteRelease(str(tmp_path / "out"))
    with pytest.raises(Exception) as raised:  # noqa: PT011 - engines wrap what workers raise
        begun.run()
    assert "unchanged" in from_text(str(raised.value)).message
    assert not list((tmp_path / "out").glob("*/label.json"))


def test_a_row_that_cannot_be_read_ends_the_pipeline_or_goes_to_an_error_handler(csv, tmp_path):
    (tmp_path / "orders.csv").write_text(CSV + "SECRET,too,many,values,here\n", "utf-8")
    with pytest.raises(Exception) as raised, pipeline() as begun:  # noqa: PT011 - engines wrap what workers raise
        _ = begun | ReadOrders(POLICY, csv)
    assert isinstance(from_text(str(raised.value)), InputError)
    assert "SECRET" not in str(raised.value)
    with pipeline() as begun:
        with ErrorHandler(beam.Map(lambda one: (one.row, type(one) is RejectedRow))) as handler:
            rows = begun | ReadOrders(POLICY, csv, output=dict).with_error_handler(handler)
        assert_that(handler.output(), equal_to([(42, True)]), "rejected")
        assert_that(rows | beam.combiners.Count.Globally(), equal_to([40]), "rows")


def test_what_is_wrong_with_files_is_told_when_the_pipeline_is_built(csv, tmp_path):
    with pytest.raises(UsageError):
        ReadOrders(POLICY, str(tmp_path / "none.csv"))
    (tmp_path / "other.csv").write_text("a\n1\n", "utf-8")
    with pytest.raises(PolicyError, match="who"):
        ReadOrders(POLICY, str(tmp_path / "other.csv"))
