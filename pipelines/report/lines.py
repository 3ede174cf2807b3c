"""The nine lines of the label rule in words for a reader who knows no statistics."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class LineWords:
    """A line of the label rule in plain words.

    Attributes:
        title: Its number, and what it is about in a word or two.
        asks: What it asks.
        holds: What is known where all its tests hold.
        fails: What is the matter where one does not.
        untested: Why nothing is asked, where it has no test.
    """

    title: str
    asks: str
    holds: str
    fails: str
    untested: str = "Nothing in this release is a matter for this line."


LINE_WORDS: Mapping[int, LineWords] = {
    1: LineWords(
        title="Line 1: identifiers",
        asks="Does anything that is released name a person?",
        holds="Nothing that is released names a person.",
        fails="Something that is released names persons.",
    ),
    2: LineWords(
        title="Line 2: restorable",
        asks="Can anything that is released be turned back into what it was made from?",
        holds="Nothing can be turned back into what it was made from.",
        fails="Something can be turned back into what it was made from.",
    ),
    3: LineWords(
        title="Line 3: singling out",
        asks="Can somebody who knows a little about a person pick out that person's records?",
        holds="Nobody can be picked out: everybody looks like enough others.",
        fails="Single persons can be picked out: too few others look like them.",
    ),
    4: LineWords(
        title="Line 4: inference",
        asks="Does somebody who finds the group of a person learn something sensitive about that person?",
        holds="No group gives away what is sensitive about its persons.",
        fails="A group gives away what is sensitive about its persons.",
        untested="No sensitive column is released, so that there is nothing to learn of this kind.",
    ),
    5: LineWords(
        title="Line 5: dominance",
        asks="Does a group only look large, while most of its records belong to one person?",
        holds="No group consists mostly of the records of one person.",
        fails="A group consists mostly of the records of one person.",
    ),
    6: LineWords(
        title="Line 6: risk",
        asks="Is the chance of recognizing a person small, given all groups and the surroundings in which the recipient works?",
        holds="The chance of recognizing a person is within the limit.",
        fails="The chance of recognizing a person is above the limit.",
    ),
    7: LineWords(
        title="Line 7: attackers",
        asks="Can an attacker find a person with the knowledge that the policy ascribes to attackers?",
        holds="No declared attacker narrows anybody down to too few.",
        fails="A declared attacker narrows persons down to too few, or was not tried on enough of them.",
        untested="The policy declares no attacker, so that nobody's own knowledge was tried.",
    ),
    8: LineWords(
        title="Line 8: composition",
        asks="Does all this still hold against somebody who has other releases of the same records as well?",
        holds="It still holds beside the other releases that are known of.",
        fails="Other releases of the same records take away what this one protects, or nobody knows whether they do.",
        untested="No other release of the same records is known of.",
    ),
    9: LineWords(
        title="Line 9: order",
        asks="Does the order of the rows, or anything else in the files, lead back to the source?",
        holds="The place of a row does not lead back to the source.",
        fails="The rows stand in the order of the source.",
    ),
}
"""Each line, by its number."""
