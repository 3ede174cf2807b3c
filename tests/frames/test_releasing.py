"""Tables in memory are released as files are, whatever holds them, and fail closed."""

import datetime
import io
import tracemalloc
import zoneinfo

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import beam_deid
from beam_deid.transforms.frames import releasing
from beam_deid.transforms.measure.chunks import Bounds

from ..kit.policies import KEY

POLICY = {
    "version": 1,
    "dataset": "orders",
    "subject": "who",
    "fields": {
        "who": {"role": "direct_identifier"},
        "city": {"role": "quasi_identifier"},
        "age": {"role": "quasi_identifier", "kind": "integer"},
        "item": {"role": "sensitive"},
    },
    "releases": {
        "out": {
            "purpose": "test",
            "sharing": "enclave",
            "fields": {"city": "keep", "age": {"generalize": {"ranges": [10], "level": 0}}, "item": "keep"},
        }
    },
}


def orders(rows=120):
    numbers = np.arange(rows)
    return pa.table(
        {
            "who": [f"p{number}" for number in numbers % 60],
            "city": np.where(numbers % 3 == 0, "杭州市", "上海市"),
            "age": 30 + numbers % 4,
            "item": np.where(numbers % 2 == 0, "茶", "纸"),
        }
    )


def with_release(policy=POLICY, **changed):
    return {**policy, "releases": {"out": {**policy["releases"]["out"], **changed}}}


def expecting(label):
    return with_release(expect=label)


def arrow_of(frame):
    if isinstance(frame, pa.Table):
        return frame
    return pa.Table.from_pandas(frame) if isinstance(frame, pd.DataFrame) else frame.to_arrow()


KINDS = {
    "table": lambda table: table,
    "batch": lambda table: table.combine_chunks().to_batches()[0],
    "reader": lambda table: table.to_reader(50),
    "pandas": lambda table: table.to_pandas(),
    "polars": pl.from_arrow,
}


def rows_of(data):
    if isinstance(data, pa.RecordBatchReader):
        data = data.read_all()
    if isinstance(data, pd.DataFrame):
        return data.to_dict("records")
    return data.to_pylist() if isinstance(data, pa.Table | pa.RecordBatch) else data.to_dicts()


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_kind_comes_back_with_the_same_rows_whatever_it_is(kind):
    table = KINDS[kind](orders())
    made = beam_deid.deidentify(table, POLICY)
    assert type(made.data) is type(made.rejects) is type(table)
    assert rows_of(made.data) == rows_of(beam_deid.deidentify(orders(), POLICY).data)
    assert made.label.is_anonymized
    assert made.label.value == str(made.label) == "anonymized"
    assert not made.label.failing


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_shown_of_a_result_is_its_label_and_no_row(kind):
    made = beam_deid.deidentify(KINDS[kind](orders()), POLICY)
    assert repr(made) == "Deidentified(label=Label(anonymized, k=20), notes=())"
    assert repr(beam_deid.deidentify(orders(4), POLICY).label).startswith("Label(still_personal, k=2, failing: k, ")
    assert str(made.label) == "anonymized"


def test_what_is_given_is_not_changed():
    frame = orders().to_pandas().set_index(np.arange(120)[::-1])
    before = frame.copy()
    beam_deid.deidentify(frame, POLICY)
    pd.testing.assert_frame_equal(frame, before)


def test_rows_of_an_anonymized_release_do_not_tell_the_order_of_the_source():
    shuffled = orders().take(np.random.default_rng(1).permutation(120))
    assert beam_deid.deidentify(shuffled, POLICY).data.equals(beam_deid.deidentify(orders(), POLICY).data)


def test_rows_that_are_still_personal_stay_in_their_order():
    made = beam_deid.deidentify(orders(), with_release(fields={"who": "keep", "age": "keep"}))
    assert made.label.value == "still_personal"
    assert "direct_identifiers" in made.label.failing
    assert made.data.column("who").to_pylist() == orders().column("who").to_pylist()


