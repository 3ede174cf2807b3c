"""The nine lines of the label rule, by number. Every requirement stands on one of them."""

from collections.abc import Mapping

LINES: Mapping[int, str] = {
    1: "Identifiers",
    2: "Restorable",
    3: "Singling out",
    4: "Inference",
    5: "Dominance",
    6: "Risk",
    7: "Attackers",
    8: "Composition",
    9: "Order",
}
"""What each line is about, in a word or two."""
