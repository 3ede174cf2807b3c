"""By what a draft says that records are known again."""

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from beam_deid.transforms.drafting.record import COMBINED
from beam_deid.transforms.drafting.written import as_yaml
from beam_deid.transforms.policy.reader import policy_from_mapping

from .columns import drafted

ROWS = 60
ORDERS = [f"A{1000 + row // 2}" for row in range(ROWS)]
EACH = [f"A{1000 + row}" for row in range(ROWS)]
PLACES = [1 + row % 2 for row in range(ROWS)]
AMOUNTS = [f"{10 + row}.50" for row in range(ROWS)]
NUMBERS = list(range(1, ROWS + 1))


def test_the_number_of_an_order_that_each_record_has_for_itself_is_proposed_with_its_reason():
    draft = drafted(customer_id=[f"c{row % 20}" for row in range(ROWS)], order_id=EACH, total=AMOUNTS)
    assert (draft.record.field, draft.record.parts) == ("order_id", ())
    (line,) = (line for line in as_yaml(draft).splitlines() if line.startswith("record:"))
    assert line == "record: order_id # numbers orders; another one in each of the 60 records of the sample"
    assert policy_from_mapping(yaml.safe_load(as_yaml(draft))).record == "order_id"
    assert draft.to_document()["record"]["field"] == "order_id"


@pytest.mark.parametrize("name", ["order_id", "订单编号", "Bestellnummer", "trade.tid"])
def test_orders_are_numbered_in_several_languages(name):
    assert drafted(**{name: EACH}).record.field == name


@pytest.mark.parametrize("name", ["order_item_id", "line_item_id", "子订单编号", "sub_order_no"])
def test_where_orders_have_several_lines_the_number_of_a_line_is_proposed(name):
    assert drafted(order_id=ORDERS, **{name: [f"L{row}" for row in range(ROWS)]}).record.field == name


@pytest.mark.parametrize("name", ["line_no", "order_item_id", "行号", "position"])
def test_lines_that_are_numbered_anew_in_each_order_are_put_together_with_it(name):
    draft = drafted(order_id=ORDERS, **{name: PLACES}, total=AMOUNTS)
    assert (draft.record.field, draft.record.parts) == (COMBINED, ("order_id", name))
    read = policy_from_mapping(yaml.safe_load(as_yaml(draft)))
    assert yaml.safe_load(as_yaml(draft)) == draft.mapping()
    assert (read.record, read.input.combine) == (COMBINED, {COMBINED: ("order_id", name)})


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("total", AMOUNTS),
        ("order_amount", AMOUNTS),
        ("订单金额", AMOUNTS),
        ("id", NUMBERS),
        ("row_no", NUMBERS),
        ("序号", NUMBERS),
        ("created_at", [f"2025-01-02 03:04:{second:02}" for second in range(ROWS)]),
        ("customer_id", EACH),
        ("mobile", [f"138{row:08}" for row in range(ROWS)]),
        ("tracking_number", [f"SF{row:013}" for row in range(ROWS)]),
    ],
)
def test_nothing_else_is_proposed_though_each_record_has_another_one(name, values):
    """An amount is unique by chance, and the number of a row is another one in each export."""
    assert drafted(**{name: values}).record is None


@pytest.mark.parametrize(
    "values",
    [
        [*EACH[:-1], None],
        [*EACH[:-1], " "],
        [*EACH[:-1], EACH[0]],
        [*(str(row) for row in range(1, ROWS)), "0001"],
        [*EACH[:-1], f" {EACH[0].lower()}"],
        [f"{one[:2]}***{one[-2:]}" for one in EACH],
    ],
)
def test_a_number_that_some_record_lacks_hides_or_shares_is_not_proposed(values):
    """Zeros before a number, case and blanks do not make another order in a run, so they do not here."""
    assert drafted(order_id=values).record is None


def test_an_orders_number_goes_before_that_of_its_payment():
    assert drafted(payment_id=[f"p{row}" for row in range(ROWS)], order_id=EACH).record.field == "order_id"


@given(st.lists(st.tuples(st.sampled_from("AB"), st.integers(1, 3)), min_size=2, max_size=8))
def test_what_is_proposed_tells_every_record_of_the_sample(rows):
    draft = drafted(order_id=[order for order, _ in rows], line_no=[line for _, line in rows])
    assert (draft.record is not None) == (len(set(rows)) == len(rows) or len({order for order, _ in rows}) == len(rows))


def test_all_columns_without_a_value_are_one_decision():
    empty = {f"extra {number}": [None] * ROWS for number in range(30)}
    draft = drafted(order_id=EACH, **empty)
    text = as_yaml(draft)
    assert text.count("have no value in the sample") == 1
    assert text.count("# TODO: decide") == draft.todo
    told = text[text.index("30 fields have no value") :].split("\n  order_id:")[0]
    assert all(f'"{name}"' in told for name in empty)
    assert draft.to_document()["without_values"] == list(empty)
    assert {draft.mapping()["fields"][name]["role"] for name in empty} == {"direct_identifier"}
