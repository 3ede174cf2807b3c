"""Worlds whose figures are worked out by hand from the definitions, over persons, since the attacker does not ask for them."""

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import md5
from math import log, sqrt
from typing import Any

from .datasets import CALM
from .planted import Rows, World, crowd, people, town, world


@dataclass(frozen=True)
class ByHand:
    """A world whose figures are worked out by hand, since the attacker does not ask for them.

    Attributes:
        world: The world.
        test: The test.
        figure: What must be measured.
        holds: Whether that is within the limit.
    """

    world: World
    test: str
    figure: float
    holds: bool


def asking(require: dict[str, Any], rows: Rows, **changes: Any) -> World:
    """One release of place and ill for which more is required."""
    return world(rows, more={"require": {"suppression": changes.pop("suppression", 0.0), **require}}, **changes)


# Here eight persons, a four times, b and c twice; there eight, a twice, b and c three times. One of those who are here with an a
# has five more records like the first. Of sixteen persons six have an a.
HERE = people("here", [*"aaaabbcc"], 0)
THERE = people("there", [*"aabbbccc"], 100)
EIGHT = HERE + HERE[:1] * 5 + THERE
# Here four persons: three have an a, two a b, one of them both. There seven, each with one value. Of eleven five have an a.
BOTH = [*people("here", [*"aaab"], 0), {**HERE[0], "ill": "b"}, *people("there", [*"aabbccc"], 100)]
# Four who must be suppressed, and who would change every share.
GONE = EIGHT + people("gone", [*"abcc"], 200)


def by_hand(require: dict[str, Any], figure: float, holds: bool, test: str, rows: Rows = EIGHT, **more: Any) -> ByHand:
    """A world of one release."""
    return ByHand(asking(require, rows, **more), test, figure, holds)


def pair_of(name: str, option: Callable[[float], Any], test: str, figure: float, **more: Any) -> tuple[ByHand, ByHand]:
    """A figure within a limit near to it, and the same beyond one."""
    within, beyond = ({name: {"ill": option(figure + by)}} for by in (0.01, -0.01))
    if test == "l_entropy:ill":
        within, beyond = beyond, within
    return by_hand(within, figure, True, test, **more), by_hand(beyond, figure, False, test, **more)


def share(limit: float) -> float:
    return round(limit, 6)


def tokenized(*here: tuple[str, int]) -> Rows:
    """Persons with a record in each place of a text, as many as a number says."""
    rows: Rows = []
    for places, many in here:
        for number in range(many):
            name = f"{places}{number}"
            mobile = f"138{len(rows):08d}"
            rows += [{"buyer": name, "mobile": mobile, "place": place, "ill": "ab"[number % 2]} for place in places]
    return rows


TOKENS = {"a": {"place": {"tokenize": {}}, "ill": "keep"}}
FORGOTTEN = {"more": {"key": "ephemeral", "require": {"suppression": 0.0}}, "columns": TOKENS}


def tokens(figure: float, holds: bool, test: str, *here: tuple[str, int]) -> ByHand:
    """Places under a key that is destroyed."""
    return ByHand(world(tokenized(*here), **FORGOTTEN), test, figure, holds)


def placed(figure: float, holds: bool, test: str, place: Callable[[str], str], **changes: Any) -> ByHand:
    """The crowd in other places."""
    return ByHand(world([{**row, "place": place(row["place"])} for row in crowd()], **changes), test, figure, holds)


def risky(figure: float, holds: bool, test: str, environment: dict[str, Any], *sizes: int, **require: float) -> ByHand:
    """Groups of so many persons, in an environment."""
    rows = [
        row
        for number, size in enumerate(sizes)
        for row in people(f"p{number}", (["a", "b"] * size)[:size], 1_000 * number)
    ]
    return ByHand(
        world(rows, more={"environment": environment, "require": {"suppression": 0.0, **require}}), test, figure, holds
    )


FEW_TRIES = {"digests": {"tries": 10}, "require": {"suppression": 0.0}}
CIPHER = "~AgAAAAAcayEFTSoAkR1crhaoc2rrX3j00OXmFloTXpjGp2jjmQ==~5bm5ZJ94~4~~"
CAREFUL = CALM
CARELESS = {**CALM, "security": "low"}
ONE_ALONE = people("here", [*"aaaaabbbbb", "c"], 0) + people("there", [*"aaaaabbbbb", *"cccccccccc"], 100)

WIDE = crowd(160)

