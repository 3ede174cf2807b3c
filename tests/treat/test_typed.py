"""Columns as a format gives them become records of the policy's kinds; what cannot be read is set apart, row by row."""

import numpy as np
import pyarrow as pa

from beam_deid.transforms.formats.format import Shard
from beam_deid.transforms.measure.record_keys import RecordKeys
from beam_deid.transforms.policy.reader import policy_from_mapping
from beam_deid.transforms.run.job import Job
from beam_deid.transforms.terms import Reason
from beam_deid.transforms.treat.given import typed_batch, with_combined
from beam_deid.transforms.treat.typed import read_typed, typed

from ..kit.fingerprints import KEY
from ..kit.policies import policy, release, roles
from ..kit.small import two_releases

POLICY = policy_from_mapping(two_releases(), key_given=True)
GIVEN = {"city": pa.array(["A", "B", None, "D"]), "age": pa.array(["30", "old", None, "33"])}
ROWS = np.array([10, 11, 12, 13])


def test_a_row_that_cannot_be_read_is_left_out_and_named_by_row_and_field():
    records, faults = typed(GIVEN, ROWS, POLICY)
    assert records.columns["age"].to_pylist() == [30, None, 33]
    assert records.columns["city"].to_pylist() == ["A", None, "D"]
    assert records.rows.tolist() == [10, 12, 13]
    assert [(fault.rows.tolist(), fault.field, fault.reason) for fault in faults] == [([11], "age", Reason.WRONG_TYPE)]


def test_in_a_column_that_can_be_done_without_it_is_a_null_and_the_row_stays():
    records, faults = typed(GIVEN, ROWS, POLICY, spare=("age",))
    assert records.columns["age"].to_pylist() == [30, None, None, 33]
    assert not faults


def test_a_record_s_place_is_its_shard_and_row():
    records, _ = typed(GIVEN, ROWS, POLICY, origin=b"shard-01")
    places = records.places.to_pylist()
    assert [place[:8] for place in places] == [b"shard-01"] * 3
    assert [int.from_bytes(place[8:], "little") for place in places] == [10, 12, 13]


def test_choosing_rows_chooses_them_in_every_column():
    records, _ = typed(GIVEN, ROWS, POLICY)
    some = records.where(np.array([True, False, True]))
    assert (len(some), some.rows.tolist(), some.columns["city"].to_pylist()) == (2, [10, 13], ["A", "D"])


def test_a_record_without_a_spelling_of_its_own_has_no_second_column():
    records, _ = typed(GIVEN, ROWS, POLICY)
    assert not records.normal
    assert records.made_from("city", normalizes=True) is records.columns["city"]


def test_faults_of_a_column_are_told_apart_by_reason():
    given = {"city": pa.array(["A"] * 4).dictionary_encode(), "age": pa.array(["1,000", "2.02E+18", "x", "7"])}
    records, faults = typed(given, ROWS, POLICY)
    told = {(fault.field, fault.reason): fault.rows.tolist() for fault in faults}
    assert told == {
        ("age", Reason.AMBIGUOUS_NUMBER): [10],
        ("age", Reason.DAMAGED_BY_EXCEL): [11],
        ("age", Reason.WRONG_TYPE): [12],
    }
    assert records.rows.tolist() == [13]


def test_a_collection_is_read_as_a_file_is_but_for_what_spreadsheets_do():
    fields = {
        "at": {"role": "quasi_identifier", "kind": "timestamp", "format": "%d/%m/%Y"},
        "name": {"role": "sensitive"},
    }
    written = policy(
        fields,
        top={"subject": "each_record", "input": {"nulls": ["NULL"]}},
        a=release("enclave", "at name"),
    )
    batch = pa.record_batch({"at": ["03/04/2026", "NULL", "2026-04-03"], "name": ['="1" ', "NULL", "x"]})
    job = Job(policy_from_mapping(written), ("a",), types=dict.fromkeys(fields, pa.string()))
    found = typed_batch(job, batch, ("at", "name"), 0)
    assert [str(value) for value in found.records.columns["at"].to_pylist()] == ["2026-04-03 00:00:00", "None"]
    assert found.records.columns["name"].to_pylist() == ['="1" ', None]
    assert [(fault.rows.tolist(), fault.reason) for fault in found.faults] == [([2], Reason.WRONG_TYPE)]


PARTED = policy(
    roles(direct="order line number", quasi="city"),
    top={"subject": "number", "record": "number", "input": {"combine": {"number": ["order", "line"]}}},
    a=release("enclave", "city"),
)


def test_a_number_of_parts_keeps_them_apart_in_files_and_in_collections(tmp_path):
    """Before, `#100` with `11` and `#1001` with `1` were one record."""
    path = tmp_path / "in.csv"
    path.write_text("order,line,city\n#100,11,x\n#1001,1,y\n#100,11,z\n")
    job = Job(policy_from_mapping(PARTED), ("a",), fingerprint_key=KEY)
    columns = ["number", "city"]
    (from_file,) = read_typed(Shard(str(path), "csv", path.stat().st_size), job, columns)
    table = pa.RecordBatch.from_pydict(
        {"order": ["#100", "#1001", "#100"], "line": ["11", "1", "11"], "city": [*"xyz"]}
    )
    given = typed_batch(job, with_combined(table, job.policy), columns, 0)
    for records in (from_file.records, given.records):
        one, other, same = RecordKeys(job, records).recorded().tolist()
        assert one == same != other
    assert from_file.records.record_key.equals(given.records.record_key)
    assert from_file.records.columns["number"].to_pylist() == ["#100 11", "#1001 1", "#100 11"]
