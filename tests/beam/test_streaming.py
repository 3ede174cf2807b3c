"""Unbounded collections: each window a release when it ends, and what comes later in none."""

import datetime
import json
import math
from typing import Any

import apache_beam as beam
import pyarrow as pa
import pytest
from apache_beam.io.fileio import MatchContinuously, ReadMatches
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.testing import test_stream
from apache_beam.transforms.trigger import AccumulationMode, AfterCount, Repeatedly
from apache_beam.transforms.window import FixedWindows, Sessions, TimestampedValue
from apache_beam.utils.timestamp import Timestamp

from beam_deid.pipelines.cli import call
from beam_deid.transforms import AssessReidentification, Deidentify, WriteRelease
from beam_deid.transforms.beam import whole_windows
from beam_deid.transforms.beam.coders import register_coders
from beam_deid.transforms.beam.whole_windows import WholeWindows
from beam_deid.transforms.errors import UsageError
from beam_deid.transforms.label.condition import REGISTERED, of_windows

from ..kit.trade import rows as orders
from .test_deidentify import POLICY, ROWS
from .test_embedded_register import KEY as REGISTER_KEY
from .test_embedded_register import policy as registered

SIZE = 60
ENGINE = "BundleBasedDirectRunner"
"""The engine among Beam's own that knows late records: `FnApiRunner` has no `TestStream`."""


def of_window(number, rows=ROWS):
    """Rows in a window, by other persons in each."""
    return [TimestampedValue({**row, "who": f"{row['who']}/{number}"}, SIZE * number + 1) for row in rows]


def brought_together(stream, path, **windows):
    """Bring windows together, noting each with its records."""

    def note(batches, window=beam.DoFn.WindowParam):
        who = [row["who"] for batch in batches for row in batch.to_pylist()]
        with path.open("a") as file:
            file.write(json.dumps([float(window.start), sorted(who)]) + "\n")

    register_coders()
    begun = beam.Pipeline(ENGINE, options=PipelineOptions(["--streaming"]))
    batches = begun | stream | beam.Map(_batch_of).with_output_types(pa.RecordBatch)
    _ = batches | beam.WindowInto(FixedWindows(SIZE), **windows) | WholeWindows() | "Note" >> beam.Map(note)
    begun.run().wait_until_finish()
    return [json.loads(line) for line in path.read_text().splitlines()]


def _batch_of(row):
    return pa.RecordBatch.from_pylist([row])


def late_stream(watermark):
    """Two windows; in the first, three more records once the watermark has come so far."""
    return (
        test_stream.TestStream()
        .add_elements(of_window(0))
        .advance_watermark_to(watermark)
        .add_elements([TimestampedValue({"who": f"late{number}/0"}, 1) for number in range(3)])
        .add_elements(of_window(1))
        .advance_watermark_to_infinity()
    )


def people(number, late=0):
    return [number * SIZE, sorted([f"{row['who']}/{number}" for row in ROWS] + [f"late{one}/0" for one in range(late)])]


@pytest.mark.parametrize(
    ("lateness", "watermark", "late"),
    [
        pytest.param(0, SIZE - 1, 3, id="in time"),
        pytest.param(0, SIZE + 1, 0, id="late"),
        pytest.param(600, SIZE + 1, 0, id="late, though the window allows it"),
    ],
)
def test_a_window_goes_on_once_at_its_end_and_what_comes_later_is_left_out_counted_and_told(
    lateness, watermark, late, tmp_path, monkeypatch
):
    counted = []  # this engine tells no counters of a TestStream
    monkeypatch.setattr(whole_windows._CountLate, "process", lambda self, records, **_: counted.append(records))
    found = brought_together(late_stream(watermark), tmp_path / "noted", allowed_lateness=lateness)
    assert sorted(found) == [people(0, late), people(1)]
    assert sum(counted) == 3 - late