@settings(max_examples=20)
@given(st.integers(1, 5), st.integers(0, 200))
def test_the_number_of_threads_changes_nothing(threads, rows):
    usual = releasing.BATCH_ROWS, releasing.SHARD_ROWS
    releasing.BATCH_ROWS, releasing.SHARD_ROWS = 16, 40
    try:
        one = beam_deid.deidentify(orders(rows), POLICY, threads=1)
        several = beam_deid.deidentify(orders(rows), POLICY, threads=threads)
    finally:
        releasing.BATCH_ROWS, releasing.SHARD_ROWS = usual
    assert one.data.equals(several.data)
    assert one.label.failing == several.label.failing
    assert one.counts == several.counts


def test_records_that_wait_on_disk_are_decided_as_those_in_memory(monkeypatch):
    in_memory = beam_deid.deidentify(orders(3000), POLICY)
    monkeypatch.setattr(releasing, "_BOUNDS", Bounds(few=100, bucket=300))
    on_disk = beam_deid.deidentify(orders(3000), POLICY)
    assert on_disk.data.equals(in_memory.data)
    assert on_disk.label.failing == in_memory.label.failing


def test_rejects_name_the_row_the_field_and_the_reason_and_never_the_value():
    frame = orders().to_pandas().astype({"age": object})
    frame.loc[[3, 70], "age"] = "SECRET"
    frame["age"] = frame["age"].astype("string")
    made = beam_deid.deidentify(frame, POLICY, max_rejects=0.5)
    assert made.rejects.to_dict("list") == {"row": [3, 70], "field": ["age"] * 2, "reason": ["wrong_type"] * 2}
    counts = made.counts
    assert (counts.read, counts.rejected) == (120, 2)
    assert counts.read == counts.released + counts.suppressed + counts.withheld + counts.rejected
    assert len(made.data) == counts.released
    with pytest.raises(beam_deid.InputError) as refused:
        beam_deid.deidentify(frame, POLICY)
    assert "SECRET" not in str(refused.value)
    assert refused.value.exit_code == 3


def read_by_pandas(csv, **options):
    return pd.read_csv(io.StringIO("who,city,age,item\n" + csv), **options)


def test_whole_numbers_that_pandas_reads_as_floating_ones_are_whole_numbers():
    """One empty cell makes a column of NumPy floating."""
    ages = ["", *map(str, range(31, 70))]
    frame = read_by_pandas("".join(f"p{age},杭州市,{age},茶\n" for age in ages))
    assert frame["age"].dtype == np.float64
    made = beam_deid.deidentify(frame, with_release(fields={"age": "keep"}))
    assert not len(made.rejects)
    assert made.data["age"].dropna().tolist() == list(range(31, 70))
    assert made.data["age"].isna().sum() == 1


def test_floating_numbers_as_text_are_rejected_with_what_to_do():
    frame = read_by_pandas("p1,杭州市,1990,茶\np2,杭州市,,茶\n").astype({"age": "string"})
    assert frame["age"].tolist()[0] == "1990.0"
    with pytest.raises(beam_deid.InputError, match=r"age: not_whole.*decimals: 0.*Int64"):
        beam_deid.deidentify(frame, POLICY)
    as_decimal = {**POLICY["fields"], "age": {"role": "quasi_identifier", "kind": "decimal", "decimals": 0}}
    made = beam_deid.deidentify(frame, with_release({**POLICY, "fields": as_decimal}, fields={"age": "keep"}))
    assert made.counts.rejected == 0
    whole = read_by_pandas("p1,杭州市,1990,茶\np2,杭州市,,茶\n").astype({"age": "Int64"}).astype({"age": "string"})
    assert beam_deid.deidentify(whole, with_release(fields={"age": "keep"})).data["age"].tolist()[0] == 1990


def test_amounts_with_the_noise_of_floating_point_are_rejected_with_what_to_do():
    fields = {**POLICY["fields"], "age": {"role": "quasi_identifier", "kind": "decimal", "decimals": 2}}
    policy = with_release({**POLICY, "fields": fields}, fields={"age": "keep"})
    noisy = orders().to_pandas().assign(age=0.1 + 0.2)
    with pytest.raises(
        beam_deid.InputError, match=r"age: too_many_decimals, 120 records.*round what comes in floating"
    ):
        beam_deid.deidentify(noisy, policy)
    made = beam_deid.deidentify(noisy.assign(age=noisy["age"].round(2)), policy)
    assert {str(value) for value in made.data["age"]} == {"0.30"}


