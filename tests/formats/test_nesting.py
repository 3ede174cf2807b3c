"""Nested JSON: the same orders as lines, as a document, and as the answers of an API, give the same rows."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from beam_deid.transforms.errors import InputError
from beam_deid.transforms.formats import format_of
from beam_deid.transforms.formats.format import Shard
from beam_deid.transforms.formats.input_options import InputOptions
from beam_deid.transforms.formats.json_rows import LIST

from ..kit.examples import examples

ORDERS = [
    {
        "order_id": 6917529027641081857,
        "pay": 12.50,
        "receiver": {"mobile": "m1", "area": {"city": "杭州市"}},
        "item_list": [
            {"goods_id": 1, "price": 3.10, "sku": {"name": "红"}},
            {"goods_id": 2, "price": 9.40, "sku": {"name": "蓝"}},
        ],
    },
    {"order_id": 6917529027641081858, "pay": 1, "receiver": None, "item_list": []},
    {
        "order_id": 6917529027641081859,
        "pay": 7,
        "receiver": {"mobile": "m3", "area": None},
        "item_list": [{"goods_id": 3}],
    },
]
COLUMNS = [
    "order_id",
    "pay",
    "receiver.mobile",
    "receiver.area.city",
    "item_list.goods_id",
    "item_list.price",
    "item_list.sku.name",
]
ROWS = [
    ("6917529027641081857", "12.5", "m1", "杭州市", "1", "3.1", "红"),
    ("6917529027641081857", "12.5", "m1", "杭州市", "2", "9.4", "蓝"),
    ("6917529027641081858", "1", None, None, None, None, None),
    ("6917529027641081859", "7", "m3", None, "3", None, None),
]


def read(path, options, columns=None, known=None, rows=100):
    kind = format_of(str(path), options)
    shard = kind.shards(str(path), 1, options, 1)[0]
    wanted = columns or kind.schema(str(path), options).names
    records = {}
    faults = {}
    for chunk in kind.read(shard, options, wanted, rows, known=known):
        values = zip(*(column.to_pylist() for column in chunk.batch.columns), strict=True)
        records.update(zip(chunk.rows.tolist(), values, strict=True))
        assert len(chunk.rows) + sum(len(fault.rows) for fault in chunk.faults) <= rows
        for fault in chunk.faults:
            faults.update(((row, fault.field), str(fault.reason)) for row in fault.rows.tolist())
    return records, faults


def lines(values):
    return "".join(json.dumps(value, ensure_ascii=False) + "\n" for value in values)


FORMS = {
    "lines": ("in.jsonl", lines(ORDERS), {}),
    "lines in a json file": ("in.json", lines(ORDERS), {}),
    "one object": ("in.json", json.dumps(ORDERS[0], indent=2), {}),
    "array": ("in.json", json.dumps(ORDERS), {}),
    "array over lines": ("in.json", json.dumps(ORDERS, indent=2), {}),
    "answer": (
        "in.json",
        json.dumps({"code": 0, "data": {"page": 1, "list": ORDERS}, "id": "x"}, indent=1),
        {"records": "data.list"},
    ),
    "answer on one line": ("in.json", json.dumps({"data": {"list": ORDERS}}), {"records": "data.list"}),
    "answers as lines": (
        "in.jsonl",
        lines([{"data": {"list": ORDERS[:2]}}, {"data": {"list": ORDERS[2:]}}, {"data": {"list": []}}]),
        {"records": "data.list"},
    ),
    "answers after one another": (
        "in.json",
        json.dumps({"data": {"list": ORDERS[:2]}}, indent=1) + json.dumps({"data": {"list": ORDERS[2:]}}, indent=1),
        {"records": "data.list"},
    ),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_every_form_gives_the_same_rows(form, encoding, tmp_path):
    name, text, options = FORMS[form]
    (tmp_path / name).write_text(text, encoding)
    records, faults = read(tmp_path / name, InputOptions(items="item_list", encoding=encoding, **options), rows=2)
    expected = ROWS[:2] if form == "one object" else ROWS
    assert list(records.values()) == expected
    assert list(records) == list(range(len(expected)))
    assert faults == {}


def test_columns_are_called_by_their_paths_or_as_the_policy_says(tmp_path):
    (tmp_path / "in.jsonl").write_text(lines(ORDERS))
    options = InputOptions(items="item_list", fields={"mobile": "receiver.mobile", "item": "item_list.goods_id"})
    schema = format_of("in.jsonl", options).schema(str(tmp_path / "in.jsonl"), options)
    assert schema.names == ["order_id", "pay", "mobile", *COLUMNS[3:4], "item", *COLUMNS[5:]]
    records, _ = read(tmp_path / "in.jsonl", options, ["item", "mobile"])
    assert list(records.values()) == [("1", "m1"), ("2", "m1"), (None, None), ("3", "m3")]


def test_a_column_may_be_called_like_the_object_that_it_lies_in(tmp_path):
    (tmp_path / "in.jsonl").write_text(
        '{"buyer": {"id": 1, "x": 2}}\n{"buyer": null}\n{"buyer": "SECRET"}\n{"buyer": {"new": 1}}\n{"buyer": {"id": {"y": 1}}}\n'
    )
    options = InputOptions(fields={"buyer": "buyer.id"})
    schema = format_of("in.jsonl", options).schema(str(tmp_path / "in.jsonl"), options)
    assert schema.names == ["buyer", "buyer.x", "buyer.new"]
    assert read(tmp_path / "in.jsonl", options, ["buyer"], known=["buyer", "buyer.x"]) == (
        {0: ("1",), 1: (None,)},
        {(2, "buyer"): "named_twice", (3, ""): "unknown_field", (4, "buyer"): "wrong_type"},
    )


def test_a_list_that_is_not_declared_is_a_column_that_cannot_be_read(tmp_path):
    (tmp_path / "in.jsonl").write_text(lines([*ORDERS, {"order_id": 4, "item_list": None}]))
    options = InputOptions()
    schema = format_of("in.jsonl", options).schema(str(tmp_path / "in.jsonl"), options)
    assert [one.name for one in schema if one.metadata == LIST] == ["item_list"]
    records, faults = read(tmp_path / "in.jsonl", options, ["order_id", "item_list"])
    assert list(records) == [3]
    assert faults == {(row, "item_list"): "wrong_type" for row in (0, 1, 2)}
    assert len(read(tmp_path / "in.jsonl", options, ["order_id"])[0]) == 4


def test_an_object_that_is_named_is_one_column_that_cannot_be_read(tmp_path):
    (tmp_path / "in.jsonl").write_text(lines(ORDERS))
    options = InputOptions(items="item_list", fields={"whole": "receiver"})
    assert "whole" in format_of("in.jsonl", options).schema(str(tmp_path / "in.jsonl"), options).names
    records, faults = read(tmp_path / "in.jsonl", options, ["whole"])
    assert list(records) == [2]
    assert faults == {(row, "whole"): "wrong_type" for row in (0, 1, 3)}


def test_items_may_be_values_and_lie_inside_an_object(tmp_path):
    (tmp_path / "in.jsonl").write_text('{"a": 1, "orders": {"order": ["x", null, 2]}}\n{"a": 2, "orders": null}\n')
    options = InputOptions(items="orders.order", fields={"serial": "orders.order"})
    assert read(tmp_path / "in.jsonl", options)[0] == {0: ("1", "x"), 1: ("1", None), 2: ("1", "2"), 3: ("2", None)}


def test_each_fault_has_its_row_and_reason(tmp_path):
    (tmp_path / "in.jsonl").write_text(
        '{"l": [{"id": 1, "r": {"m": "a"}, "i": [{"g": 1}, {"g": {"x": 1}}, {"g": 2, "new": 1}, [3]]}]}\n'  # rows 0-3
        '{"error": "SECRET"}\n{"l": null}\n{"l": [7, {"id": 2, "i": "SECRET"}]}\n'  # 4, none, 5, 6
        '{"l": [{"id": 3, "r": {"m": "a"}, "r.m": "b"}, {"id": 4, "r": []}, {"id": 5, "r": "SECRET"}]}\n'  # 7, 8, 9
        '\n{"l": \n{"l": {"id": 6}}\n'  # 10 blank, 11, 12
    )
    options = InputOptions(records="l", items="i")
    known = ["id", "r.m", "i.g"]
    records, faults = read(tmp_path / "in.jsonl", options, known, known=known, rows=3)
    assert records == {0: ("1", "a", "1"), 8: ("4", None, None), 12: ("6", None, None)}
    assert faults == {
        (1, "i.g"): "wrong_type",
        (2, ""): "unknown_field",
        (3, "i"): "wrong_type",
        (4, "l"): "no_records",
        (5, ""): "not_an_object",
        (6, "i"): "wrong_type",
        (7, "r.m"): "named_twice",
        (9, "r"): "wrong_type",
        (11, ""): "malformed_row",
    }


def test_an_object_where_a_value_belongs_is_a_fault_whoever_reads(tmp_path):
    (tmp_path / "in.jsonl").write_text('{"a": {"b": "SECRET"}}\n{"a": 1}\n')
    assert read(tmp_path / "in.jsonl", InputOptions(), ["a"]) == ({1: ("1",)}, {(0, "a"): "wrong_type"})


def test_a_path_at_which_nothing_stands_is_said_with_what_to_do(tmp_path):
    for name in ("in.json", "in.jsonl"):
        (tmp_path / name).write_text('{"data": {"orders": "SECRET"}, "SECRET": 1}\n')
        with pytest.raises(InputError) as caught:
            read(tmp_path / name, InputOptions(records="data.order_list"))
        assert "nothing stands at data.order_list" in caught.value.message
        assert "input.records" in caught.value.message
        assert "SECRET" not in caught.value.message


@pytest.mark.parametrize(
    "text",
    [
        '[{"a": 1}, {"a": 2',
        '[{"a": 1}, {"a": 2},]',
        '[{"a": 1} {"a": 2}]',
        "[nope]",
        '{"list": [{"a": 1}], \n"b": ',
        '{\n"list": [{"a": 1}]\n',
    ],
)
def test_a_document_that_is_broken_or_cut_off_is_refused(text, tmp_path):
    (tmp_path / "in.json").write_text(text)
    options = InputOptions() if text.startswith("[") else InputOptions(records="list")
    with pytest.raises(InputError, match="Fetch it again"):
        read(tmp_path / "in.json", options, ["a"])


def test_an_empty_array_has_no_record(tmp_path):
    (tmp_path / "in.json").write_text("[ ]")
    with pytest.raises(InputError, match="no record"):
        read(tmp_path / "in.json", InputOptions())


scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\U0010ffff")),
)
records = st.lists(st.dictionaries(st.sampled_from(["a", "b", "c"]), scalars, min_size=1), min_size=1, max_size=6)


@given(records, st.sampled_from([None, 1, 3]))
@examples(0.6)
def test_a_document_reads_as_its_lines_do(tmp_path_factory, values, indent):
    folder = tmp_path_factory.mktemp("json")
    (folder / "in.json").write_text(json.dumps({"x": {"y": values}}, indent=indent))
    (folder / "in.jsonl").write_text(lines(values), "utf-8")
    columns = sorted({name for value in values for name in value})
    whole = read(folder / "in.json", InputOptions(records="x.y"), columns)
    assert whole == read(folder / "in.jsonl", InputOptions(), columns)
    assert len(whole[0]) == len(values)


def test_a_document_is_read_in_pieces(tmp_path, monkeypatch):
    from beam_deid.transforms.formats import json_text

    monkeypatch.setattr(json_text, "_BLOCK", 7)
    (tmp_path / "in.json").write_text(
        json.dumps([{"a": number, "b": "杭州" * number} for number in range(30)], indent=1, ensure_ascii=False)
    )
    found, _ = read(tmp_path / "in.json", InputOptions(), ["a", "b"], rows=4)
    assert found == {number: (str(number), "杭州" * number) for number in range(30)}


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"records": "data."}, "pattern"),
        ({"records": "data.list", "format": "csv"}, "records is for JSON"),
        ({"fields": {"a": "x.y", "b": "x.y"}}, "two names, a and b"),
        ({"items": "a.list", "fields": {"b": "a"}}, "the items lie inside a"),
        ({"combine": {"a": ["b"]}}, "two different columns"),
        ({"combine": {"a": ["b", "c"], "d": ["a", "b"]}}, "made of a combined column"),
    ],
)
def test_options_that_do_not_go_together_are_refused(options, expected):
    with pytest.raises(ValidationError, match=expected):
        InputOptions(**options)


def test_a_shard_of_a_document_is_the_whole_file(tmp_path):
    (tmp_path / "in.json").write_text("[]")
    options = InputOptions()
    assert format_of("in.json", options).shards("in.json", 9, options, 1) == [Shard("in.json", "json", 9)]