ENTROPY = 2 * sqrt(2)  # e to (ln 2) / 2 + (ln 4) / 2
HAND: dict[str, tuple[ByHand, ...]] = {
    "entropy": pair_of("l", lambda limit: {"entropy": limit}, "l_entropy:ill", ENTROPY),
    # Four have an a, four another value: c must be above 4 / 4. Of l 3, above 4 / 2.
    "recursive": (
        by_hand({"l": {"ill": {"recursive": [1.01, 2]}}}, 1.0, True, "l_commonest:ill"),
        by_hand({"l": {"ill": {"recursive": [1.0, 2]}}}, 1.0, False, "l_commonest:ill"),
    ),
    "recursive, l 3": (
        by_hand({"l": {"ill": {"recursive": [2.01, 3]}}}, 2.0, True, "l_commonest:ill"),
        by_hand({"l": {"ill": {"recursive": [2.0, 3]}}}, 2.0, False, "l_commonest:ill"),
    ),
    # Half the sum of |4/8 - 6/16|, |2/8 - 5/16| and |2/8 - 5/16|.
    "closeness": pair_of("t", share, "t:ill", 0.125),
    "alpha": pair_of("alpha", share, "alpha:ill", 0.5),
    # Three of four have an a, and two of them a b: shares that add up to more than one.
    "alpha of persons with two values": pair_of("alpha", share, "alpha:ill", 3 / 4, rows=BOTH, sharing="enclave"),
    "beta": pair_of("beta", share, "beta:ill", (4 / 8) / (6 / 16) - 1),
    "beta of persons with two values": pair_of(
        "beta", share, "beta:ill", (3 / 4) / (5 / 11) - 1, rows=BOTH, sharing="enclave"
    ),
    "delta": pair_of("delta", share, "delta:ill", log((6 / 16) / (2 / 8))),
    "delta of persons with two values": pair_of(
        "delta", share, "delta:ill", log((3 / 4) / (5 / 11)), rows=BOTH, sharing="enclave"
    ),
    "closeness of what is left": (by_hand({"t": {"ill": 0.2}}, 0.125, True, "t:ill", GONE, suppression=0.2),),
    "beta of what is left": (
        by_hand({"beta": {"ill": 0.5}}, (4 / 8) / (6 / 16) - 1, True, "beta:ill", GONE, suppression=0.2),
    ),
    "delta of what is left": (
        by_hand({"delta": {"ill": 0.5}}, log((6 / 16) / (2 / 8)), True, "delta:ill", GONE, suppression=0.2),
    ),
    # Five persons have been in p and q, five or four in p alone, and as many in q alone.
    "composite": (
        tokens(5, True, "k_composite", ("pq", 5), ("p", 5), ("q", 5)),
        tokens(4, False, "k_composite", ("pq", 5), ("p", 4), ("q", 4)),
    ),
    # Two tokens tie, one does not: one of three is named, which is chance. If none ties all are, less a third.
    "keyless": (
        tokens(0.0, True, "keyless:place", ("p", 10), ("q", 10), ("r", 12)),
        tokens(2 / 3, False, "keyless:place", ("p", 10), ("q", 11), ("r", 12)),
    ),
    "restorable": (
        ByHand(world(town(10) + crowd()), "restorable", 0, True),
        ByHand(
            world(town(10) + crowd(), columns=TOKENS, policy={"keys": {"key": "env:BEAM_DEID_KEY"}}),
            "restorable",
            1,
            False,
        ),
    ),
    "digests": (
        placed(0, True, "digests", str),
        placed(1, False, "digests", lambda place: md5(place.encode()).hexdigest(), more=FEW_TRIES),
    ),
    "platform": (
        placed(0, True, "platform", str),
        placed(1, False, "platform", lambda place: CIPHER if place == "there" else place),
    ),
    # Everybody is somewhere, and that may be known; of everybody it is known what ails them, or who they are.
    "row filter": (
        ByHand(world(WIDE, more={"where": {"place": {"null": False}}}), "row_filter", 0, True),
        ByHand(world(WIDE, more={"where": {"place": {"null": False}, "ill": {"null": False}}}), "row_filter", 1, False),
    ),
    "row filter of a kind": (ByHand(world(WIDE, more={"where": {"mobile": {"null": False}}}), "row_filter", 1, False),),
    # What the public is given is remembered, or is not.
    "register": (
        ByHand(world(WIDE, sharing="public"), "register", 1, True),
        ByHand(world(WIDE, sharing="public", policy={"register": "none"}), "register", 0, False),
    ),
    # Each of 31 persons has one record; one of them shares place and ill with nobody.
    "history": (
        by_hand({"history": 0.04}, 1 / 31, True, "history", ONE_ALONE),
        by_hand({"history": 0.03}, 1 / 31, False, "history", ONE_ALONE),
    ),
    # Two groups of eight: each person hides among eight.
    "average risk": (
        risky(2 / 16, True, "average_risk", CAREFUL, 8, 8, average_risk=0.13),
        risky(2 / 16, False, "average_risk", CAREFUL, 8, 8, average_risk=0.12),
    ),
    # A breach is likely by 0.14 or by 0.55: 0.14 / 8, or 0.55 / 8.
    "overall risk": (
        risky(0.14 / 8, True, "overall_risk", CAREFUL, 8, 8),
        risky(0.55 / 8, False, "overall_risk", CARELESS, 8, 8),
    ),
    "classes at risk": (
        risky(0, True, "classes_at_risk", CAREFUL, 5, 8),
        risky(1 / 2, False, "classes_at_risk", CAREFUL, 4, 8),
    ),
}
