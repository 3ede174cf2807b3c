"""Rows that repeat the key above them, counted in any pieces, beside a plain loop."""

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_deid.transforms.columns.repeats import Repeats

from ..kit.examples import examples


@examples(2)
@given(st.lists(st.tuples(st.sampled_from(["a", "b", None]), st.sampled_from(["x", None])), min_size=1), st.booleans())
def test_repeats_and_blanks_are_those_of_a_loop(rows, encoded):
    columns = {
        "key": pa.array([key for key, _ in rows], pa.string()),
        "cell": pa.array([cell for _, cell in rows], pa.string()),
    }
    if encoded:
        columns = {name: column.dictionary_encode() for name, column in columns.items()}
    repeats = [False] + [rows[at][0] is not None and rows[at][0] == rows[at - 1][0] for at in range(1, len(rows))]
    counted = Repeats.of(columns, "key")
    if not any(repeats):
        assert counted == Repeats()
        return
    assert (counted.repeats, counted.others) == (sum(repeats), len(rows) - sum(repeats))
    for which in (True, False):
        blank = [cell is None and repeat is which for (_, cell), repeat in zip(rows, repeats, strict=True)]
        assert counted.blank["cell", which] == sum(blank)


def order_lines(orders, blank):
    """So many orders of two lines each, of which the second is blank."""
    keys = [f"#{order}" for order in range(orders) for _ in range(2)]
    return {"key": pa.array(keys), "cell": pa.array(["x", None if blank else "x"] * orders)}


@pytest.mark.parametrize(("blank", "once"), [(True, ("cell",)), (False, ())])
def test_what_stands_on_first_lines_alone_is_found_in_pieces(blank, once):
    counted = Repeats()
    for _ in range(3):
        counted.add(Repeats.of(order_lines(50, blank), "key"))
    assert counted.repeats == 150
    assert counted.once(["key", "cell"]) == once


def test_a_key_that_repeats_now_and_then_is_no_sign_of_lines():
    keys = ["a", "a", *(f"k{number}" for number in range(300))]
    columns = {"key": pa.array(keys), "cell": pa.array(["x", None, *["x"] * 300])}
    assert Repeats.of(columns, "key") == Repeats()
