"""By what a record is known again in later runs: the number of an order, that of its line, or both together."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from beam_deid.transforms.drafting.facts import Facts
from beam_deid.transforms.drafting.judging import Judged
from beam_deid.transforms.formats.combined import combined
from beam_deid.transforms.recognisers.column_names import normal
from beam_deid.transforms.recognisers.identity import identity_text
from beam_deid.transforms.recognisers.kinds.kind import Kind
from beam_deid.transforms.recognisers.kinds.order_number import ORDER_NUMBER
from beam_deid.transforms.recognisers.meaning import CIPHERTEXTS, MASKED

COMBINED = "record_key"
"""What a column is called that is put together from the number of an order and that of its line."""

_OF = "order|basket|trade|invoice|receipt|cart|transaction"
_NUMBER = "(?:id|no|num|number|nr|key|sn|code)"
_LINE = (
    rf"(?:(?:{_OF})_?(?:line_?item|line|item|detail|product)|line_?item|sub_?order)_?{_NUMBER}|"
    "(?:子订单|订单明细|订单行)(?:编?号|id)"
)
"""Names of what numbers the lines of all orders."""
_PLACE = (
    rf"(?:(?:{_OF})_?)?(?:line_?item|line|item|position|row|seq|sequence)_?(?:no|num|number|nr|seq|index)|line|position|"
    "行号|明细序号|商品序号"
)
"""Names of what numbers the lines of each order anew, or of a file, so that they tell nothing without the order's number."""
_LATER = "pay|refund|invoice|parcel|支付|付款|退款|发票|流水"
"""Names of numbers that an order may have, and has several of."""
_FEWEST = 2


@dataclass(frozen=True)
class Record:
    """By what a record is known again.

    Attributes:
        field: The field.
        parts: The columns that it is put together from; empty where it is a column by itself.
        reason: Why this one.
    """

    field: str
    parts: tuple[str, ...]
    reason: str

    def to_document(self) -> dict[str, Any]:
        """What there is, as plain values."""
        return {"field": self.field, "put_together_from": list(self.parts), "reason": self.reason}


def propose_record(columns: Sequence[Judged], arrays: Mapping[str, pa.Array]) -> Record | None:
    """The column, or two together, by which a record can be known again; None where no number tells each of them.

    Only what numbers orders or their lines by its name, its platform or its form is looked at: an amount or a time may be
    another one in each record by chance, and the number of a row is another one in each export. It must stand in every record
    of the sample, neither masked nor encrypted, and be another one in each, spelt as a run spells it.

    Args:
        columns: All columns.
        arrays: The values of those that can be read, each of shape (n,), by name.
    """
    rows = max(map(len, arrays.values()), default=0)
    if rows < _FEWEST:
        return None
    there = [one for one in columns if one.name in arrays and _is_whole(one.facts)]
    orders = [one for one in there if one.kind is ORDER_NUMBER]
    orders.sort(key=lambda one: _is_called(one.name, rf"\w*(?:{_LATER})\w*"))
    lines = [one for one in there if _is_called(one.name, _LINE)]
    for one, what in (
        *((one, "numbers orders") for one in orders),
        *((one, "numbers lines of orders") for one in lines),
    ):
        if _is_unique(arrays[one.name], one.kind):
            return Record(one.name, (), f"{what}; {_each(rows)}")
    for parts in _pairs(orders, there):
        if _is_unique(combined(arrays, {COMBINED: parts})[COMBINED], ORDER_NUMBER):
            return Record(_free(columns), parts, f"the number of an order, and of its line; {_each(rows)}")
    return None


def _pairs(orders: Sequence[Judged], there: Sequence[Judged]) -> Iterator[tuple[str, str]]:
    """What numbers orders with what numbers their lines."""
    lines = [one for one in there if _is_called(one.name, f"{_LINE}|{_PLACE}")]
    for order in orders:
        yield from ((order.name, line.name) for line in lines if line.name != order.name)


def _is_whole(facts: Facts) -> bool:
    """Whether a column has a value in every record, none of which hides anything."""
    hidden = sum(facts.found.forms[form] for form in (*CIPHERTEXTS, *MASKED))
    return facts.values == facts.rows and not hidden and not facts.starred


def _is_unique(column: pa.Array, kind: Kind | None) -> bool:
    """Whether each value (n,) is another one, in the spelling by which a run knows records again."""
    spelt = pc.utf8_ltrim(identity_text(column, kind), characters="0")
    return bool(spelt.null_count == 0 and pc.count_distinct(spelt).as_py() == len(spelt))


def _is_called(name: str, pattern: str) -> bool:
    last = normal(name.rpartition(".")[2] or name)
    return any(re.fullmatch(f"_(?:{pattern})_", one) for one in (last, normal(name)))


def _each(rows: int) -> str:
    return f"another one in each of the {rows:,} records of the sample"


def _free(columns: Sequence[Judged]) -> str:
    """A name that no column has."""
    name = COMBINED
    while any(one.name == name for one in columns):
        name += "_"
    return name
