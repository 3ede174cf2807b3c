"""Unbounded collections: each window a release when it ends, and what comes late in none."""

import json

import apache_beam as beam
import pyarrow as pa
import pytest
from apache_beam.io.fileio import MatchContinuously, ReadMatches
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.testing import test_stream
from apache_beam.transforms.trigger import AccumulationMode, AfterCount, Repeatedly
from apache_beam.transforms.window import FixedWindows, Sessions, TimestampedValue
from apache_beam.utils.timestamp import Timestamp

from beam_deid.transforms import AssessReidentification, Deidentify, WriteRelease
from beam_deid.transforms.beam import window_gate
from beam_deid.transforms.beam.coders import ElementCoder
from beam_deid.transforms.beam.window_gate import WindowGate
from beam_deid.transforms.errors import UsageError

from .test_deidentify import POLICY, ROWS

SIZE = 60
ENGINE = "BundleBasedDirectRunner"
"""The engine among Beam's own that knows late records: `FnApiRunner` has no `TestStream`."""


def of_window(number, rows=ROWS):
    """Rows in a window, by other persons in each."""
    return [TimestampedValue({**row, "who": f"{row['who']}/{number}"}, SIZE * number + 1) for row in rows]


def gated(stream, path, **windows):
    """Run the gate over an unbounded collection, noting each element that goes on with its window."""

    def note(row, window=beam.DoFn.WindowParam, time=beam.DoFn.TimestampParam):
        with path.open("a") as file:
            file.write(f"{float(window.start):.0f} {float(window.end) - float(time) < 1} {row['who']}\n")

    begun = beam.Pipeline(ENGINE, options=PipelineOptions(["--streaming"]))
    rows = begun | stream | beam.Map(lambda row: row).with_output_types(dict)
    _ = rows | beam.WindowInto(FixedWindows(SIZE), **windows) | WindowGate() | "Note" >> beam.Map(note)
    begun.run().wait_until_finish()


def late_stream():
    """Two windows; in the first, three more records after it has ended."""
    return (
        test_stream.TestStream()
        .add_elements(of_window(0))
        .advance_watermark_to(SIZE + 1)
        .add_elements(of_window(0, ROWS[:3]))
        .add_elements(of_window(1))
        .advance_watermark_to_infinity()
    )


@pytest.mark.parametrize("lateness", [0, 600])
def test_a_window_goes_on_once_at_its_end_and_late_records_are_left_out_and_counted(lateness, tmp_path, monkeypatch):
    counted = []  # this engine tells no counters of a TestStream
    monkeypatch.setattr(window_gate._CountLate, "process", lambda self, records: counted.append(records))
    gated(late_stream(), tmp_path / "noted", allowed_lateness=lateness)
    found = (tmp_path / "noted").read_text().splitlines()
    expected = [f"{SIZE * window} True {row['who']}/{window}" for window in range(2) for row in ROWS]
    assert sorted(found) == sorted(expected)
    assert found[:40] == sorted(found[:40], key=lambda line: line.split()[0])
    assert counted == [1, 1, 1]


def lines_of(file):
    return [json.loads(line) for line in file.read_utf8().splitlines()]


def test_files_that_are_watched_are_released_window_by_window(tmp_path):
    """The worked example: whatever is put into a folder, a release for each window of its time."""
    for number in range(2):
        given = [{**row, "who": f"{row['who']}/{number}"} for row in ROWS]
        (tmp_path / f"{number}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in given), "utf-8")
    start = Timestamp.now()
    watch = MatchContinuously(f"{tmp_path}/*.jsonl", interval=1, start_timestamp=start, stop_timestamp=start + 2)
    begun = beam.Pipeline("FnApiRunner")
    rows = begun | watch | ReadMatches() | beam.FlatMap(lines_of).with_output_types(dict)
    result = rows | beam.WindowInto(FixedWindows(3600)) | Deidentify(POLICY, output=pa.RecordBatch)
    assert not result.released.is_bounded
    _ = result | WriteRelease(str(tmp_path / "out"))
    begun.run().wait_until_finish()
    labels = [json.loads(path.read_text("utf-8")) for path in (tmp_path / "out").glob("*/out/label.json")]
    assert sum(label["records"]["released"] for label in labels) == 80
    assert all("not joined" in label["condition"] for label in labels)


def refused(**windows):
    begun = beam.Pipeline(ENGINE, options=PipelineOptions(["--streaming", "--allow_unsafe_triggers"]))
    rows = (
        begun
        | test_stream.TestStream().advance_watermark_to_infinity()
        | beam.Map(lambda row: row).with_output_types(dict)
    )
    return rows | beam.WindowInto(**windows) if windows else rows


@pytest.mark.parametrize(
    "transform", [Deidentify(POLICY), AssessReidentification(["city"])], ids=["release", "evidence"]
)
@pytest.mark.parametrize(
    ("windows", "what"),
    [
        ({}, "never ends"),
        ({"windowfn": Sessions(10)}, "sessions"),
        (
            {
                "windowfn": FixedWindows(SIZE),
                "trigger": Repeatedly(AfterCount(5)),
                "accumulation_mode": AccumulationMode.ACCUMULATING,
            },
            "more than once",
        ),
    ],
    ids=["no windows", "sessions", "trigger"],
)
def test_windows_that_are_no_release_are_refused_when_the_pipeline_is_built(windows, what, transform):
    with pytest.raises(UsageError, match=what) as raised:
        _ = refused(**windows) | transform
    assert "WindowInto" in raised.value.next_step or "windows" in raised.value.next_step


@pytest.mark.parametrize(
    "element",
    [
        {"who": "p1", "at": Timestamp(5)},
        pa.RecordBatch.from_pylist(ROWS).slice(3, 2),
        pa.Table.from_pylist(ROWS[:3]),
        beam.Row(who="p1"),
    ],
    ids=lambda element: type(element).__name__,
)
def test_what_waits_for_its_window_comes_back_the_same(element):
    coder = ElementCoder()
    again = coder.decode(coder.encode(element))
    assert type(again) is type(element)
    assert again == element
