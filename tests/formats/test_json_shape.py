import json

import pytest

from beam_deid.transforms.formats.input_options import InputOptions
from beam_deid.transforms.formats.json_shape import lists_of, shape_of

ORDERS = [
    {"id": number, "who": {"name": "n"}, "items": [{"sku": "s", "price": 1}] * (number % 3)} for number in range(50)
]
PLAIN = InputOptions()


def written(tmp_path, name, content):
    (tmp_path / name).write_text(content)
    return str(tmp_path / name)


def test_the_lists_of_objects_in_lines_are_found(tmp_path):
    path = written(tmp_path, "a.jsonl", "\n".join(json.dumps({**order, "tags": ["x"]}) for order in ORDERS))
    shape = shape_of(path, PLAIN)
    assert shape.rows == 50
    assert set(shape.keys) == {"id", "who.name", "items", "tags"}
    (found,) = shape.lists
    assert (found.path, found.keys, found.longest) == ("items", ("sku", "price"), 2)


@pytest.mark.parametrize("indent", [None, 1])
def test_lists_in_lists_are_seen(tmp_path, indent):
    path = written(tmp_path, "a.json", json.dumps({"code": 0, "data": {"list": ORDERS}}, indent=indent))
    (found,) = shape_of(path, PLAIN).lists
    assert (found.path, found.lists, found.longest) == ("data.list", ("items",), 50)


def test_the_lists_of_a_document_are_found_and_of_a_long_one_no_more_than_its_beginning(tmp_path):
    beside = {"ids": [1, 2], "empty": [], "links": [{"rel": "self", "href": "h"}], "data": {"list": ORDERS * 30}}
    text = json.dumps(beside, indent=1)
    path = written(
        tmp_path, "a.json", text[: len(text) * 9 // 10]
    )  # what follows a thousand entries is never looked at
    links, orders = lists_of(path, PLAIN)
    assert (links.path, links.agreeing) == ("links", 2)
    assert (orders.path, orders.longest, orders.agreeing, orders.lists) == ("data.list", 1000, 3, ("items",))
    assert "who.name" in orders.keys


def test_an_object_of_records_by_their_ids_is_found(tmp_path):
    text = json.dumps({"code": 0, "orders": {str(1000 + one["id"]): one for one in ORDERS}}, indent=1)
    (found,) = lists_of(written(tmp_path, "a.json", text), PLAIN)
    assert (found.path, found.longest, found.keys) == ("orders.*", 50, ("id", "items", "who"))


@pytest.mark.parametrize("content", [json.dumps(ORDERS, indent=1), "\n".join(map(json.dumps, ORDERS)), '{\n"a": 1\n}'])
def test_other_files_have_no_lists_beside_records(tmp_path, content):
    assert lists_of(written(tmp_path, "a.json", content), PLAIN) == ()


def test_records_are_looked_at_where_the_options_say(tmp_path):
    path = written(tmp_path, "a.json", json.dumps({"data": {"list": ORDERS}}))
    shape = shape_of(path, InputOptions(records="data.list"))
    assert (shape.rows, [one.path for one in shape.lists]) == (50, ["items"])
