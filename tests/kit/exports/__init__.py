"""Files as merchants download them from the back offices of platforms and shop systems: real headers, people who do not exist."""

import csv
import io
import re
from collections.abc import Callable, Sequence
from pathlib import Path

import openpyxl

from .abroad import amazon, amazon_order, shopify, woocommerce
from .china import Columns, douyin, jd, pinduoduo, taobao

EXPORTS: dict[str, Callable[[int, int], Columns]] = {
    "taobao": taobao,
    "pinduoduo": pinduoduo,
    "douyin": douyin,
    "jd": jd,
    "shopify": shopify,
    "woocommerce": woocommerce,
    "amazon": amazon,
    "amazon_order": amazon_order,
}
"""What makes each export, by its ready policy but for the last word."""
REPORTS = ("amazon", "amazon_order")
"""Those that are separated by tabs."""


def write_export(folder: Path, name: str, rows: int, seed: int = 1) -> Path:
    """Write an export as its back office does: name, encoding and separators are the real ones.

    Args:
        folder: Where to.
        name: Which, as in `EXPORTS`.
        rows: How many orders.
        seed: Another seed makes other orders.
    """
    columns = EXPORTS[name](rows, seed)
    if name in REPORTS:
        return _write(folder / f"{name}.tsv", columns, "utf-8", "\t")
    encoding = {"taobao": "gb18030", "jd": "gb18030", "pinduoduo": "utf-8-sig", "douyin": "utf-8-sig"}.get(
        name, "utf-8"
    )
    return _write(folder / f"{name}.csv", columns, encoding, ",")


def write_workbook(folder: Path, name: str, rows: int, seed: int = 1) -> Path:
    """Write an export as a workbook with one sheet: amounts and counts are numbers, everything else is text.

    Args:
        folder: Where to.
        name: Which, as in `EXPORTS`.
        rows: How many orders.
        seed: Another seed makes other orders.
    """
    columns = EXPORTS[name](rows, seed)
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("订单")
    sheet.append(list(columns))
    for row in zip(*columns.values(), strict=True):
        sheet.append([_cell(value.strip("\t")) for value in row])
    path = folder / f"{name}.xlsx"
    book.save(path)
    return path


def _cell(text: str) -> str | float | None:
    """A cell as a workbook holds it: without escapes, short numbers with a point as numbers, nothing as an empty cell."""
    text = re.sub(r'^="(.*)"$', r"\1", text).removeprefix("'")
    if re.fullmatch(r"[0-9]{1,6}\.[0-9]{2}", text):
        return float(text)
    return text or None


def _write(path: Path, columns: Columns, encoding: str, separator: str) -> Path:
    text = io.StringIO()
    quoting = csv.QUOTE_NONE if separator == "\t" else csv.QUOTE_MINIMAL
    writer = csv.writer(
        text, delimiter=separator, quoting=quoting, quotechar=None if quoting == csv.QUOTE_NONE else '"'
    )
    writer.writerow(columns)
    writer.writerows(zip(*columns.values(), strict=True))
    path.write_bytes(text.getvalue().encode(encoding))
    return path


def names_of(columns: Columns) -> Sequence[str]:
    """The headers as they are read: without the spaces around them."""
    return [name.strip() for name in columns]
