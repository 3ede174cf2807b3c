"""Values of JSON are read as they are written, whatever they are: tried against Python's own reader."""

import json
from decimal import Decimal

from hypothesis import example, given
from hypothesis import strategies as st

from beam_deid.transforms.formats import format_of
from beam_deid.transforms.formats.input_options import InputOptions

from ..kit.examples import examples

DIGITS = st.from_regex(r"-?(0|[1-9][0-9]{0,40})(\.[0-9]{1,30})?([eE][+-]?[0-9]{1,3})?", fullmatch=True)
WRITTEN = DIGITS | (st.text() | st.booleans() | st.none() | st.integers()).map(json.dumps)
"""Values as they are written in JSON."""


@st.composite
def orders(draw):
    """Records with the same fields, as JSON text: each field's value as it is written."""
    record = st.fixed_dictionaries({"id": WRITTEN, "to.city": WRITTEN, "pay": DIGITS})
    return draw(st.lists(record, min_size=1, max_size=6))


def text(order):
    return f'{{"id": {order["id"]}, "to": {{"city": {order["to.city"]}}}, "pay": {order["pay"]}}}'


def spelt(value):
    """What the reader gives for a value of Python's."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if value is None or isinstance(value, str) else str(value)


def read(path):
    options = InputOptions()
    kind = format_of(str(path), options)
    (shard,) = kind.shards(str(path), 1, options, 1)
    columns = ["id", "to.city", "pay"]
    chunks = list(kind.read(shard, options, columns, 100, known=columns))
    assert not any(chunk.faults for chunk in chunks)
    return [row for chunk in chunks for row in chunk.batch.to_pylist()]


@examples(10)
@given(orders())
@example([{"id": "null", "to.city": '"{"', "pay": "0"}])
def test_every_digit_and_character_is_kept(tmp_path_factory, given_orders):
    folder = tmp_path_factory.mktemp("exact")
    lines = [text(order) for order in given_orders]
    forms = {
        "a.jsonl": "\n".join(lines),
        "b.jsonl": "\n".join(f"{{\n{line[1:]}" for line in lines),
        "a.json": f"[{','.join(lines)}]",
        "c.jsonl": "\n".join([*lines, "", *lines]),  # a blank line: these are read one by one
    }
    whole = [json.loads(line, parse_int=Decimal, parse_float=Decimal) for line in lines]
    as_text = [json.loads(line, parse_int=str, parse_float=str) for line in lines]
    for name, content in forms.items():
        (folder / name).write_text(content, "utf-8")
        rows = read(folder / name)
        rows = rows[: len(lines)]
        for row, exact, written in zip(rows, whole, as_text, strict=True):
            assert Decimal(row["pay"]) == exact["pay"]
            assert row == {"id": spelt(written["id"]), "to.city": spelt(written["to"]["city"]), "pay": written["pay"]}
