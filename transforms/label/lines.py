"""The nine lines of the label rule, by number. Every requirement stands on one of them."""

from collections.abc import Mapping
from dataclasses import dataclass

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


@dataclass(frozen=True)
class LineWords:
    """A line of the label rule in plain words.

    Attributes:
        title: Its number, and what it is about in a word or two.
        asks: What it asks, as a question.
        rule: The same as a rule, in words without a full stop.
        holds: What is known where all its tests hold.
        fails: What is the matter where one does not.
        untested: Why nothing is asked, where it has no test.
    """

    title: str
    asks: str
    rule: str
    holds: str
    fails: str
    untested: str = "Nothing in this release is a matter for this line."


LINE_WORDS: Mapping[int, LineWords] = {
    1: LineWords(
        title="Line 1: identifiers",
        asks="Does anything that is released name a person?",
        rule="No released column names a person, in clear, masked or under a key; a scan of all released values finds no "
        "identifier, and free text is never kept",
        holds="The tests found nothing in what is released that names a person.",
        fails="Something that is released names persons.",
    ),
    2: LineWords(
        title="Line 2: restorable",
        asks="Can anything that is released be turned back into what it was made from?",
        rule="Nothing that is released can be turned back: for no field is there a key or a table, with anybody, and attacks "
        "without a key do no better than chance allows",
        holds="The tests found nothing that can be turned back into what it was made from.",
        fails="Something can be turned back into what it was made from.",
    ),
    3: LineWords(
        title="Line 3: singling out",
        asks="Can somebody who knows a little about a person pick out that person's records?",
        rule="Nobody is singled out: every group of records that look alike holds at least k persons, and so does every sensitive "
        "value",
        holds="By the columns that anyone may know, everybody looks like enough others.",
        fails="Single persons can be picked out: too few others look like them.",
    ),
    4: LineWords(
        title="Line 4: inference",
        asks="Does somebody who finds the group of a person learn something sensitive about that person?",
        rule="Nothing sensitive can be inferred of the persons in a group: its sensitive values differ, and none is much more "
        "certain there than in the whole release",
        holds="What a group tells of what is sensitive about its persons is within the limits.",
        fails="A group gives away what is sensitive about its persons.",
        untested="No sensitive column is released, so that there is nothing to learn of this kind.",
    ),
    5: LineWords(
        title="Line 5: dominance",
        asks="Does a group only look large, while most of its records belong to one person?",
        rule="No group is about one person more than about others: nobody has more than a set share of its records",
        holds="The share of one person in the records of a group is within the limit.",
        fails="A group consists mostly of the records of one person.",
    ),
    6: LineWords(
        title="Line 6: risk",
        asks="Is the chance of recognizing a person small, given all groups and the surroundings in which the recipient works?",
        rule="The risk that somebody is found stays below a limit: in no group is it above 1/k, and the overall risk R, by "
        "whoever gets the release, is at most 0.05",
        holds="The chance of recognizing a person is within the limit.",
        fails="The chance of recognizing a person is above the limit.",
    ),
    7: LineWords(
        title="Line 7: attackers",
        asks="Can an attacker find a person with the knowledge that the policy ascribes to attackers?",
        rule="No attacker that the policy declares, with all that it knows and holds, narrows a person down to fewer than k",
        holds="No declared attacker narrows anybody down to too few.",
        fails="A declared attacker narrows persons down to too few, or was not tried on enough of them.",
        untested="The policy declares no attacker, so that nobody's own knowledge was tried.",
    ),
    8: LineWords(
        title="Line 8: composition",
        asks="Does all this still hold against somebody who has other releases of the same records as well?",
        rule="What was given out before, and what the same run gives out, adds nothing: lines 3 and 4 hold for all of it together",
        holds="It still holds beside the other releases that are known of.",
        fails="Other releases of the same records take away what this one protects, or nobody knows whether they do.",
        untested="No other release of the same records is known of.",
    ),
    9: LineWords(
        title="Line 9: order",
        asks="Does the order of the rows, or anything else in the files, lead back to the source?",
        rule="Rows, files and metadata show nothing of the order of the source: rows are shuffled by what is released",
        holds="The tests found no trace of the order of the source.",
        fails="The rows stand in the order of the source.",
    ),
}
"""Each line, by its number."""
