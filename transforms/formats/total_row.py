"""Rows of totals, which exports put after their orders: no orders, though they have as many values."""

import re
from collections.abc import Iterable, Sequence

LAST = 25
"""How many of the last rows are looked at: notes may follow a total."""

_WORDS = (
    *(
        "total",
        "totals",
        "grand total",
        "subtotal",
        "sub total",
        "sub-total",
        "order total",
        "total orders",
        "total amount",
        "sum",
    ),
    *("合计", "总计", "小计", "共计", "总和", "总额", "总金额", "合計", "總計", "小計", "総計"),
    *("gesamt", "gesamtsumme", "summe", "zwischensumme", "total général", "total general", "somme", "suma", "totale"),
)
_BEHIND = r"(?:\s{0,3}[(（\[【].{0,20}[)）\]】]|(?:金额|数量|行)?(?:(?<=[一-鿿])|(?![0-9]))[\W\d_]*[单笔条行件元]?)"
"""What may stand behind the word in its cell: brackets, a number, what is counted. Total Fitness and Sum41 are names."""
_TOTAL = re.compile(f"(?:本页|本月|订单)?(?:{'|'.join(map(re.escape, _WORDS))}){_BEHIND}", re.IGNORECASE)
_APART = re.compile(r"(?<=[一-鿿])\s+(?=[一-鿿])")
_BEGINNING = 2
"""How many values at a row's beginning may say so where no cell is blank: a date or a number may stand before."""
_AROUND = " \t\r\n\ufeff\xa0:：=*-–—'\""


def has_total(rows: Iterable[Sequence[str]]) -> bool:
    """Whether some row says that it is a total: with its first or second value, or with a later one where cells are left blank.

    Args:
        rows: The values of the last rows.
    """
    return any(map(_is_total, rows))


def _is_total(values: Sequence[str]) -> bool:
    said = [value for value in (value.strip(_AROUND) for value in values) if value]
    # A whole order may have an article called Total; a total says nothing of most other columns.
    looked_at = said if len(said) < len(values) else said[:_BEGINNING]
    return any(_TOTAL.fullmatch(_APART.sub("", value)) for value in looked_at)


TOTAL_SAID = (
    "one of the last rows looks like a total, and no order",
    "Let input.footer say how many rows at the end are none (0 if all are orders)",
)
"""What is said of a file that has one, and what the user can do."""
