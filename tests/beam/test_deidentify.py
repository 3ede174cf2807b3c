import importlib.resources
import json
from typing import NamedTuple

import apache_beam as beam
import jsonschema
import pyarrow as pa
import pytest
from apache_beam.testing.util import BeamAssertException, assert_that, equal_to

from beam_deid.transforms import AssessReidentification, Deidentify, Rejected
from beam_deid.transforms.beam import to_batches
from beam_deid.transforms.columns.fingerprint import FingerprintKey
from beam_deid.transforms.errors import InputError, PolicyError, UsageError, from_text

from ..kit.unpacking import unpacked

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
            "purpose": "test",
            "sharing": "enclave",
            "fields": {"city": "keep", "age": {"generalize": {"ranges": [10, 20]}}, "what": "keep"},
        }
    },
}
ROWS = [{"who": f"p{i}", "city": "AB"[i % 2], "age": str(20 + i % 10), "what": "xy"[i // 2 % 2]} for i in range(40)]
RELEASED = [{"city": row["city"], "age": "20-29", "what": row["what"]} for row in ROWS]


def pipeline():
    return beam.Pipeline(runner="FnApiRunner")


def one_label(name):
    def check(labels):
        if [label.label for label in labels] != [name]:
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


def test_rejects_say_where_in_its_batch_a_record_was_though_small_batches_are_put_together():
    def encoded(rows):
        batch = pa.RecordBatch.from_pylist(rows)
        return batch.set_column(1, "city", batch.column("city").dictionary_encode())

    rows = [*ROWS[:38], {**ROWS[38], "age": "SECRET"}, ROWS[39]]
    with pipeline() as begun:
        batches = begun | beam.Create([encoded(rows[at : at + 3]) for at in range(0, 40, 3)])
        result = batches | Deidentify(POLICY, max_rejects=0.1)
        assert_that(result.rejected, equal_to([Rejected(2, "age", "wrong_type")]), "rejected")
        released = result.released | beam.FlatMap(lambda batch: batch.to_pylist())
        assert_that(released, equal_to([*RELEASED[:38], RELEASED[39]]), "released")


@pytest.mark.parametrize(
    ("rows", "policy", "what"),
    [
        ([{**ROWS[0], "new": "x"}], POLICY, "PolicyError"),
        ([{**ROWS[0], "age": "SECRET"}], POLICY, "InputError"),
        (
            ROWS[:2],
            {**POLICY, "releases": {"out": {**POLICY["releases"]["out"], "expect": "anonymized"}}},
            "ExpectationUnmet",
        ),
    ],
    ids=["unclassified column", "too many rejects", "expectation unmet"],
)
def test_what_must_not_pass_stops_the_pipeline(rows, policy, what):
    with pytest.raises(Exception) as raised, pipeline() as p:  # noqa: PT011 - engines wrap what workers raise
        _ = p | beam.Create(rows) | Deidentify(policy)
    assert type(from_text(str(raised.value))).__name__ == what
    assert "SECRET" not in str(raised.value)


def test_a_collection_of_what_is_no_record_is_refused_when_the_pipeline_is_built():
    p = pipeline()
    with pytest.raises(UsageError, match="convert its elements"):
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
        "version": 1,
        "dataset": "d",
        "subject": "who",
        "input": {"combine": {"place": ["city", "district"]}},
        "fields": {
            "who": {"role": "direct_identifier"},
            "city": {"role": "quasi_identifier"},
            "district": {"role": "quasi_identifier"},
            "place": {"role": "quasi_identifier"},
        },
        "releases": {
            "out": {
                "purpose": "test",
                "sharing": "enclave",
                "fields": {"place": {"generalize": {"hierarchy": "cn_districts", "level": "city"}}},
            }
        },
    }
    rows = [{"who": f"p{number}", "city": "杭州", "district": "余杭区"} for number in range(9)]
    with pipeline() as begun:
        result = begun | beam.Create(rows) | Deidentify(policy)
        assert_that(result.released, equal_to([{"place": "杭州市"}] * 9))


class Order(NamedTuple):
    who: str
    city: str
    age: int | None
    what: str


def test_named_tuples_come_back_as_rows():
    with pipeline() as begun:
        orders = begun | beam.Create([Order(row["who"], row["city"], int(row["age"]), row["what"]) for row in ROWS])
        result = orders | Deidentify(POLICY)
        assert_that(result.released, equal_to([beam.Row(**row) for row in RELEASED]))


def test_batches_of_several_types_have_one_schema(monkeypatch):
    """What is null in one batch of dicts is a number in the next and text in a third, and a key may be missing."""
    monkeypatch.setattr(to_batches, "_ROWS", 10)  # so that elements make several batches
    kept = {"city": "keep", "age": "keep", "what": "keep", "price": "keep"}
    policy = {
        **POLICY,
        "fields": {**POLICY["fields"], "price": {"role": "quasi_identifier"}},
        "releases": {"out": {**POLICY["releases"]["out"], "fields": kept}},
    }
    ages = [None, 20, "20", 20.0]
    prices = [{}, {"price": None}, {"price": 1}, {"price": 1.5}]
    rows = [{**row, "age": ages[at // 10], **prices[at // 10]} for at, row in enumerate(ROWS)]
    rows += [{**row, "age": "20" if at % 2 else 20} for at, row in enumerate(rows[:10])]
    expected = [
        {"city": row["city"], "age": row["age"] and 20, "what": row["what"], "price": row.get("price")} for row in rows
    ]
    with pipeline() as begun:
        result = begun | beam.Create(rows).with_output_types(dict) | Deidentify(policy)
        assert_that(result.released, equal_to(expected))


@pytest.mark.parametrize("values", [["x", 1], [True, 1], [2**60 + 1, 1.5]], ids=["text", "truth", "too many digits"])
def test_values_that_have_no_one_type_are_an_input_error_that_names_the_field(values):
    batches = [pa.RecordBatch.from_pylist([{**ROWS[0], "what": value}]) for value in values]
    with pytest.raises(Exception) as raised, pipeline() as begun:  # noqa: PT011 - engines wrap what workers raise
        _ = begun | beam.Create(batches) | Deidentify(POLICY)
    error = from_text(str(raised.value))
    assert isinstance(error, InputError)
    assert "field what" in str(raised.value)


NESTED = {"a mapping": [{"secret": "杭"}], "a list": [["杭"]], "beside text": ["杭", {"secret": 1}], "a set": [{"杭"}]}


@pytest.mark.parametrize("what", NESTED.values(), ids=NESTED)
@pytest.mark.parametrize("to", ["Deidentify", "AssessReidentification"])
def test_nested_values_are_an_input_error_that_names_the_field_and_says_what_to_do(what, to):
    rows = [{**row, "what": what[at % len(what)]} for at, row in enumerate(ROWS)]
    transform = Deidentify(POLICY) if to == "Deidentify" else AssessReidentification(["city"])
    with pytest.raises(Exception) as raised, pipeline() as begun:  # noqa: PT011 - engines wrap what workers raise
        _ = begun | beam.Create(rows) | transform
    error = from_text(str(raised.value))
    assert isinstance(error, InputError)
    assert "field what" in error.what
    assert "Flatten them" in error.what
    assert "杭" not in str(raised.value)
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize("kind", [pa.RecordBatch, pa.Table])
def test_nested_columns_of_batches_are_refused_unless_they_are_passed_over(kind):
    given = [kind.from_pylist([{**row, "more": {"secret": 1}} for row in ROWS])]
    with pytest.raises(Exception, match="field more: values of type struct") as raised, pipeline() as begun:
        _ = begun | beam.Create(given) | Deidentify(POLICY)
    assert isinstance(from_text(str(raised.value)), InputError)
    with pipeline() as begun:
        result = begun | beam.Create(given) | Deidentify({**POLICY, "input": {"ignore": ["more"]}})
        assert_that(result.label, one_label("anonymized"))


@pytest.mark.parametrize("kind", [pa.binary(16), pa.duration("s"), pa.float16()], ids=str)
def test_columns_of_batches_that_hold_one_value_each_are_taken(kind):
    value = bytes(16) if pa.types.is_fixed_size_binary(kind) else 1
    column = pa.array([value] * len(ROWS)).cast(kind)
    batch = pa.RecordBatch.from_pylist(ROWS).append_column("more", column)
    fields = {**POLICY["fields"], "more": {"role": "quasi_identifier"}}
    with pipeline() as begun:
        result = begun | beam.Create([batch]) | Deidentify({**POLICY, "fields": fields})
        assert_that(result.label, one_label("anonymized"))


@pytest.mark.parametrize("rows", [ROWS, ROWS[:2]], ids=["anonymized", "still personal"])
def test_labels_follow_their_schema(rows):
    shipped = importlib.resources.files("beam_deid.configs").joinpath("schemas/label.schema.json").read_text("utf-8")

    def check(labels):
        jsonschema.validate(json.loads(labels[0].document), json.loads(shipped))

    with pipeline() as begun:
        assert_that((begun | beam.Create(rows) | Deidentify(POLICY)).label, check)


def test_a_policy_that_wants_signatures_is_refused(tmp_path):
    policy = {**POLICY, "keys": {"keyring": str(tmp_path / "orders.keyring")}, "sign": "keyring"}
    with pytest.raises(UsageError, match="sign"):
        Deidentify(policy)


def test_the_graph_holds_no_key_of_fingerprints(monkeypatch):
    secret = b"0123456789abcdefghijklmnopqrstuv"
    made = []

    def new():
        made.append(FingerprintKey(secret))
        return made[-1]

    monkeypatch.setattr(FingerprintKey, "new", new)
    begun = pipeline()
    _ = begun | beam.Create(ROWS) | Deidentify(POLICY)
    before = unpacked(begun.to_runner_api().SerializeToString())
    assert b"Deidentify" in before
    assert not made
    begun.run()
    assert made
    for graph in (before, unpacked(begun.to_runner_api().SerializeToString())):
        assert secret not in graph
        assert secret.hex().encode() not in graph


def test_equal_values_are_encrypted_differently_and_both_passes_find_the_same(monkeypatch):
    policy = {
        "version": 1,
        "dataset": "d",
        "subject": "who",
        "keys": {"key": "env:EMBEDDED_KEY"},
        "fields": {"who": {"role": "direct_identifier"}},
        "releases": {"out": {"purpose": "p", "sharing": "enclave", "fields": {"who": "encrypt"}}},
    }

    def check(batches):
        values = [row["who"] for batch in batches for row in batch.to_pylist()]
        if len(values) != 8 or len({*values}) != 8:
            raise BeamAssertException("equal ciphertexts")

    monkeypatch.setenv("EMBEDDED_KEY", "0123456789abcdef" * 4)
    with pipeline() as begun:
        batches = begun | beam.Create([pa.RecordBatch.from_pylist([{"who": "a"}] * size) for size in (3, 5)])
        assert_that((batches | Deidentify(policy)).released, check)


@pytest.mark.parametrize("step", [beam.Map(print), "Named" >> beam.Map(print)], ids=["map", "named"])
def test_what_takes_one_collection_is_refused_with_a_word_on_which(step):
    rows = beam.Pipeline() | beam.Create(ROWS)
    with pytest.raises(UsageError, match="three collections") as raised:
        _ = rows | Deidentify(POLICY) | step
    assert ".released" in raised.value.next_step


def test_one_of_several_releases_is_to_be_named():
    several = {**POLICY, "releases": dict.fromkeys(("one", "other"), POLICY["releases"]["out"])}
    with pytest.raises(UsageError, match="none is named") as raised:
        Deidentify(several)
    assert raised.value.next_step == "Name one: one, other"
