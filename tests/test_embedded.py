import apache_beam as beam
import pyarrow as pa
import pytest
from apache_beam.testing.util import BeamAssertException, assert_that, equal_to

from beam_deid.transforms import Deidentify, Rejected
from beam_deid.transforms.errors import PolicyError, UsageError, from_text

POLICY = {
    "version": 1,
    "dataset": "embedded",
    "subject": "who",
    "fields": {
        "who": {"role": "direct_identifier"},
        "city": {"role": "quasi_identifier"},
        "age": {"role": "quasi_identifier", "kind": "integer"},
        "what": {"role": "sensitive"},
    },
    "releases": {
        "out": {
            "purpose": "test", "sharing": "enclave",
            "fields": {"city": "keep", "age": {"generalize": {"ranges": [10, 20]}}, "what": "keep"},
        }
    },
}  # fmt: skip
ROWS = [{"who": f"p{i}", "city": "AB"[i % 2], "age": str(20 + i % 10), "what": "xy"[i // 2 % 2]} for i in range(40)]
RELEASED = [{"city": row["city"], "age": "20-29", "what": row["what"]} for row in ROWS]


def pipeline():
    return beam.Pipeline(runner="FnApiRunner")


def one_label(name):
    def check(labels):
        if [label["label"] for label in labels] != [name]:
            raise BeamAssertException("another label")

    return check


def test_dicts_come_back_as_dicts_with_their_label():
    with pipeline() as p:
        result = p | beam.Create(ROWS) | Deidentify(POLICY)
        assert_that(result.released, equal_to(RELEASED), "released")
        assert_that(result.label, one_label("anonymized"), "label")


def test_rows_come_back_as_rows():
    with pipeline() as p:
        rows = p | beam.Create([beam.Row(**row) for row in ROWS])
        result = rows | Deidentify(POLICY, release="out")
        assert_that(result.released, equal_to([beam.Row(**row) for row in RELEASED]), "released")


def test_batches_come_back_as_batches_with_their_schema():
    def check(batches):
        rows = [row for batch in batches for row in batch.to_pylist()]
        if sorted(map(str, rows)) != sorted(map(str, RELEASED)) or batches[0].schema.names != ["city", "age", "what"]:
            raise BeamAssertException("another content")
        if batches[0].schema.metadata[b"beam_deid.label"] != b"anonymized":
            raise BeamAssertException("no label in the metadata")

    with pipeline() as p:
        batches = p | beam.Create([pa.RecordBatch.from_pylist(ROWS[:15]), pa.RecordBatch.from_pylist(ROWS[15:])])
        result = batches | Deidentify(POLICY)
        assert result.released.element_type is pa.RecordBatch
        assert_that(result.released, check)


def test_rejects_are_typed_and_hold_no_value():
    with pipeline() as p:
        rows = [*ROWS[:39], {**ROWS[39], "age": "SECRET"}]
        result = p | beam.Create(rows) | Deidentify(POLICY, max_rejects=0.1)
        assert result.rejected.element_type is Rejected
        assert_that(result.rejected, equal_to([Rejected(39, "age", "wrong_type")]), "rejected")
        assert_that(result.released, equal_to(RELEASED[:39]), "released")


@pytest.mark.parametrize(
    ("rows", "policy", "what"),
    [
        ([{**ROWS[0], "new": "x"}], POLICY, "PolicyError"),
        ([{**ROWS[0], "age": "SECRET"}], POLICY, "InputError"),
        (ROWS[:2], {**POLICY, "releases": {"out": {**POLICY["releases"]["out"], "expect": "anonymized"}}}, "ExpectationUnmet"),
    ],
    ids=["unclassified column", "too many rejects", "expectation unmet"],
)  # fmt: skip
def test_what_must_not_pass_stops_the_pipeline(rows, policy, what):
    with pytest.raises(Exception) as raised, pipeline() as p:  # noqa: PT011 - engines wrap what workers raise
        _ = p | beam.Create(rows) | Deidentify(policy)
    assert type(from_text(str(raised.value))).__name__ == what
    assert "SECRET" not in str(raised.value)


def test_a_collection_of_unknown_type_is_refused_when_the_pipeline_is_built():
    p = pipeline()
    with pytest.raises(UsageError, match="with_output_types"):
        p | beam.Create(["text"]) | Deidentify(POLICY)


def test_an_empty_collection_is_released_as_nothing_and_still_personal():
    with pipeline() as p:
        empty = p | beam.Create([{}]) | beam.Filter(lambda row: False) | beam.Map(dict).with_output_types(dict)
        result = empty | Deidentify(POLICY)
        assert_that(result.released, equal_to([]), "released")
        assert_that(result.label, one_label("still_personal"), "label")


def test_a_wrong_policy_and_a_wrong_release_are_told_at_once():
    with pytest.raises(PolicyError):
        Deidentify({"version": 2})
    with pytest.raises(UsageError, match="out"):
        Deidentify(POLICY, release="crm")


def test_combined_columns_are_made_of_embedded_records_too():
    policy = {
        "version": 1, "dataset": "d", "subject": "who", "input": {"combine": {"place": ["city", "district"]}},
        "fields": {
            "who": {"role": "direct_identifier"}, "city": {"role": "quasi_identifier"},
            "district": {"role": "quasi_identifier"}, "place": {"role": "quasi_identifier"},
        },
        "releases": {"out": {
            "purpose": "test", "sharing": "enclave",
            "fields": {"place": {"generalize": {"hierarchy": "cn_districts", "level": "city"}}},
        }},
    }  # fmt: skip
    rows = [{"who": f"p{number}", "city": "杭州", "district": "余杭区"} for number in range(9)]
    with pipeline() as begun:
        result = begun | beam.Create(rows) | Deidentify(policy)
        assert_that(result.released, equal_to([{"place": "杭州市"}] * 9))
