"""Workbooks, packed files and files for spreadsheets, from the file to the release and back."""

import csv
import gzip
import json
import zipfile

import openpyxl
import pyarrow.parquet as pq
import pytest
import xlsxwriter

from beam_deid.pipelines.cli import call

POLICY = """\
version: 1
dataset: shop
subject: buyer
keys: {key: env:SHAPE_KEY}
fields:
  order: {role: direct_identifier}
  buyer: {role: direct_identifier}
  city: {role: quasi_identifier}
  amount: {role: quasi_identifier, kind: decimal}
  phone: {role: direct_identifier}
releases:
  out:
    purpose: test
    sharing: enclave
    FORM
    fields: {order: {tokenize: {domain: order}}, city: keep, amount: keep, phone: keep}
"""
CITIES = ["杭州市", "=1+1", "Leeds"]
RECORDS = [(f"10020030040050060{n:02d}", f"b{n % 5}", CITIES[n % 3], n + 0.5, f"+86138{n:08d}") for n in range(20)]
NAMES = ["order", "buyer", "city", "amount", "phone"]


@pytest.fixture(autouse=True)
def key(monkeypatch):
    monkeypatch.setenv("SHAPE_KEY", "00" * 16 + "0f" * 16)


def run(folder, path, form="format: parquet", more=()):
    policy = folder / "policy.yaml"
    policy.write_text(POLICY.replace("FORM", form), "utf-8")
    return call(
        ["run", str(policy), "-i", str(path), "-o", str(folder / "out"), "--overwrite", "--workers", "1", *more]
    )


def workbook(path, records=RECORDS):
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet("orders")
        for row, values in enumerate([NAMES, *records]):
            for column, value in enumerate(values):
                (sheet.write_string if isinstance(value, str) else sheet.write)(row, column, value)
    return path


def reidentified(folder, part):
    """Orders and cities, as they were before the release."""
    words = [
        "reidentify",
        "--policy",
        str(folder / "policy.yaml"),
        "--release",
        "out",
        "--fields",
        "order",
        "--all",
        "--reason",
        "test",
    ]
    assert call([*words, "-i", str(part), "-o", str(folder / "again.parquet"), "--overwrite"]) == 0
    table = pq.read_table(folder / "again.parquet")
    return sorted(zip(table.column("order").to_pylist(), table.column("city").to_pylist(), strict=True))


EXPECTED = sorted((order, city) for order, _, city, _, _ in RECORDS)


def test_a_workbook_becomes_a_workbook_and_comes_back(tmp_path):
    """0.3.0: "the file's name does not tell its format"; called .csv its bytes were printed as a column's name."""
    assert run(tmp_path, workbook(tmp_path / "in.xlsx"), "format: xlsx") == 0
    (part,) = (tmp_path / "out" / "out").glob("*.xlsx")
    rows = list(openpyxl.load_workbook(part).active.iter_rows())
    assert [cell.value for cell in rows[0]] == ["order", "city", "amount", "phone"]
    assert sorted(row[2].value for row in rows[1:]) == [amount for _, _, _, amount, _ in RECORDS]
    assert {cell.data_type for row in rows for cell in row} == {"s", "n"}
    assert call(["verify", str(tmp_path / "out")]) == 0
    assert reidentified(tmp_path, part) == EXPECTED


def test_a_number_that_lost_its_digits_is_rejected_with_the_reason(tmp_path):
    """No option in 0.3.0; other readers give 1.00200300400501e+16, and two orders become one."""
    damaged = [(int(order), *rest) if n == 3 else (order, *rest) for n, (order, *rest) in enumerate(RECORDS)]
    assert run(tmp_path, workbook(tmp_path / "in.xlsx", damaged), more=["--max-rejects", "0.5"]) == 0
    rejected = pq.read_table(tmp_path / "out" / "rejected.parquet").to_pylist()
    assert [(one["row"], one["field"], one["reason"]) for one in rejected] == [(5, "order", "damaged_by_excel")]


def test_formulas_in_csv_are_neutralized_and_come_back(tmp_path):
    """0.3.0 wrote ``=1+1`` as it was, and Excel worked it out; Chinese text needed a byte order mark that nobody could ask for."""
    assert run(tmp_path, workbook(tmp_path / "in.xlsx"), "format: csv\n    spreadsheet: {bom: true}") == 0
    (part,) = (tmp_path / "out" / "out").glob("*.csv")
    assert part.read_bytes().startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(part.read_text("utf-8-sig").splitlines()))
    assert {row["city"] for row in rows} == {"杭州市", "'=1+1", "Leeds"}
    assert all(row["phone"].startswith("'+86") for row in rows)
    assert reidentified(tmp_path, part) == EXPECTED
    assert run(tmp_path, tmp_path / "in.xlsx", "format: csv\n    spreadsheet: {formulas: kept}") == 0
    (part,) = (tmp_path / "out" / "out").glob("*.csv")
    assert "=1+1" in {row["city"] for row in csv.DictReader(part.read_text("utf-8").splitlines())}


@pytest.mark.parametrize("name", ["gz_named.csv", "in.zip"])
def test_packed_text_is_read_whatever_it_is_called(tmp_path, name):
    """0.3.0 showed the bytes of gzip as columns' names, and knew no archive."""
    text = "\n".join([",".join(NAMES), *(",".join(map(str, one)) for one in RECORDS)]).encode()
    path = tmp_path / name
    if name.endswith(".zip"):
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("orders.csv", text)
    else:
        path.write_bytes(gzip.compress(text))
    assert run(tmp_path, path) == 0
    assert json.loads((tmp_path / "out" / "run.json").read_text("utf-8"))["records"]["read"] == len(RECORDS)


def test_a_workbook_that_is_called_csv_is_refused_with_the_next_step(tmp_path, capsys):
    """0.3.0 printed its bytes as a column's name."""
    assert run(tmp_path, workbook(tmp_path / "in.xlsx").rename(tmp_path / "in.csv")) == 3
    assert "the file is a workbook, and no text. Call it .xlsx, or set input.format: xlsx" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("form", "told"),
    [
        ("format: xlsx\n    parts: {rows: 1048576}", "parts.rows: a file of xlsx has 1,048,575 rows at most"),
        ("format: xlsx\n    spreadsheet: {bom: true}", "spreadsheet is for csv, and format says xlsx"),
    ],
)
def test_what_a_format_cannot_is_a_problem_of_the_policy(tmp_path, capsys, form, told):
    """No option in 0.3.0."""
    assert run(tmp_path, workbook(tmp_path / "in.xlsx"), form) == 2
    assert told in capsys.readouterr().err
