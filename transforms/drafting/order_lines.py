"""Orders over several lines, as Shopify exports them: what stands once for an order is blank on its other lines."""

import re
from collections.abc import Iterator

import pyarrow as pa
import pyarrow.compute as pc

from beam_deid.transforms.columns.distinct import is_text
from beam_deid.transforms.columns.repeats import Repeats
from beam_deid.transforms.drafting.sample import Sample
from beam_deid.transforms.formats.input_options import FillDown
from beam_deid.transforms.recognisers.column_names import normal
from beam_deid.transforms.recognisers.kinds.order_number import ORDER_NUMBER

_FEWEST = 2  # columns that stand once for an order: one alone may be blank for other reasons
_NUMBERED_NAME = r"^#?[A-Za-z]{0,4}-?[0-9]+$"


def filled_down(sample: Sample) -> FillDown | None:
    """What is to be filled down, by the column that numbers orders; None where every line says all of its order.

    Args:
        sample: Rows in the order of their files.
    """
    columns = {name: _without_blanks(column) for name, column in sample.columns.items()}
    best: FillDown | None = None
    for key in _keys(columns):
        once = Repeats.of(columns, key).once(list(columns))
        if len(once) >= _FEWEST and (best is None or len(once) > len(best.fields)):
            best = FillDown(by=key, fields=once)
    return best


def numbers_orders(texts: pa.Array) -> bool:
    """Whether all texts are numbers as shops give their orders, ``#1001``; false where there is none."""
    fits = pc.match_substring_regex(texts, _NUMBERED_NAME)
    return len(texts) > 0 and bool(pc.all(fits).as_py())


def _keys(columns: dict[str, pa.Array]) -> Iterator[str]:
    """The columns that number orders, by their names or, where they are called names, by their values."""
    words = ORDER_NUMBER.column
    for name, column in columns.items():
        if not is_text(column.type) and not pa.types.is_integer(column.type):
            continue
        plain = normal(name)
        named = words is not None and (
            re.search(f"_(?:{words.words})_", plain) or re.search(words.chinese, plain.strip("_"))
        )
        if named or (plain == "_name_" and is_text(column.type) and numbers_orders(pc.unique(column.drop_null()))):
            yield name


def _without_blanks(column: pa.Array) -> pa.Array:
    """The column with null for text that is empty or blank."""
    if not is_text(column.type):
        return column
    return pc.if_else(pc.equal(pc.utf8_trim_whitespace(column), ""), None, column)