MORNING = datetime.datetime(2026, 1, 2, 3, tzinfo=zoneinfo.ZoneInfo("Asia/Shanghai"))


def with_times(kind, input_options=None, **field):
    fields = {**POLICY["fields"], "age": {"role": "quasi_identifier", **({"kind": kind} if kind else {}), **field}}
    return with_release({**POLICY, "fields": fields, "input": input_options or {}}, fields={"age": "keep"})


@pytest.mark.parametrize("kind", ["date", "timestamp"])
@pytest.mark.parametrize("held", ["table", "pandas", "polars"])
def test_times_with_a_zone_of_which_nobody_says_whose_they_are_read_as_are_told(kind, held):
    times = pa.array([MORNING] * 120, pa.timestamp("us", "Asia/Shanghai"))
    table = KINDS[held](orders().set_column(2, "age", times))
    made = beam_deid.deidentify(table, with_times(kind))
    assert str(arrow_of(made.data).column("age")[0]).startswith("2026-01-01")
    assert [note.partition(": ")[0] for note in made.notes] == ["age"]
    assert "timezone" in made.notes[0]
    for said in (with_times(kind, {"timezone": "Asia/Shanghai"}), with_times(kind, timezone="Asia/Shanghai")):
        made = beam_deid.deidentify(table, said)
        assert str(arrow_of(made.data).column("age")[0]).startswith("2026-01-02")
        assert not made.notes
    assert not beam_deid.deidentify(table, with_times(kind, {"timezone": "UTC"})).notes


def test_times_that_stay_as_they_are_need_no_timezone():
    plain = orders().set_column(2, "age", pa.array([MORNING.replace(tzinfo=None)] * 120))
    assert not beam_deid.deidentify(plain, with_times("date")).notes
    zoned = orders().set_column(2, "age", pa.array([MORNING] * 120))
    assert not beam_deid.deidentify(zoned, with_times(None)).notes


def test_a_label_that_is_not_expected_releases_nothing():
    with pytest.raises(beam_deid.ExpectationUnmet) as unmet:
        beam_deid.deidentify(orders(4), expecting("anonymized"))
    assert unmet.value.exit_code == 4
    assert set(unmet.value.failing) == {"out"}
    assert all(test in unmet.value.message for test in unmet.value.failing["out"])
    with pytest.raises(beam_deid.ExpectationUnmet, match=r"anonymized, still_personal is expected\. "):
        beam_deid.deidentify(orders(), expecting("still_personal"))
    assert beam_deid.deidentify(orders(), expecting("anonymized")).label.is_anonymized


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"threads": -2}, r"deidentify\(threads=…\): threads is a whole number from 1 on"),
        ({"threads": 0}, "threads"),
        ({"threads": "2"}, "threads"),
        ({"threads": True}, "threads"),
        ({"key": "abcdefgh"}, r"deidentify\(key=…\).*get_secret_bytes.*env:NAME"),
        ({"key": b"abcdefgh" * 4}, "get_secret_bytes"),
        ({"max_rejects": "1"}, "max_rejects"),
        ({"release": ["out"]}, r"deidentify\(release=…\).*The policy has: out"),
        ({"policy": "version: 1\nfields: {}\n"}, "looks like the text of a policy"),
        ({"policy": None}, "a policy is a mapping"),
    ],
    ids=str,
)
def test_a_wrong_argument_is_told_with_what_to_do(changed, told):
    with pytest.raises((beam_deid.UsageError, beam_deid.PolicyError), match=told) as wrong:
        beam_deid.deidentify(**{"data": orders(), "policy": POLICY, **changed})
    assert wrong.value.exit_code == 2
    assert "abcdefgh" not in wrong.value.message


