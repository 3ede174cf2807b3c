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
    *("合计", "总计", "小计", "共计", "总和", "总额", "合計", "總計", "小計", "総計"),
    *("gesamt", "gesamtsumme", "summe", "zwischensumme", "total général", "total general", "somme", "suma", "totale"),
)
_TOTAL = re.compile("|".join(map(re.escape, _WORDS)), re.IGNORECASE)
_AROUND = " \t\r\n\ufeff\xa0:：=*-–—'\""


def has_total(rows: Iterable[Sequence[str]]) -> bool:
    """Whether some row says first that it is a total.

    Args:
        rows: The values of the last rows.
    """
    return any(_TOTAL.fullmatch(_first(values)) for values in rows)


def _first(values: Sequence[str]) -> str:
    """The first value in which anything stands."""
    stripped = (value.strip(_AROUND) for value in values)
    return next((value for value in stripped if value), "")


TOTAL_SAID = (
    "one of the last rows looks like a total, and no order",
    "Let input.footer say how many rows at the end are none (0 if all are orders)",
)
"""What is said of a file that has one, and what the user can do."""
