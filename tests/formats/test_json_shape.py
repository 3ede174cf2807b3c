import json

import pytest

from beam_deid.transforms.formats.input_options import InputOptions
from beam_deid.transforms.formats.json_shape import first_list, shape_of

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


def test_the_first_list_of_a_document_is_found_without_reading_on(tmp_path):
    text = json.dumps({"ids": [1, 2], "empty": [], "data": {"list": ORDERS}}, indent=1)
    path = written(tmp_path, "a.json", text[: len(text) // 2])  # what follows is never looked at
    found = first_list(path, PLAIN)
    assert found.path == "data.list"
    assert "who.name" in found.keys


@pytest.mark.parametrize("content", [json.dumps(ORDERS, indent=1), "\n".join(map(json.dumps, ORDERS)), '{\n"a": 1\n}'])
def test_other_files_have_no_first_list(tmp_path, content):
    assert first_list(written(tmp_path, "a.json", content), PLAIN) is None


def test_records_are_looked_at_where_the_options_say(tmp_path):
    path = written(tmp_path, "a.json", json.dumps({"data": {"list": ORDERS}}))
    shape = shape_of(path, InputOptions(records="data.list"))
    assert (shape.rows, [one.path for one in shape.lists]) == (50, ["items"])