def release(stream, folder, policy=POLICY, **how):
    """Release a stream of rows window by window into a folder."""
    begun = beam.Pipeline(ENGINE, options=PipelineOptions(["--streaming"]))
    rows = begun | stream | "Rows" >> beam.Map(lambda row: row).with_output_types(dict)
    _ = rows | beam.WindowInto(FixedWindows(SIZE)) | Deidentify(policy) | WriteRelease(str(folder), **how)
    begun.run().wait_until_finish()


def stream_of(*windows):
    """A stream in which each window ends before the next begins."""
    stream = test_stream.TestStream()
    for number, rows in enumerate(windows):
        stream.add_elements([TimestampedValue(row, SIZE * number + 1) for row in rows])
        stream.advance_watermark_to(SIZE * (number + 1))
    return stream.advance_watermark_to_infinity()


def parts(folder):
    return {path.name: path.read_bytes() for path in folder.glob("*/out/*.parquet")}


def contents(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def labels_in(folder):
    return [json.loads(path.read_text("utf-8")) for path in sorted(folder.glob("*/out/label.json"))]


def test_windows_of_a_stream_are_joined_through_the_register_with_those_before(tmp_path, monkeypatch):
    monkeypatch.setenv("TRADE_KEY", REGISTER_KEY)
    kept = registered(tmp_path / "kept" / "trade.register")
    others = orders(range(1000, 1120))
    release(stream_of(orders(range(120)), orders(range(121)), others), tmp_path / "out", kept)
    first, second, third = labels_in(tmp_path / "out")
    assert [label["label"] for label in (first, second, third)] == ["anonymized", "still_personal", "anonymized"]
    assert first["condition"] == third["condition"] == f"{REGISTERED}; {of_windows(registered=True, overlap=False)}"
    assert second["register"]["tested"] == ["out.1"]
    assert next(test["name"] for test in second["tests"] if not test["passed"]) == "composition:out.1"
    assert call(["verify", str(tmp_path / "out")]) == 0


def bundled(*bundles):
    """A stream of one window, whose rows come in bundles."""
    stream = test_stream.TestStream()
    for rows in bundles:
        stream.add_elements([TimestampedValue(row, 1) for row in rows])
    return stream.advance_watermark_to_infinity()


SEVERAL = [
    {
        "who": "p7",
        "city": "A",
        "age": "21",
        "what": "x",
        "paid": paid,
        "note": None,
        "at": datetime.datetime(2026, 1, 1),
    }
    for paid in (math.nan, 0.0, -0.0, 1.5, None)
]
MORE = {
    **POLICY,
    "keys": {"key": "env:TRADE_KEY"},
    "register": "none",
    "fields": {**POLICY["fields"], **{name: {"role": "insensitive"} for name in ("paid", "note", "at")}},
    "releases": {
        "out": {
            "purpose": "test",
            "sharing": "enclave",
            "fields": {"who": {"encrypt": {}}, "paid": "keep", "note": "keep", "at": "keep", "city": "keep"},
        }
    },
}
"""A release of values that are not equal to themselves, of which there are none, and that are made otherwise in another place."""


IN_PARTS = {
    **POLICY,
    "input": {"combine": {"who": ["family", "given"]}},
    "fields": {**POLICY["fields"], **{name: {"role": "direct_identifier"} for name in ("family", "given")}},
}
PARTED = [
    {
        **{name: value for name, value in row.items() if name != "who"},
        "family": row["who"],
        **({"given": "x"} if number % 2 else {}),
    }
    for number, row in enumerate(ROWS)
]
"""Rows of which half lack a part of what says whom they are about."""


@pytest.mark.parametrize(
    ("policy", "rows"),
    [(POLICY, ROWS), (MORE, 8 * SEVERAL), (IN_PARTS, PARTED[::2] + PARTED[1::2])],
    ids=["anonymized", "encrypted", "in parts"],
)
def test_a_window_that_is_made_again_of_other_bundles_is_the_same_bytes(policy, rows, tmp_path, monkeypatch):
    """An engine that has gone back to a checkpoint bundles the records that come after it otherwise."""
    monkeypatch.setenv("TRADE_KEY", REGISTER_KEY)
    release(bundled(rows), tmp_path, policy)
    before = parts(tmp_path)
    assert len(before) == 1
    release(bundled(rows[30:], rows[:7][::-1], rows[7:30]), tmp_path, policy)
    assert parts(tmp_path) == before
    assert call(["verify", str(tmp_path)]) == 0


def test_another_release_in_its_place_is_refused_and_leaves_nothing_or_is_replaced(tmp_path):
    release(stream_of(ROWS), tmp_path)
    before = contents(tmp_path)
    with pytest.raises(Exception, match="another release already"):  # engines wrap what workers raise
        release(stream_of([{**row, "what": "z"} for row in ROWS]), tmp_path)
    assert contents(tmp_path) == before
    release(stream_of(ROWS[:38]), tmp_path, overwrite=True)
    assert [label["records"]["released"] for label in labels_in(tmp_path)] == [38]


@pytest.mark.parametrize("damage", ["", "{", "[]"])
def test_a_release_whose_label_cannot_be_read_is_replaced_where_it_may_be(damage, tmp_path):
    release(stream_of(ROWS), tmp_path)
    (label,) = tmp_path.glob("*/out/label.json")
    label.write_text(damage, "utf-8")
    with pytest.raises(Exception, match="another release already"):  # engines wrap what workers raise
        release(stream_of(ROWS), tmp_path)
    release(stream_of(ROWS), tmp_path, overwrite=True)
    assert call(["verify", str(tmp_path)]) == 0


def test_windows_of_parts_of_a_second_are_folders_of_their_own(tmp_path):
    begun = beam.Pipeline(ENGINE, options=PipelineOptions(["--streaming"]))
    stream = test_stream.TestStream()
    stream.add_elements(
        [TimestampedValue({**row, "who": f"{row['who']}/{part}"}, part / 4) for part in range(4) for row in ROWS]
    )
    rows = begun | stream.advance_watermark_to_infinity() | beam.Map(lambda row: row).with_output_types(dict)
    _ = rows | beam.WindowInto(FixedWindows(0.25)) | Deidentify(POLICY) | WriteRelease(str(tmp_path))
    begun.run().wait_until_finish()
    assert [label["records"]["released"] for label in labels_in(tmp_path)] == [40] * 4
    assert call(["verify", str(tmp_path)]) == 0


def evidence_of(stream, path):
    begun = beam.Pipeline(ENGINE, options=PipelineOptions(["--streaming"]))
    rows = begun | stream | beam.Map(lambda row: row).with_output_types(dict)
    evidence = rows | beam.WindowInto(FixedWindows(SIZE)) | AssessReidentification(["city", "age"], subject="who")
    _ = evidence | "Note" >> beam.Map(lambda one: path.write_text(one.document))
    begun.run().wait_until_finish()
    return json.loads(path.read_text())


def test_evidence_of_a_window_does_not_follow_from_its_bundles(tmp_path):
    rows = [{**row, "age": None} if number < 3 else {**row, "age": number / 2} for number, row in enumerate(ROWS)]
    whole = evidence_of(bundled(rows), tmp_path / "evidence")
    without = [{name: row[name] for name in ("who", "city")} for row in rows[:3]]
    assert whole["records"] == 40
    assert evidence_of(bundled(without[:1], rows[1:3], rows[3:]), tmp_path / "evidence") == whole


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


def test_what_does_not_say_what_it_holds_is_refused_when_the_pipeline_is_built():
    rows = beam.Pipeline() | beam.Create(ROWS)
    rows.is_bounded = False
    rows.element_type = Any
    with pytest.raises(UsageError, match="does not say what it holds") as raised:
        _ = rows | beam.WindowInto(FixedWindows(SIZE)) | Deidentify(POLICY)
    assert "with_output_types(dict)" in raised.value.next_step


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
