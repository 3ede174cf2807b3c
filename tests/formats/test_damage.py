"""Files of JSON and Parquet that were damaged: refused, or rows are at fault; no other row is lost or changed."""

import io
import json
from collections import Counter

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_deid.transforms.errors import InputError
from beam_deid.transforms.formats import format_of
from beam_deid.transforms.formats.input_options import InputOptions

from ..kit.damage import damaged
from ..kit.examples import examples

ORDERS = [
    {
        "id": 6917529027641080000 + number,
        "buyer": {"name": f"张{number}", "city": ["上海", "York"][number % 2]},
        "pay": number / 4,
        "paid": number % 3 == 0,
        "note": None if number % 5 else 'a "b" \\ c',
    }
    for number in range(40)
]
NAMES = ["id", "buyer.name", "buyer.city", "pay", "paid", "note"]
RECORDS = [json.dumps(order, ensure_ascii=False).encode() for order in ORDERS]
LINES = b"".join(record + b"\n" for record in RECORDS)
ARRAY = b"[" + b",\n".join(RECORDS) + b"]"
ANSWER = b'{"code": 0,\n"orders": [' + b",\n".join(RECORDS) + b'],\n"next": null}'
FORMS = {
    "lines": ("a.jsonl", LINES, None),
    "array": ("a.json", ARRAY, None),
    "answer": ("a.json", ANSWER, "orders"),
}


def read(path, options, names):
    """The rows and the reasons of faults, as a run reads them: it knows the columns."""
    kind = format_of(str(path), options)
    there = kind.schema(str(path), options).names
    rows = []
    reasons = []
    for shard in kind.shards(str(path), path.stat().st_size, options, 1000):
        for chunk in kind.read(shard, options, [name for name in names if name in there], 1000, known=names):
            rows += [tuple(row.get(name) for name in names) for row in chunk.batch.to_pylist()]
            reasons += [str(fault.reason) for fault in chunk.faults]
    return rows, reasons


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("damage")


@pytest.mark.parametrize("form", FORMS)
@examples(30)
@given(st.data())
def test_json_that_is_damaged_loses_and_changes_no_row_but_those_that_are_hit(folder, form, data):
    name, whole, records = FORMS[form]
    options = InputOptions(encoding="utf-8", records=records)
    path = folder / f"{form}-{name}"
    path.write_bytes(whole)
    sound, _ = read(path, options, NAMES)
    hit = data.draw(damaged(whole))
    path.write_bytes(hit.data)
    begins = [whole.index(record) for record in RECORDS]
    spared = [
        row
        for row, begin, record in zip(sound, begins, RECORDS, strict=True)
        if not hit.touches(begin, begin + len(record))
    ]
    try:
        rows, reasons = read(path, options, NAMES)
    except InputError:
        return
    lost = Counter(spared) - Counter(rows)
    assert not lost or "no_records" in reasons
    if not lost:
        assert len(rows) - len(spared) <= len(sound) - len(spared) + 1  # a row may be doubled, and one cut in two


def parquet(compression, dictionary):
    table = pa.table(
        {
            "id": [order["id"] for order in ORDERS] * 20,
            "buyer": [order["buyer"] for order in ORDERS] * 20,
            "pay": [order["pay"] for order in ORDERS] * 20,
            "note": [order["note"] for order in ORDERS] * 20,
            "number": [f"{number:x}" for number in range(800)],
        }
    )
    sink = io.BytesIO()
    pq.write_table(
        table,
        sink,
        row_group_size=400,
        compression=compression,
        use_dictionary=dictionary,
        write_page_checksum=True,
        write_statistics=False,
    )
    return sink.getvalue()


PARQUET = {
    "plain": parquet("none", dictionary=False),
    "packed": parquet("zstd", dictionary=True),
}
COLUMNS = ["id", "buyer.name", "buyer.city", "pay", "note", "number"]


def footer_of(whole):
    """Where the footer begins; before it are four bytes and the pages."""
    return len(whole) - 8 - int.from_bytes(whole[-8:-4], "little")


@pytest.mark.parametrize("form", PARQUET)
@examples(30)
@given(st.data())
def test_parquet_with_checksums_that_is_damaged_is_refused_or_read_rightly(folder, form, data):
    whole = PARQUET[form]
    path = folder / f"{form}.parquet"
    path.write_bytes(whole)
    options = InputOptions()
    sound, _ = read(path, options, COLUMNS)
    hit = data.draw(damaged(whole, 4, footer_of(whole)))
    path.write_bytes(hit.data)
    try:
        rows, reasons = read(path, options, COLUMNS)
    except InputError:
        return
    assert rows == sound
    assert reasons == []


@pytest.mark.parametrize("told", [0, 1, 100, 254])
def test_a_dictionary_of_which_some_is_not_told_is_refused(tmp_path, told):
    """No checksum covers the header of a page, where the number of its values stands; the indices lead out of fewer."""
    table = pa.table({"city": [f"city {number % 255}" for number in range(40_000)]})
    sink = io.BytesIO()
    pq.write_table(table, sink, write_page_checksum=True, write_statistics=False)
    whole = sink.getvalue()
    column = pq.read_metadata(io.BytesIO(whole)).row_group(0).column(0)
    header = whole[column.dictionary_page_offset : column.data_page_offset]
    count = bytes([0x3C, 0x15, 0xFE, 0x03])  # a dictionary page begins: of 255 values, as a zigzag varint
    assert header.count(count) == 1
    fewer = bytes([0x3C, 0x15, 2 * told & 0x7F | 0x80, 2 * told >> 7])  # the same in as many bytes
    path = tmp_path / "a.parquet"
    path.write_bytes(whole)
    assert read(path, InputOptions(), ["city"])[0] == [(city,) for city in table["city"].to_pylist()]
    path.write_bytes(whole.replace(count, fewer, 1))
    with pytest.raises(InputError):
        read(path, InputOptions(), ["city"])
