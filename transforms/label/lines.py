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

ASKED: Mapping[int, str] = {
    1: "No released column names a person, in clear, masked or under a key; a scan of all released values finds no identifier, and "
    "free text is never kept",
    2: "Nothing that is released can be turned back: for no field is there a key or a table, with anybody, and attacks without a "
    "key do no better than chance allows",
    3: "Nobody is singled out: every group of records that look alike holds at least k persons, and so does every sensitive value",
    4: "Nothing sensitive can be inferred of the persons in a group: its sensitive values differ, and none is much more certain "
    "there than in the whole release",
    5: "No group is about one person more than about others: nobody has more than a set share of its records",
    6: "The risk that somebody is found stays below a limit: in no group is it above 1/k, and the overall risk R, by whoever gets "
    "the release, is at most 0.05",
    7: "No attacker that the policy declares, with all that it knows and holds, narrows a person down to fewer than k",
    8: "What was given out before, and what the same run gives out, adds nothing: lines 3 and 4 hold for all of it together",
    9: "Rows, files and metadata show nothing of the order of the source: rows are shuffled by what is released",
}
"""What each line asks, in words without a full stop."""
