"""The key of records whose number is put together of parts: two numbers that differ in a part are never one."""

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_deid.transforms.formats.combined import combined, parts_apart
from beam_deid.transforms.recognisers.identity import identity_text

from ..kit.examples import examples


def keys(*rows):
    columns = {
        f"p{number}": pa.array(list(column), pa.string()) for number, column in enumerate(zip(*rows, strict=True))
    }
    return parts_apart(columns, list(columns)).to_pylist()


def test_parts_are_told_from_each_other():
    """Before, both were `#10011` once blanks were left out."""
    rows = [("#100", "11"), ("#1001", "1")]
    texts = combined({"a": pa.array(["#100", "#1001"]), "b": pa.array(["11", "1"])}, {"c": ["a", "b"]})["c"]
    assert len(set(identity_text(texts, None).to_pylist())) == 1
    one, other = keys(*rows)
    assert one != other


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("a b", "c"), ("a", "b c")),
        (("#100", None), (None, "#100")),
        (("1", ""), ("", "1")),
        (("1", "01", "2"), ("1", "0", "12")),
    ],
)
def test_other_parts_are_another_record(one, other):
    assert len(set(keys(one, other))) == 2


@pytest.mark.parametrize(
    ("one", "other"),
    [(('="1001"', "1"), ("1001", "1")), (("ＡB-1", "01"), ("ab-1", "1")), (("1001.0", None), ("1001", ""))],
)
def test_a_part_in_another_spelling_is_the_same(one, other):
    assert len(set(keys(one, other))) == 1


def test_of_nothing_and_of_masked_parts_there_is_no_key():
    assert keys((None, ""), ("100****11", "1")) == [None, None]


PARTS = st.text("#01a -\x1e\x1f.", max_size=4) | st.none()


@given(rows=st.lists(st.tuples(PARTS, PARTS), min_size=1, max_size=8))
@examples()
def test_keys_are_equal_where_each_part_is(rows):
    told = [tuple(_spelt(part) for part in row) for row in rows]
    for number, (key, parts) in enumerate(zip(keys(*rows), told, strict=True)):
        for other, theirs in zip(keys(*rows)[:number], told[:number], strict=True):
            if key is not None and other is not None:
                assert (key == other) == (parts == theirs)


def _spelt(part):
    """What a part says, and whether it says anything."""
    if part is None or not part.strip():
        return None
    said = identity_text(pa.array([part]), None)[0].as_py()
    return None if said is None else said.lstrip("0")
