"""A collection may lack optional columns and have ignored ones as files may, with the same rows and the same label."""

import apache_beam as beam
import pyarrow as pa
import pytest

from beam_deid.transforms import Deidentify
from beam_deid.transforms.errors import PolicyError, UsageError

from ..kit.as_files import made_of, noted, through_collections, through_files
from ..kit.policies import policy, release, roles

ROWS = 120


def orders(**more):
    """Orders of twenty buyers, with more columns."""
    table = {
        "buyer": [f"b{row % 20}" for row in range(ROWS)],
        "city": [("York", "Leeds")[row % 2] for row in range(ROWS)],
        "item": [f"i{row % 3}" for row in range(ROWS)],
    }
    return pa.table({**table, **more})


def policy_of(**options):
    """A policy whose column ``coupon`` may lack."""
    fields = roles(direct="buyer", quasi="city", sensitive="item coupon")
    fields["coupon"]["optional"] = True
    return policy(fields, top={"register": "none", "input": options}, a=release("enclave", "city item coupon"))


def test_a_collection_without_an_optional_column_is_what_a_file_without_it_is(tmp_path):
    table = orders()
    files = through_files(table, policy_of(), "a", tmp_path / "files", 1)
    collections = through_collections({"one": table}, {"one": policy_of()}, tmp_path)
    assert collections["one"] == files
    assert all("'coupon': None" in row for row in files.rows)
    empty = through_collections({"empty": orders(coupon=pa.nulls(ROWS, pa.string()))}, {"empty": policy_of()}, tmp_path)
    assert empty["empty"] == files


def test_batches_with_a_column_and_without_it_are_what_such_files_are(tmp_path):
    given = policy_of(ignore=["ext_*"])
    coupons = pa.array([f"c{row % 3}" for row in range(ROWS)])
    with_it = orders(coupon=coupons, ext_1=pa.array([[1], None] * (ROWS // 2)))
    without = orders()
    filled = pa.concat_tables([with_it.drop_columns("ext_1"), orders(coupon=pa.nulls(ROWS, pa.string()))])
    files = through_files(filled, policy_of(), "a", tmp_path / "files", 1)
    batches = [table.combine_chunks().to_batches()[0] for table in (with_it, without)]
    with beam.Pipeline(runner="FnApiRunner") as pipeline:
        made = pipeline | beam.Create(batches).with_output_types(pa.RecordBatch) | Deidentify(given)
        for what in ("released", "rejected", "label"):
            _ = getattr(made, what) | what >> beam.Map(noted, str(tmp_path / f"both.{what}"))
    both = made_of(tmp_path, "both")
    # Nobody has seen all batches when the label is made.
    assert both.label["asked"].pop("ignored") == {"patterns": ["ext_*"], "columns": None, "unnamed": 0}
    assert both == files


def test_dicts_may_lack_what_is_optional_and_hold_anything_that_is_ignored(tmp_path):
    rows = [{**row, "ext_1": object} for row in orders().to_pylist()]
    with beam.Pipeline(runner="FnApiRunner") as pipeline:
        made = pipeline | beam.Create(rows).with_output_types(dict) | Deidentify(policy_of(ignore=["ext_?"]))
        _ = made.label | beam.Map(noted, str(tmp_path / "dicts.label"))
    label = made_of(tmp_path, "dicts").label
    assert label["records"]["released"] == ROWS
    del label["asked"]["ignored"]
    assert label == through_files(orders(), policy_of(), "a", tmp_path / "files", 1).label


def test_a_column_that_is_not_optional_still_may_not_lack():
    batches = orders().drop_columns("item").to_batches()
    with pytest.raises(PolicyError, match="item"), beam.Pipeline(runner="FnApiRunner") as pipeline:
        _ = pipeline | beam.Create(batches).with_output_types(pa.RecordBatch) | Deidentify(policy_of())


def test_records_without_an_order_are_not_filled_down():
    with pytest.raises(UsageError, match="the records of a collection have no order"):
        Deidentify(policy_of(fill_down={"by": "buyer", "fields": ["city"]}))
