"""What a collection may hold, and what released records may be."""

import dataclasses
import datetime
import json
from collections.abc import Mapping
from typing import Any, NamedTuple

import apache_beam as beam
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from apache_beam.metrics import MetricsFilter
from apache_beam.testing.util import BeamAssertException, assert_that, equal_to
from apache_beam.transforms.error_handling import CollectingErrorHandler, ErrorHandler
from apache_beam.transforms.window import FixedWindows, GlobalWindows, TimestampedValue
from apache_beam.typehints.schemas import typing_to_runner_api
from apache_beam.utils.timestamp import Timestamp

from beam_deid.transforms import AssessReidentification, Deidentify, Evidence, Rejected, ReleaseLabel
from beam_deid.transforms.errors import InputError, UsageError, from_text

from .test_deidentify import POLICY, RELEASED, pipeline

ROWS = [{"who": f"p{i}", "city": "AB"[i % 2], "age": 20 + i % 10, "what": "xy"[i // 2 % 2]} for i in range(40)]


class Order(NamedTuple):
    who: str
    city: str
    age: int
    what: str


@dataclasses.dataclass
class Bought:
    who: str
    city: str
    age: int
    what: str


class Released(NamedTuple):
    city: str
    age: str
    what: str


def untyped(element: Any) -> Any:
    return element


def as_row(row: Any) -> Any:
    return beam.Row(**row)


def parquet(folder):
    path = str(folder / "rows.parquet")
    pq.write_table(pa.Table.from_pylist(ROWS), path, row_group_size=15)
    return path


GIVEN = {
    "dicts": (lambda folder: beam.Create(ROWS), dict),
    "dicts of no known type": (lambda folder: beam.Create(ROWS) | beam.Map(untyped), dict),
    "mappings": (
        lambda folder: beam.Create(ROWS) | beam.Map(untyped).with_output_types(Mapping[str, Any]),
        dict,
    ),
    "rows": (lambda folder: beam.Create([beam.Row(**row) for row in ROWS]), beam.Row),
    "rows of no known type": (lambda folder: beam.Create(ROWS) | beam.Map(as_row), beam.Row),
    "named tuples": (lambda folder: beam.Create([Order(**row) for row in ROWS]), beam.Row),
    "dataclasses": (lambda folder: beam.Create([Bought(**row) for row in ROWS]), beam.Row),
    "batches": (lambda folder: beam.Create(pa.Table.from_pylist(ROWS).to_batches(15)), pa.RecordBatch),
    "tables": (lambda folder: beam.Create([pa.Table.from_pylist(ROWS[:7]), pa.Table.from_pylist(ROWS[7:])]), pa.Table),
    "ReadFromParquet": (lambda folder: beam.io.ReadFromParquet(parquet(folder)), dict),
    "ReadFromParquet as rows": (lambda folder: beam.io.ReadFromParquet(parquet(folder), as_rows=True), beam.Row),
    "ReadFromParquetBatched": (lambda folder: beam.io.ReadFromParquetBatched(parquet(folder)), pa.Table),
}


def rows_of(element):
    if isinstance(element, pa.RecordBatch | pa.Table):
        return element.to_pylist()
    return [element if isinstance(element, dict) else element._asdict()]


def same_rows(expected, kind):
    """All rows, in elements of one kind."""

    def check(found):
        if not all(isinstance(one, kind) for one in found):
            raise BeamAssertException(f"another kind: {type(found[0])}")
        if sorted(str(row) for one in found for row in rows_of(one)) != sorted(map(str, expected)):
            raise BeamAssertException("other rows")

    return check


@pytest.mark.parametrize(("given", "kind"), GIVEN.values(), ids=GIVEN)
def test_every_kind_of_element_comes_back_as_it_came(given, kind, tmp_path):
    with pipeline() as begun:
        released = (begun | given(tmp_path) | Deidentify(POLICY)).released
        assert_that(released, same_rows(RELEASED, kind))


@pytest.mark.parametrize("output", [dict, beam.Row, pa.RecordBatch, pa.Table, Released], ids=lambda one: one.__name__)
@pytest.mark.parametrize("given", ["dicts", "tables", "ReadFromParquet"])
def test_released_records_are_what_is_wanted(given, output, tmp_path):
    with pipeline() as begun:
        released = (begun | GIVEN[given][0](tmp_path) | Deidentify(POLICY, output=output)).released
        assert_that(released, same_rows(RELEASED, output))
        if output in (beam.Row, Released):
            assert fields_of(released.element_type) == ["city", "age", "what"]


def fields_of(element_type):
    """The names of the fields of a type's schema."""
    return [field.name for field in typing_to_runner_api(element_type).row_type.schema.fields]


class Other(NamedTuple):
    city: str
    age: str


class Wrong(NamedTuple):
    city: int
    age: str
    what: str


@pytest.mark.parametrize("output", [int, Other], ids=["no records", "other fields"])
def test_what_released_records_cannot_be_is_told_at_once(output):
    with pytest.raises(UsageError, match=r"output=…"):
        Deidentify(POLICY, output=output)


def test_a_class_that_declares_another_type_is_an_input_error_that_names_the_field():
    with pytest.raises(Exception) as raised, pipeline() as begun:  # noqa: PT011 - engines wrap what workers raise
        _ = begun | beam.Create(ROWS) | Deidentify(POLICY, output=Wrong)
    error = from_text(str(raised.value))
    assert isinstance(error, InputError)
    assert "field city" in error.message


def test_elements_of_several_kinds_in_a_collection_of_no_known_type_are_refused():
    both = [pa.RecordBatch.from_pylist(ROWS[:20]), *ROWS[20:]]
    with pytest.raises(Exception) as raised, pipeline() as begun:  # noqa: PT011 - engines wrap what workers raise
        _ = begun | beam.Create(both) | beam.Map(untyped) | Deidentify(POLICY)
    error = from_text(str(raised.value))
    assert isinstance(error, InputError)
    assert "dict, pyarrow.RecordBatch" in error.message


def test_an_element_that_is_no_record_is_refused_by_its_type_alone():
    with pytest.raises(Exception) as raised, pipeline() as begun:  # noqa: PT011 - engines wrap what workers raise
        _ = begun | beam.Create([("SECRET",)]) | beam.Map(untyped) | Deidentify(POLICY)
    error = from_text(str(raised.value))
    assert isinstance(error, InputError)
    assert "tuple" in error.message
    assert "SECRET" not in str(raised.value)


def test_a_column_that_one_of_several_tables_lacks_is_refused_in_a_collection_of_no_known_type():
    tables = [pa.Table.from_pylist(ROWS[:20]), pa.Table.from_pylist(ROWS[20:]).drop_columns(["city"])]
    with pytest.raises(Exception) as raised, pipeline() as begun:  # noqa: PT011 - engines wrap what workers raise
        _ = begun | beam.Create(tables) | beam.Map(untyped) | Deidentify(POLICY)
    assert "'city'" in from_text(str(raised.value)).message


def test_rejects_of_a_table_say_where_in_it_a_record_was():
    ages = [str(row["age"]) for row in ROWS]
    ages[33] = "SECRET"
    table = pa.Table.from_pylist(ROWS).set_column(2, "age", [ages])
    chunked = pa.concat_tables([table.slice(0, 20), table.slice(20)])
    with pipeline() as begun:
        result = begun | beam.Create([chunked]) | Deidentify(POLICY, max_rejects=0.1)
        assert_that(result.rejected, equal_to([Rejected(33, "age", "wrong_type")]))


class Timed(NamedTuple):
    who: str
    at: Timestamp
    price: float | None


TIMED = {
    "version": 1,
    "dataset": "timed",
    "subject": "who",
    "fields": {
        "who": {"role": "direct_identifier"},
        "at": {"role": "quasi_identifier", "kind": "timestamp"},
        "price": {"role": "quasi_identifier"},
    },
    "releases": {"out": {"purpose": "p", "sharing": "enclave", "fields": {"at": "keep", "price": "keep"}}},
}


def test_times_of_rows_are_those_of_beam_and_the_schema_says_so():
    moment = datetime.datetime(2026, 1, 31, 12, tzinfo=datetime.timezone.utc)
    given = [Timed(f"p{one}", Timestamp.from_utc_datetime(moment), None if one else 1.5) for one in range(9)]
    expected = [beam.Row(at=one.at, price=one.price) for one in given]
    with pipeline() as begun:
        released = (begun | beam.Create(given) | Deidentify(TIMED)).released
        coded = released | beam.Reshuffle()  # a boundary, where elements are encoded by their schema
        assert_that(coded, equal_to(expected))


@pytest.mark.parametrize("kind", [Evidence, Rejected, ReleaseLabel], ids=lambda one: one.__name__)
def test_all_that_is_told_has_a_schema(kind):
    assert fields_of(kind) == list(kind._fields)


def test_a_label_tells_in_its_columns_what_its_document_says():
    def check(labels):
        (label,) = labels
        document = json.loads(label.document)
        told = {name: getattr(label, name) for name in document["records"]}
        if told != document["records"] or label.label != document["label"] or list(label.failing):
            raise BeamAssertException(str(label))

    with pipeline() as begun:
        result = begun | beam.Create(ROWS) | Deidentify(POLICY)
        assert result.label.element_type is ReleaseLabel
        assert_that(result.label | beam.Reshuffle(), check)


SPOILT = [*ROWS[:39], {**ROWS[39], "age": "SECRET"}]


def test_rejects_go_to_an_error_handler_as_beam_has_it():
    def letter(rejected):
        return f"{rejected.row} {rejected.field} {rejected.reason}"

    with pipeline() as begun:
        with ErrorHandler(beam.Map(letter)) as handler:
            transform = Deidentify(POLICY, max_rejects=0.1).with_error_handler(handler)
            released = (begun | beam.Create(SPOILT) | transform).released
        assert_that(handler.output(), equal_to(["39 age wrong_type"]), "letters")
        assert_that(released, equal_to(RELEASED[:39]), "released")


def test_an_error_handler_that_nobody_reads_is_told_as_beam_does():
    begun = pipeline()
    handler = CollectingErrorHandler()
    _ = begun | beam.Create(SPOILT) | Deidentify(POLICY, max_rejects=0.1).with_error_handler(handler)
    with pytest.raises(RuntimeError, match="output"):
        begun.run()


def test_what_became_of_the_records_is_counted():
    begun = pipeline()
    _ = begun | beam.Create(SPOILT) | Deidentify(POLICY, max_rejects=0.1)
    result = begun.run()
    result.wait_until_finish()
    counters = result.metrics().query(MetricsFilter().with_namespace("beam_deid"))["counters"]
    found = {one.key.metric.name: one.result for one in counters}
    told = ("read", "released", "suppressed", "withheld", "rejected", "labels_still_personal")
    assert [found.get(name, 0) for name in told] == [40, 39, 0, 0, 1, 1]


def test_evidence_of_each_window_is_of_its_own_records():
    def timed(row):
        return TimestampedValue(row, int(row["who"][1:]))

    with pipeline() as begun:
        rows = begun | beam.Create(ROWS) | beam.Map(timed).with_output_types(dict)
        evidence = rows | beam.WindowInto(FixedWindows(10)) | AssessReidentification(["city"], subject="who")
        found = evidence | beam.Map(lambda one: (one.records, one.k)) | "All" >> beam.WindowInto(GlobalWindows())
        assert_that(found, equal_to([(10, 5)] * 4))
