import json

import pytest

from beam_deid.transforms.drafting.nested import input_of, short_names
from beam_deid.transforms.recognisers.platforms.catalogue import platforms
from beam_deid.transforms.synthetic.platforms import platform_records

ORDERS = [
    {"id": number, "buyer": {"id": number % 9}, "items": [{"title": "t", "qty": 1}] * (number % 3)}
    for number in range(60)
]


def options(tmp_path, value, name="a.json"):
    text = "\n".join(map(json.dumps, value)) if name.endswith("jsonl") else json.dumps(value)
    (tmp_path / name).write_text(text)
    return input_of(str(tmp_path / name)).options


@pytest.mark.parametrize("name", platforms())
def test_the_items_of_every_platform_are_found(tmp_path, name):
    found = options(tmp_path, list(platform_records(name, 200)), "a.jsonl")
    assert (found.records, found.items) == (None, platforms()[name].items)


@pytest.mark.parametrize("name", platforms())
def test_the_records_in_an_answer_of_every_platform_are_found(tmp_path, name):
    found = options(tmp_path, {"response": {"total": 200, "orders": list(platform_records(name, 200))}})
    assert (found.records, found.items) == ("response.orders", platforms()[name].items)


def test_orders_of_nobody_are_found_in_documents_arrays_lines_and_pages(tmp_path):
    for value, name, records in (
        ({"code": 0, "data": {"list": ORDERS}}, "a.json", "data.list"),
        (ORDERS, "b.json", None),
        (ORDERS, "c.jsonl", None),
        ([{"page": n, "orders": ORDERS} for n in range(3)], "d.jsonl", "orders"),
    ):
        found = options(tmp_path, value, name)
        assert (found.records, found.items) == (records, "items")


def test_a_document_that_is_one_order_has_items_and_no_records(tmp_path):
    assert (
        options(tmp_path, {"id": 1, "buyer": "b", "line_items": [{"title": "a"}, {"title": "b"}]}).items == "line_items"
    )


def test_flat_files_have_no_nesting(tmp_path):
    assert options(tmp_path, [{"a": 1, "b": 2}] * 3).model_dump(exclude_defaults=True) == {}
    (tmp_path / "a.csv").write_text("a,b\n1,2\n")
    assert input_of(str(tmp_path / "a.csv")).options.model_dump(exclude_defaults=True) == {}


def test_short_names_are_names_of_one_column_each_and_of_no_key_above():
    names = ["id", "buyer.id", "buyer.city", "items.qty", "items.x.city2", "deep.items", "a.odd-name"]
    assert short_names(names) == {"city": "buyer.city", "qty": "items.qty", "city2": "items.x.city2"}


@pytest.mark.parametrize("name", platforms())
def test_a_short_name_is_the_same_field_to_its_platform(name):
    where = platforms()[name]
    short = short_names(list(where.fields))
    assert all(where.field_of(end) == path for end, path in short.items())
