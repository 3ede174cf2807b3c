"""Orders over several lines whose lines write the order's number in several spellings."""

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from beam_deid.transforms.formats.format import Shard
from beam_deid.transforms.policy.reader import policy_from_mapping
from beam_deid.transforms.run.job import Job
from beam_deid.transforms.treat.typed import read_typed

from ..kit.policies import policy, release


def job(types=None, **order):
    fields = {"order": {"role": "direct_identifier", **order}, "city": {"role": "insensitive"}}
    top = {"subject": "order", "input": {"fill_down": {"by": "order", "fields": ["city"]}}}
    given = dict.fromkeys(fields, pa.string()) if types is None else types
    return Job(policy_from_mapping(policy(fields, top=top, a=release("enclave", "city"))), ("a",), types=given)


def cities(path, a_job):
    kind = "csv" if path.suffix == ".csv" else "parquet"
    shard = Shard(str(path), kind, path.stat().st_size, (0,) if kind == "parquet" else ())
    return [
        city
        for batch in read_typed(shard, a_job, ["order", "city"])
        for city in batch.records.columns["city"].to_pylist()
    ]


def given(path, orders):
    rows = [f"{order},{'Leeds' if number == 0 else ''}" for number, order in enumerate(orders)]
    path.write_text("\n".join(["order,city", *rows, ""]))
    return path


@pytest.mark.parametrize(
    ("orders", "spec"),
    [
        (['="1001"', "1001", " 1001", "1001.0"], {}),
        (["'1001", "1001"], {}),
        (["138-0013-8000", "13800138000", "+86 13800138000"], {"kind": "mobile"}),
        (["+1001", "1001", "01001"], {"kind": "integer"}),
    ],
)
def test_one_order_in_several_spellings_is_filled_as_one(tmp_path, orders, spec):
    path = given(tmp_path / "in.csv", orders)
    assert cities(path, job(**spec)) == ["Leeds"] * len(orders)


@pytest.mark.parametrize("other", ["1002", "10010", "1001.5", "A1001", "01001"])
def test_another_order_is_not_filled(tmp_path, other):
    assert cities(given(tmp_path / "in.csv", ["1001", other]), job()) == ["Leeds", None]


def test_spellings_stay_apart_where_the_policy_says_so(tmp_path):
    assert cities(given(tmp_path / "in.csv", ["1001", "1001.0"]), job(normalize=False)) == ["Leeds", None]


def test_what_cannot_be_read_is_no_order_of_another(tmp_path):
    path = given(tmp_path / "in.csv", ["1001", "x", "1001"])
    batches = [*read_typed(Shard(str(path), "csv", 1), job(kind="integer"), ["order", "city"])]
    assert [batch.records.columns["city"].to_pylist() for batch in batches] == [["Leeds", None]]
    assert [fault.rows.tolist() for batch in batches for fault in batch.faults] == [[1]]


@pytest.mark.parametrize("kind", [pa.int64(), pa.float64(), pa.binary(), pa.decimal128(21, 2), pa.date32()])
def test_numbers_bytes_and_days_say_orders_as_well(tmp_path, kind):
    raw = [b"1001", b"1001", b"1002"] if kind == pa.binary() else [1001, 1001, 1002]
    column = pa.array(raw, None if kind == pa.binary() else pa.int32()).cast(kind)
    path = tmp_path / "in.parquet"
    pq.write_table(pa.table({"order": column, "city": ["Leeds", None, None]}), path)
    assert cities(path, job({"order": kind, "city": pa.string()})) == ["Leeds", "Leeds", None]