def test_columns_must_be_those_of_the_policy():
    strange = orders().append_column("phone", [["1"] * 120])
    with pytest.raises(beam_deid.PolicyError, match="phone"):
        beam_deid.deidentify(strange, POLICY)
    ignoring = {**POLICY, "input": {"ignore": ["phone"]}}
    assert beam_deid.deidentify(strange, ignoring).data.equals(beam_deid.deidentify(orders(), POLICY).data)
    with pytest.raises(beam_deid.PolicyError, match="age"):
        beam_deid.deidentify(orders().drop_columns(["age"]), POLICY)


def test_categories_name_no_value_of_a_row_that_is_not_released():
    policy = with_release(where={"city": ["杭州市"]})
    for frame in (
        orders().to_pandas().astype({"city": "category"}),
        pl.from_arrow(orders()).with_columns(pl.col("city").cast(pl.Categorical)),
        orders().set_column(1, "city", orders().column("city").dictionary_encode()),
    ):
        data = arrow_of(beam_deid.deidentify(frame, policy).data)
        assert not pa.types.is_dictionary(data.schema.field("city").type)
        assert set(data.column("city").to_pylist()) == {"杭州市"}


def test_a_table_of_arrow_carries_its_label():
    made = beam_deid.deidentify(orders(), POLICY)
    assert made.data.schema.metadata[b"beam_deid.label"] == b"anonymized"


def test_no_row_is_a_release_as_well():
    made = beam_deid.deidentify(orders(0).cast(orders().schema), POLICY)
    assert made.data.num_rows == made.counts.read == 0
    assert made.data.column_names == ["city", "age", "item"]
    assert made.label.value == "still_personal"


def test_slices_of_large_texts_are_read_as_what_they_are():
    wide = orders(300_000)
    capitals = wide.set_column(0, "who", pa.array([f"Person-{n:030d}" for n in range(300_000)], pa.large_string()))
    assert beam_deid.deidentify(capitals, POLICY, threads=2).counts.released == 300_000


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"sign": "keyring", "keys": {"keyring": "a.keyring"}}, "sign: keyring"),
        ({"input": {"fill_down": {"by": "who", "fields": ["city"]}}}, "fill_down"),
    ],
    ids=["sign", "fill_down"],
)
def test_what_only_files_have_is_refused(changed, told):
    with pytest.raises((beam_deid.UsageError, beam_deid.PolicyError), match=told):
        beam_deid.deidentify(orders(), {**POLICY, **changed})


def test_a_release_must_be_named_where_there_are_several():
    two = {**POLICY, "releases": {**POLICY["releases"], "other": POLICY["releases"]["out"]}}
    with pytest.raises(beam_deid.UsageError, match="out, other"):
        beam_deid.deidentify(orders(), two)
    assert beam_deid.deidentify(orders(), two, "other").label.release == "other"


def test_a_register_remembers_what_was_released(tmp_path, monkeypatch):
    monkeypatch.setenv(KEY, "k" * 64)
    policy = {**POLICY, "keys": {"key": f"env:{KEY}"}, "register": str(tmp_path / "orders.register")}
    first = beam_deid.deidentify(orders(), policy)
    assert first.label.document["register"]["tested"] == []
    finer = with_release(policy, fields={"city": "keep", "item": "keep", "age": "keep"})
    second = beam_deid.deidentify(orders(), finer)
    assert second.label.document["register"]["tested"] == ["out.1"]


class Fetched:
    def get_secret_bytes(self):
        return b"s" * 32


def test_a_key_may_be_fetched_by_the_caller():
    policy = with_release(fields={"who": {"tokenize": {"domain": "customer"}}, "item": "keep"})
    with pytest.raises(beam_deid.DeidError):
        beam_deid.deidentify(orders(), policy)
    made = beam_deid.deidentify(orders(), policy, key=Fetched())
    assert made.label.value == "still_personal"
    assert len(set(made.data.column("who").to_pylist())) == 60


def test_columns_do_not_become_objects():
    frame = pl.from_arrow(orders(100_000))
    beam_deid.deidentify(frame, POLICY)
    tracemalloc.start()
    try:
        beam_deid.deidentify(frame, POLICY, threads=1)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 100_000 * 4 * 60  # numpy's columns are counted; an object for each value would be more
