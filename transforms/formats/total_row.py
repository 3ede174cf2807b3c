"""Rows of totals, which exports put after their orders: no orders, though they have as many values."""

import re
from collections.abc import Iterable, Sequence

LAST = 5
"""How many of the last rows are looked at."""

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
_AROUND = " \t\r\n\ufeff\xa0:：=*-–—'\""


def has_total(rows: Iterable[Sequence[str]]) -> bool:
    """Whether some row says first that it is a total.

    Args:
        rows: The values of the last rows.
    """
    return any(_TOTAL.fullmatch(_APART.sub("", _first(values))) for values in rows)


def _first(values: Sequence[str]) -> str:
    """The first value in which anything stands."""
    stripped = (value.strip(_AROUND) for value in values)
    return next((value for value in stripped if value), "")


TOTAL_SAID = (
    "one of the last rows looks like a total, and no order",
    "Let input.footer say how many rows at the end are none (0 if all are orders)",
)
"""What is said of a file that has one, and what the user can do."""
