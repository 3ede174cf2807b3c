"""The orders that the golden files are made from: generated, nobody's, in three formats, with some rows that are wrong."""

import csv
import io
import json
from calendar import timegm
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from beam_deid.transforms.synthetic import ORDER_SCHEMA, orders, write_orders

SEED = 7
_CSV, _NESTED, _PARQUET = 36, 28, 28
_GROUP = 20  # rows of a row group
_LINE = 6  # orders of a line

_WRONG_CELLS = {
    3: {"created": "2025-02-30 10:00:00"},  # no such day
    8: {"payment": "12,5x"},
    11: {"receiver_city": "火星市"},  # in no hierarchy
    15: {"receiver_mobile": "1380013"},  # too short to be encrypted as a mobile
    19: {"buyer_open_uid": ""},
    22: {"birth_year": "１９８０"},  # full-width
}
_ODD_CELLS = {
    5: {"buyer_message": '第一行\n第二行, "引号"', "title": "𠮷野家便当，四字节"},
    6: {"pay_time": "", "receiver_address": ""},
    9: {"created": "2025/11/11 00:00:07", "payment": " 100 "},
    12: {"receiver_address": "浙江省杭州市余杭区文一西路969号"},
    14: {"buyer_message": "加我微信wxid_golden01，或打13800138000"},
    30: {"num": "0007"},
}
"""Cells that are unusual and right."""


def write_inputs(folder: Path) -> None:
    """Write all inputs; the same bytes but for what Parquet says of its writer."""
    folder.mkdir(exist_ok=True)
    _delimited(folder / "orders-1.csv")
    _nested(folder / "orders-2.jsonl", orders(_NESTED, SEED, start=_CSV).to_pylist())
    _parquet(folder / "orders-3.parquet", orders(_PARQUET, SEED, start=_CSV + _NESTED))


def _delimited(path: Path) -> None:
    """As shop back ends export it: GB18030, long numbers armoured as ``="…"``."""
    write_orders(str(path), _CSV, SEED, "platform_csv")
    rows = list(csv.DictReader(io.StringIO(path.read_text("gb18030"), newline="")))
    for number, cells in {**_WRONG_CELLS, **_ODD_CELLS}.items():
        rows[number].update(cells)
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, ORDER_SCHEMA.names, lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    lines = text.getvalue().encode("gb18030").split(b"\r\n")
    lines[33] = lines[33][: lines[33].rindex(b",")]  # a cell is missing
    lines[35] = lines[35].replace(b",", b",\xff", 1)  # no GB18030
    path.write_bytes(b"\r\n".join(lines))


def _nested(path: Path, rows: list[dict[str, Any]]) -> None:
    """As a platform's API answers: some orders in a line, one or two articles in an order."""
    records: list[Any] = [_record(row, rows[number - 1]) for number, row in enumerate(rows)]
    records[4] = 4  # no object
    records[9]["receiver"]["area"]["city"] = ["杭州市"]
    records[20]["items"] = {"title": "no list"}
    records[25]["created"] = "yesterday"
    lines = [
        json.dumps({"data": {"orders": records[first : first + _LINE]}}, ensure_ascii=False, separators=(",", ":"))
        for first in range(0, len(records), _LINE)
    ]
    lines.insert(3, '{"data":{"orders":[{"tid":')  # cut off
    lines.insert(5, '{"code":50}')  # no orders in it
    lines.insert(6, "")
    path.write_text("".join(line + "\n" for line in lines), "utf-8")


def _record(row: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    articles = [row, other] if row["num"] % 2 == 0 else [row]
    paid = None if row["pay_time"] is None else timegm(row["pay_time"].timetuple())
    return {
        "tid": row["tid"], "created": str(row["created"]), "pay_time": paid, "payment": float(row["payment"]),
        "buyer": {"uid": row["buyer_open_uid"], "nick": row["buyer_nick"], "born": row["birth_year"]},
        "receiver": {
            "name": row["receiver_name"], "mobile": row["receiver_mobile"], "address": row["receiver_address"], "oaid": row["oaid"],
            "area": {"state": row["receiver_state"], "city": row["receiver_city"], "district": row["receiver_district"]},
        },
        "message": row["buyer_message"],
        "items": [{name: article[name] for name in ("num", "category", "title")} for article in articles],
    }  # fmt: skip


def _parquet(path: Path, table: pa.Table) -> None:
    """With types of its own, in two row groups."""
    rows = table.to_pylist()
    rows[7]["receiver_city"] = "亚特兰蒂斯"
    rows[21]["receiver_mobile"] = "not told"
    pq.write_table(pa.Table.from_pylist(rows, ORDER_SCHEMA), path, row_group_size=_GROUP)
