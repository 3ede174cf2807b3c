"""What embedded releases of windows say, and when their rows leave."""

import json

import apache_beam as beam
import pyarrow as pa
import pytest
from apache_beam.testing.util import BeamAssertException, assert_that
from apache_beam.transforms.trigger import AccumulationMode, AfterCount, AfterWatermark, Repeatedly
from apache_beam.transforms.window import (
    FixedWindows,
    GlobalWindows,
    Sessions,
    SlidingWindows,
    TimestampCombiner,
    TimestampedValue,
)

from beam_deid.transforms import Deidentify
from beam_deid.transforms.beam import rows_sink as rows_sink
from beam_deid.transforms.errors import InternalFault, UsageError, from_text
from beam_deid.transforms.label.condition import CONDITION, NOT_JOINED
from beam_deid.transforms.release import cutting

from .test_deidentify import POLICY, RELEASED, ROWS, pipeline

SIZE = 60


def timed(begun, rows, windows, **how):
    """Rows, each with its second, as batches of one in windows."""
    return (
        begun
        | beam.Create([(time, pa.RecordBatch.from_pylist([row])) for time, row in rows])
        | "Time" >> beam.Map(lambda one: TimestampedValue(one[1], one[0])).with_output_types(pa.RecordBatch)
        | "Window" >> beam.WindowInto(windows, **how)
    )


class _WithTime(beam.DoFn):
    def process(self, element, time=beam.DoFn.TimestampParam, window=beam.DoFn.WindowParam):
        yield float(window.start), float(window.end) - float(time), element


TWICE = [
    (SIZE * window + at, {**row, "who": f"{row['who']}/{window}"}) for window in range(2) for at, row in enumerate(ROWS)
]
"""The rows in two windows, in each of which they could be given out alone."""


def test_batches_of_a_window_carry_its_condition_and_the_time_of_its_end():
    def check(found):
        conditions = {json.loads(batch.schema.metadata[b"beam_deid.condition"]) for _, _, batch in found}
        if conditions != {f"{CONDITION}; {NOT_JOINED}"}:
            raise BeamAssertException("another condition")
        if len(found) != 2 or any(before_end >= 1 for _, before_end, _ in found):
            raise BeamAssertException("batches or times of the input")
        rows = [(start, str(row)) for start, _, batch in found for row in batch.to_pylist()]
        if sorted(rows) != sorted((start, str(row)) for start in (0.0, SIZE) for row in RELEASED):
            raise BeamAssertException("another content")

    with pipeline() as begun:
        rows = timed(begun, TWICE, FixedWindows(SIZE), timestamp_combiner=TimestampCombiner.OUTPUT_AT_EARLIEST)
        released = (rows | Deidentify(POLICY)).released | beam.ParDo(_WithTime()) | beam.WindowInto(GlobalWindows())
        assert_that(released, check)


def test_windows_that_overlap_say_that_records_are_in_several():
    def check(found):
        if len(found) != 3 or not all("in several of them" in condition for condition in found):
            raise BeamAssertException("another condition")

    with pipeline() as begun:
        labels = (timed(begun, TWICE, SlidingWindows(2 * SIZE, SIZE)) | Deidentify(POLICY)).label
        assert_that(labels | beam.Map(lambda label: label.condition) | beam.WindowInto(GlobalWindows()), check)


@pytest.mark.parametrize(
    ("windows", "how", "what"),
    [
        (Sessions(10), {}, "sessions"),
        (
            FixedWindows(SIZE),
            {"trigger": Repeatedly(AfterCount(1)), "accumulation_mode": AccumulationMode.DISCARDING},
            "trigger",
        ),
        (
            FixedWindows(SIZE),
            {"trigger": AfterWatermark(late=AfterCount(1)), "accumulation_mode": AccumulationMode.DISCARDING},
            "trigger",
        ),
    ],
    ids=["sessions", "trigger", "late"],
)
def test_windows_that_are_no_release_are_refused_when_the_pipeline_is_built(windows, how, what):
    with pytest.raises(UsageError, match=what):
        timed(pipeline(), TWICE, windows, **how) | Deidentify(POLICY)


@pytest.mark.parametrize("rows", [ROWS, ROWS[:2]], ids=["anonymized", "still personal"])
def test_no_row_leaves_before_the_proof(rows, tmp_path, monkeypatch):
    def fail(*arguments, **named):
        raise InternalFault("the proof fails", "here", "-")

    def touch(row, folder):
        (folder / "left").touch()

    monkeypatch.setattr(rows_sink, "prove", fail)
    begun = pipeline()
    result = begun | beam.Create(rows) | Deidentify(POLICY)
    _ = result.released | "Rows" >> beam.Map(touch, tmp_path)
    _ = result.label | "Label" >> beam.Map(touch, tmp_path)
    with pytest.raises(Exception) as raised:  # noqa: PT011 - engines wrap what workers raise
        begun.run()
    assert "the proof fails" in from_text(str(raised.value)).message
    assert not (tmp_path / "left").exists()


def test_every_part_is_ordered_by_its_values_and_all_rows_are_in_one(monkeypatch):
    def check(found):
        rows = [str(row) for batch in found for row in batch.to_pylist()]
        if sorted(rows) != sorted(map(str, RELEASED)) or len(found) != 2:
            raise BeamAssertException("another content")
        if any(len(batch.group_by("city").aggregate([])) != 1 for batch in map(as_table, found)):
            raise BeamAssertException("a group is in two parts")

    def as_table(batch):
        return pa.Table.from_batches([batch])

    monkeypatch.setattr(cutting, "SHARD_ROWS", 2)  # twenty parts, of which the two groups fill two
    with pipeline() as begun:
        batches = begun | beam.Create([pa.RecordBatch.from_pylist([row]) for row in ROWS])
        assert_that((batches | Deidentify(POLICY)).released, check)
