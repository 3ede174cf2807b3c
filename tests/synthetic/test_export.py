"""Generated orders as files: what is written can be read back by others' readers."""

import csv
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest

from beam_deid.transforms.errors import UsageError
from beam_deid.transforms.synthetic import ORDER_FIELDS, ORDER_SCHEMA, orders, write_orders

ROWS = 2_000


def test_parquet_holds_the_orders_in_row_groups_of_131072_rows(tmp_path: Path) -> None:
    path = tmp_path / "orders.parquet"
    write_orders(str(path), 131_073, seed=2)
    file = pq.ParquetFile(path)
    assert [file.metadata.row_group(n).num_rows for n in range(file.num_row_groups)] == [131_072, 1]
    assert file.read().equals(orders(131_073, 2))


def test_csv_holds_the_same_values(tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    write_orders(str(path), ROWS, seed=2)
    types = pa_csv.ConvertOptions(column_types=ORDER_SCHEMA, strings_can_be_null=True, quoted_strings_can_be_null=False)
    assert pa_csv.read_csv(path, convert_options=types).equals(orders(ROWS, 2))


@pytest.mark.parametrize(("format", "encoding"), [("csv", "utf-8"), ("platform_csv", "gb18030")])
def test_pythons_own_reader_reads_every_row(tmp_path: Path, format: str, encoding: str) -> None:  # noqa: A002
    path = tmp_path / "export.csv"
    write_orders(str(path), ROWS, seed=2, format=format)
    with path.open(encoding=encoding, newline="") as stream:
        rows = list(csv.DictReader(stream))
    expected = orders(ROWS, 2)
    assert tuple(rows[0]) == ORDER_FIELDS
    for name in ("receiver_name", "receiver_address", "title"):
        assert [row[name] for row in rows] == expected[name].to_pylist()
    assert [row["created"] for row in rows] == [str(moment) for moment in expected["created"].to_pylist()]
    assert [row["payment"] for row in rows] == [str(amount) for amount in expected["payment"].to_pylist()]
    assert [row["buyer_message"] or None for row in rows] == expected["buyer_message"].to_pylist()


def test_platform_csv_armours_long_numbers(tmp_path: Path) -> None:
    path = tmp_path / "export.csv"
    write_orders(str(path), ROWS, format="platform_csv")
    with path.open(encoding="gb18030", newline="") as stream:
        rows = list(csv.DictReader(stream))
    for name in ("tid", "receiver_mobile"):
        assert [row[name] for row in rows] == [f'="{number}"' for number in orders(ROWS)[name].to_pylist()]


@pytest.mark.parametrize("format", ["parquet", "csv", "platform_csv"])
def test_the_same_arguments_give_the_same_bytes(tmp_path: Path, format: str) -> None:  # noqa: A002
    for name in ("one", "two"):
        write_orders(str(tmp_path / name), ROWS, seed=5, format=format)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_an_unknown_format_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    path = tmp_path / "orders.xlsx"
    with pytest.raises(UsageError, match="xlsx") as caught:
        write_orders(str(path), 1)
    assert "parquet" in caught.value.next_step
    assert not path.exists()


def test_no_orders_make_a_file_with_columns_only(tmp_path: Path) -> None:
    path = tmp_path / "none.parquet"
    write_orders(str(path), 0)
    assert pq.read_table(path).equals(pa.Table.from_batches([], ORDER_SCHEMA))
