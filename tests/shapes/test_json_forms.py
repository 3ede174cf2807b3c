"""JSON as tools and back ends write it: every form of the same orders read rightly, or refused with what to do."""

import json

import pytest

from beam_deid.pipelines.cli import call
from beam_deid.transforms.drafting.nested import input_of
from beam_deid.transforms.errors import InputError
from beam_deid.transforms.formats import format_of
from beam_deid.transforms.formats.input_options import InputOptions
from beam_deid.transforms.formats.json_rows import LIST
from beam_deid.transforms.storage.limits import LARGEST_VALUE

ORDERS = [
    {
        "order_id": 6917529027641080000 + number,
        "buyer": f"b{number % 20}",
        "city": "Leeds",
        "amount": f"{number % 9}.50",
    }
    for number in range(60)
]
ROWS = [{name: str(value) for name, value in order.items()} for order in ORDERS]
POLICY = """
version: 1
dataset: orders
subject: buyer
{input}
fields:
  order_id: {{role: direct_identifier}}
  buyer: {{role: direct_identifier}}
  city: {{role: quasi_identifier}}
  amount: {{role: quasi_identifier, kind: decimal}}
releases:
  a: {{purpose: planning, sharing: enclave, fields: {{city: keep, amount: keep}}}}
"""


def read(path, options=None):
    """All rows and faults of a file, as `profile` would read it where nothing is said."""
    options = input_of(str(path)).options if options is None else options
    kind = format_of(str(path), options)
    schema = kind.schema(str(path), options)
    wanted = [one.name for one in schema if one.metadata != LIST]
    rows = []
    faults = []
    for shard in kind.shards(str(path), path.stat().st_size, options, 1000):
        for chunk in kind.read(shard, options, wanted, 1000, known=schema.names):
            rows += chunk.batch.to_pylist()
            faults += [(fault.field, str(fault.reason), fault.rows.tolist()) for fault in chunk.faults]
    return rows, faults


def written(tmp_path, name, text, encoding="utf-8"):
    (tmp_path / name).write_text(text, encoding)
    return tmp_path / name


def lines(orders, between="\n", **options):
    return between.join(json.dumps(order, **options) for order in orders)


