"""Unbounded collections: each window a release when it ends, and what comes late in none."""

import json

import apache_beam as beam
import pyarrow as pa
import pytest
from apache_beam.metrics import MetricsFilter
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.testing import test_stream
from apache_beam.transforms.trigger import AccumulationMode, AfterCount, Repeatedly
from apache_beam.transforms.window import FixedWindows, Sessions, TimestampedValue
from apache_beam.utils.timestamp import Timestamp

from beam_deid.transforms import AssessReidentification, Deidentify
from beam_deid.transforms.beam.coders import ElementCoder
from beam_deid.transforms.errors import UsageError

from .test_deidentify import POLICY, ROWS

SIZE = 60
ENGINE = "BundleBasedDirectRunner"
"""The engine among Beam's own that knows late records: `FnApiRunner` has no `TestStream`."""


class Noted:
    """What a pipeline gave out, written down in a folder."""

    def __init__(self, folder):
        self.path = folder / "noted"

    def __call__(self, element, window=beam.DoFn.WindowParam):
        line = [float(window.start), element if isinstance(element, dict) else json.loads(element.document)]
        with self.path.open("a") as file:
            file.write(json.dumps(line) + "\n")

    @property
    def found(self):
        return [json.loads(line) for line in self.path.read_text().splitlines()]


def of_window(number, rows=ROWS):
    """Rows in a window, by other persons in each."""
    return [TimestampedValue({**row, "who": f"{row['who']}/{number}"}, SIZE * number + 1) for row in rows]


def streamed(stream, noted, transform=None, **windows):
    """Run an unbounded pipeline; its counters."""
    begun = beam.Pipeline(ENGINE, options=PipelineOptions(["--streaming"]))
    rows = begun | stream | beam.Map(lambda row: row).with_output_types(dict)
    windowed = rows | beam.WindowInto(FixedWindows(SIZE), **windows)
    assert not windowed.is_bounded
    result = windowed | (transform or Deidentify(POLICY))
    if isinstance(result, beam.PCollection):
        _ = result | beam.Map(noted)
    else:
        _ = result.released | "Rows" >> beam.Map(noted)
        _ = result.label | "Labels" >> beam.Map(noted)
    done = begun.run()
    done.wait_until_finish()
    counters = done.metrics().query(MetricsFilter().with_namespace("beam_deid"))["counters"]
    return {one.key.metric.name: one.committed for one in counters}


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
def test_late_records_are_in_no_release_and_are_counted(lateness, tmp_path):
    noted = Noted(tmp_path)
    counters = streamed(late_stream(), noted, allowed_lateness=lateness)
    labels = [(start, told["label"], told["records"]["read"]) for start, told in noted.found if "label" in told]
    rows = [start for start, told in noted.found if "label" not in told]
    assert sorted(labels) == [(0.0, "anonymized", 40), (60.0, "anonymized", 40)]
    assert sorted(rows) == [0.0] * 40 + [60.0] * 40
    assert counters["late"] == 3
    assert counters["released"] == 80


def test_evidence_is_about_each_window_and_not_about_late_records(tmp_path):
    noted = Noted(tmp_path)
    streamed(late_stream(), noted, AssessReidentification(["city"], subject="who"))
    assert sorted((start, told["records"]) for start, told in noted.found) == [(0.0, 40), (60.0, 40)]


def test_a_window_is_released_when_it_ends_and_not_when_all_ends(tmp_path):
    """The second window is given only once the first one's rows have left."""
    noted = Noted(tmp_path)
    stream = test_stream.TestStream().add_elements(of_window(0)).advance_watermark_to(SIZE + 1)
    stream = stream.add_elements(of_window(1)).advance_watermark_to_infinity()
    streamed(stream, noted)
    starts = [start for start, told in noted.found if "label" in told]
    assert starts == [0.0, 60.0]


def refused(**windows):
    begun = beam.Pipeline(ENGINE, options=PipelineOptions(["--streaming", "--allow_unsafe_triggers"]))
    rows = begun | test_stream.TestStream().advance_watermark_to_infinity() | beam.Map(lambda row: row).with_output_types(dict)
    return rows | beam.WindowInto(**windows) if windows else rows


@pytest.mark.parametrize("transform", [Deidentify(POLICY), AssessReidentification(["city"])], ids=["release", "evidence"])
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