FORMS = {
    "lines": ("a.jsonl", lines(ORDERS)),
    "lines with a byte order mark": ("a.jsonl", "\ufeff" + lines(ORDERS)),
    "two files with byte order marks after one another": (
        "a.jsonl",
        "\ufeff" + lines(ORDERS[:30]) + "\n\ufeff" + lines(ORDERS[30:]),
    ),
    "two documents with byte order marks after one another": (
        "a.json",
        "\ufeff" + json.dumps(ORDERS[:30], indent=1) + "\n\ufeff" + json.dumps(ORDERS[30:]),
    ),
    "objects over several lines": ("a.jsonl", lines(ORDERS, indent=1)),
    "objects over several lines in a document": ("a.json", lines(ORDERS, indent=2)),
    "objects after one another on a line": ("a.json", lines(ORDERS, between=" ", indent=None)),
    "an array called lines": ("a.jsonl", json.dumps(ORDERS)),
    "an array over lines, called lines": ("a.ndjson", json.dumps(ORDERS, indent=1)),
    "pages called lines": ("a.jsonl", json.dumps(ORDERS[:30]) + "\n" + json.dumps(ORDERS[30:])),
    "a document over lines, called lines": ("a.jsonl", json.dumps({"code": 0, "orders": ORDERS}, indent=1)),
    "pandas' table": (
        "a.json",
        json.dumps({"schema": {"fields": [{"name": "order_id", "type": "integer"}]}, "data": ORDERS}, indent=1),
    ),
    "links before the orders": (
        "a.json",
        json.dumps({"links": [{"rel": "self", "href": "x"}], "errors": [], "orders": ORDERS}, indent=1),
    ),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_gives_the_same_orders(tmp_path, form):
    """0.3.0 ended in an unforeseen error, or in no column, where lines were none."""
    rows, faults = read(written(tmp_path, *FORMS[form]))
    assert rows == ROWS
    assert faults == []


@pytest.mark.parametrize("name", ["a.json", "a.jsonl"])
@pytest.mark.parametrize("indent", [None, 1])
@pytest.mark.parametrize("where", ["", "orders", "data.orders"])
def test_orders_by_their_ids_are_records_and_their_ids_a_column(tmp_path, name, indent, where):
    """0.3.0 drafted 480 columns with order numbers in their names."""
    value = {f"{1000 + number}": order for number, order in enumerate(ORDERS)}
    for key in reversed(where.split(".") if where else []):
        value = {"code": 0, key: value}
    path = written(tmp_path, name, json.dumps(value, indent=indent))
    records = f"{where}.*" if where else "*"
    assert input_of(str(path)).options == InputOptions(records=records)
    rows, faults = read(path)
    assert rows == [{"*": f"{1000 + number}", **row} for number, row in enumerate(ROWS)]
    assert faults == []
    with pytest.raises(InputError) as refused:
        format_of(str(path), InputOptions()).schema(str(path), InputOptions())
    assert "holds records by their ids" in refused.value.message
    assert f'records: "{records}"' in refused.value.message
    assert "1000" not in refused.value.message


def test_the_ids_of_orders_may_have_a_name(tmp_path):
    path = written(tmp_path, "a.json", json.dumps({"orders": {"x-1": {"n": 1, "m": 2}, "x-2": {"n": 3, "m": 4}}}))
    options = InputOptions(records="orders.*", fields={"id": "*"})
    assert read(path, options) == ([{"id": "x-1", "n": "1", "m": "2"}, {"id": "x-2", "n": "3", "m": "4"}], [])
    again = written(tmp_path, "b.json", json.dumps({"orders": {"x-1": {"id": 7, "n": 1}, "x-2": 5, "x-3": {"n": 3}}}))
    rows, faults = read(again, options)
    assert rows == [{"id": "x-3", "n": "3"}]
    assert faults == [("id", "named_twice", [0]), ("", "not_an_object", [1])]


@pytest.mark.parametrize("indent", [None, 1])
@pytest.mark.parametrize("empty", [[], None, {}])
def test_no_orders_by_their_ids_are_none(tmp_path, indent, empty):
    pages = [{"orders": empty}, {"orders": {"1": {"n": 1}}}, {"code": 500}]
    path = written(tmp_path, "a.json", lines(pages, indent=indent))
    assert read(path, InputOptions(records="orders.*")) == (
        [{"*": "1", "n": "1"}],
        [("orders.*", "no_records", [1])],
    )


@pytest.mark.parametrize(
    "value",
    [
        {"billing": {"name": "n", "city": "c"}, "shipping": {"name": "n", "city": "c"}},
        {"line1": {"sku": "s", "price": 1}, "line2": {"sku": "s", "price": 1}},
        {"id": 1, "3d_secure": {"status": "s", "eci": "5"}},
        {"id": 1, "months": {"2024-01": 1, "2024-02": 2}},
        {"一月": {"销售": 1, "成本": 2}, "二月": {"销售": 1, "成本": 2}},
    ],
)
def test_fields_that_look_alike_are_no_records(tmp_path, value):
    path = written(tmp_path, "a.jsonl", lines([value] * 3))
    assert input_of(str(path)).options.records is None
    assert len(read(path)[0]) == 3


COLUMNS = {name: [order[name] for order in ORDERS] for name in ORDERS[0]}
BY_COLUMNS = {
    "lists": COLUMNS,
    "split": {"columns": list(ORDERS[0]), "index": [0, 1], "data": [list(order.values()) for order in ORDERS]},
    "columns": {name: {str(number): value for number, value in enumerate(column)} for name, column in COLUMNS.items()},
    "many columns": {f"column {n}": {str(number): "x" for number in range(50)} for n in range(40)},
}


@pytest.mark.parametrize("form", BY_COLUMNS)
@pytest.mark.parametrize("indent", [None, 1])
@pytest.mark.parametrize("name", ["a.json", "a.jsonl"])
def test_tables_by_columns_are_refused_with_what_to_write(tmp_path, form, indent, name, capsys):
    """0.3.0 drafted a column of each row number."""
    path = written(tmp_path, name, json.dumps(BY_COLUMNS[form], indent=indent))
    (tmp_path / "policy.yaml").write_text(POLICY.format(input=""))
    for command in (["profile"], ["run", str(tmp_path / "policy.yaml"), "-o", str(tmp_path / "out")]):
        assert call([*command, "-i", str(path)]) == 3
        told = capsys.readouterr().err
        assert "the table is written column by column" in told
        assert "orient='records', lines=True" in told


@pytest.mark.parametrize("name", ["a.json", "a.jsonl"])
@pytest.mark.parametrize(
    ("text", "told"),
    [
        (lines(ORDERS, between=",\n"), "lines end with commas"),
        (lines(ORDERS) + ",", None),
        (json.dumps(ORDERS)[:-1] + ",]", "an element is missing after a comma"),
        (json.dumps(ORDERS, indent=1)[:-2] + ",\n]", "an element is missing after a comma"),
        (json.dumps([list(order.values()) for order in ORDERS]), "no record can be read (not_an_object)"),
        ("1\n2\n", "no record can be read (not_an_object)"),
        ("", "there is no record in the file"),
        (" \n\n", "there is no record in the file"),
        ("[]", "there is no record in the file"),
    ],
)
def test_what_is_no_record_is_refused(tmp_path, name, text, told):
    path = written(tmp_path, name, text)
    if told is None:  # one comma too many costs its line
        assert read(path, InputOptions()) == (ROWS[:-1], [("", "malformed_row", [len(ORDERS) - 1])])
        return
    with pytest.raises(InputError) as refused:
        read(path, InputOptions())
    assert told in refused.value.message
    assert "Leeds" not in refused.value.message


def test_a_first_line_that_is_broken_costs_that_line_alone(tmp_path):
    path = written(tmp_path, "a.jsonl", '{"order_id": 1, "buyer": \n' + lines(ORDERS))
    assert read(path) == (ROWS, [("", "malformed_row", [0])])


def test_a_line_has_a_limit_as_a_value_of_a_document_has(tmp_path):
    path = written(tmp_path, "a.jsonl", lines(ORDERS) + '\n{"order_id": "' + "1" * LARGEST_VALUE + '"}\n')
    with pytest.raises(InputError, match=rf"row {len(ORDERS) + 1} is longer than 16 MiB"):
        read(path, InputOptions())


def magento(number):
    """An order as Magento gives it: an empty list where an object has nothing in it."""
    address = {"firstname": "F", "city": ("Leeds", "York")[number % 2], "street": ["1 High St", "Flat 2"]}
    return {
        "entity_id": number,
        "customer_id": None if number % 5 else number,
        "items": [{"sku": f"S{n}", "price": 12.5, "options": {"size": "L"} if n else []} for n in range(number % 3)],
        "billing_address": address if number % 4 else [],
        "gift": None if number % 2 else {"sender": "x"},
        "status_histories": [],
        "tags": ["a"] if number % 7 == 0 else [],
        "notes": [] if number % 3 else None,
    }


@pytest.mark.parametrize("form", ["document", "lines"])
def test_empty_lists_are_lists_or_objects_without_fields(tmp_path, form):
    """0.3.0 could read none of the orders, for a list was empty in all of them."""
    orders = [magento(number) for number in range(12)]
    if form == "document":
        path = written(tmp_path, "a.json", json.dumps({"items": orders, "total_count": 12}, indent=1))
    else:
        path = written(tmp_path, "a.jsonl", lines(orders))
    options = input_of(str(path)).options
    assert (options.records, options.items) == ("items" if form == "document" else None, "items")
    schema = format_of(str(path), options).schema(str(path), options)
    assert {one.name for one in schema if one.metadata == LIST} == {"street", "status_histories", "tags", "notes"}
    rows, faults = read(path, options)
    assert faults == []
    assert len(rows) == sum(max(number % 3, 1) for number in range(12))
    by_order = {row["entity_id"]: row for row in rows}
    cities = [by_order[str(number)]["city"] for number in range(8)]
    assert cities == [None, "York", "Leeds", "York", None, "York", "Leeds", "York"]
    assert {row["sender"] for row in rows} == {None, "x"}


def test_an_empty_list_among_texts_is_a_fault(tmp_path):
    path = written(tmp_path, "a.jsonl", lines([{"a": "x", "n": 1}, {"a": [], "n": 2}, {"a": None, "n": 3}]))
    assert read(path) == ([{"a": "x", "n": "1"}, {"a": None, "n": "3"}], [("a", "wrong_type", [1])])


def test_a_list_with_something_in_it_is_no_object(tmp_path):
    path = written(tmp_path, "a.jsonl", lines([{"to": {"city": "c"}}, {"to": []}, {"to": None}, {"to": ["x"]}]))
    expected = [{"to.city": "c"}, {"to.city": None}, {"to.city": None}]
    assert read(path, InputOptions()) == (expected, [("to", "wrong_type", [3])])


def test_pages_whose_keys_differ_give_their_orders(tmp_path):
    pages = [
        {"orders": ORDERS[:20], "next": "x"},
        {"orders": []},
        {"orders": None, "last": True},
        {"code": 500, "message": "busy"},
        {"count": 40, "orders": ORDERS[20:]},
    ]
    for name, indent in (("a.jsonl", None), ("a.json", 1), ("a.jsonl", 1)):
        rows, faults = read(written(tmp_path, name, lines(pages, indent=indent)))
        assert rows == ROWS
        assert faults == [("orders", "no_records", [20])]
