"""Faults planted in the product, one for every requirement at least: the attacker, or figures worked out by hand, see each."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from hashlib import md5
from math import log, sqrt
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from beam_deid.transforms.columns.kinds import to_kind
from beam_deid.transforms.label.requirements import REQUIREMENTS, alpha, asked, attackers, average_risk, beta, classes_at_risk
from beam_deid.transforms.label.requirements import closeness, common_values, composite, composition, delta, digests
from beam_deid.transforms.label.requirements import direct_identifiers, distinct, dominance, entropy, gain, history, k, k_all
from beam_deid.transforms.label.requirements import k_values, k_without, keyless, order, platform, recursive, restorable, risk
from beam_deid.transforms.label.requirements import value_scan
from beam_deid.transforms.label.requirements.requirement import Figure, Values
from beam_deid.transforms.label.scope import Scope
from beam_deid.transforms.policy import scoping
from beam_deid.transforms.records import attacking, candidate, cells, choosing, composing, measuring, pieces
from beam_deid.transforms.records.candidate import Candidate
from beam_deid.transforms.records.cutting import cut
from beam_deid.transforms.risk import persons as persons_module
from beam_deid.transforms.risk.distribution import Distribution
from beam_deid.transforms.risk.histogram import Classes
from beam_deid.transforms.risk.history import histories
from beam_deid.transforms.risk.persons import SUBJECT, Persons, persons
from beam_deid.transforms.terms import Kind

from .datasets import CALM
from .oracle import attack
from .planted import FIELDS, PAIRS, Rows, World, crowd, people, town, world
from .product import decided, failing, figures, write

Patch = pytest.MonkeyPatch
Plant = Callable[[Patch], None]


# Faults


def limit(requirement: type, by: float) -> Plant:
    """A limit that is laxer than it must be."""

    def plant(patch: Patch) -> None:
        planned = requirement.planned

        def laxer(self: Any, scope: Scope) -> Any:
            for test in planned(self, scope):
                yield replace(test, limit=test.limit - by if test.at_least else test.limit + by)

        patch.setattr(requirement, "planned", laxer)

    return plant


def left_out(what: str, *columns: str) -> Plant:
    """Columns that a grouping leaves out; ``what`` is the part of `Scope` that makes it."""

    def plant(patch: Patch) -> None:
        right = getattr(Scope, what)
        if isinstance(right, property):
            changed: Any = property(lambda self: tuple(name for name in right.__get__(self) if name not in columns))
        else:
            def changed(self: Scope, one: str) -> tuple[str, ...]:
                return tuple(name for name in right(self, one) if name not in columns)

        patch.setattr(Scope, what, changed)

    return plant


def asked_of(requirement: type, *columns: str) -> Plant:
    """Columns that a requirement looks at in place of its own."""

    def plant(patch: Patch) -> None:
        planned = requirement.planned
        patch.setattr(
            requirement, "planned", lambda self, scope: (replace(test, columns=columns) for test in planned(self, scope))
        )

    return plant


def replaced(where: Any, name: str, by: Any) -> Plant:
    """Something else in the place of a part of the product."""
    return lambda patch: patch.setattr(where, name, by)


def counted(change: Callable[[Any, dict[str, Any], np.uint64], Persons]) -> Plant:
    """Persons who are counted otherwise."""
    return replaced(cells, "persons", change)


def rows_for_persons(subject: Any, identities: dict[str, Any], null: np.uint64) -> Persons:
    every = np.arange(len(subject), dtype=np.int64)
    return Persons((SUBJECT,), (every,), (len(subject),), {}, {}, {}, 0)


def filled_by_rows(values: Any, many: int, who: Any, subjects: int) -> Any:
    gaps = np.flatnonzero(values < 0)
    numbers = values.copy()
    numbers[gaps] = many + np.arange(len(gaps))[: subjects]
    return numbers


def as_it_is(column: pa.Array, kind: Kind | None) -> pa.Array:
    texts = to_kind(column, Kind.TEXT)[0]
    return texts.dictionary_decode() if isinstance(texts, pa.DictionaryArray) else texts


def as_numbers(column: pa.Array, key: Any, right: Any = measuring.fingerprint) -> Any:
    return right(pa.array(column.to_numpy(zero_copy_only=False) + 0.0), key) if pa.types.is_floating(column.type) else right(column, key)


def null_as_a_value(self: Candidate, name: str, right: Any = Candidate.values) -> Values:
    found = right(self, name)
    return Values(np.where(found.numbers < 0, found.many, found.numbers), found.many + 1)


def by_rows(self: Candidate, name: str, values: Any, keys: Any, null: int | None) -> list[Distribution]:
    groups = self.groups(self.scope.around(name))
    found = Distribution.counted(groups.numbers, groups.records, values, keys, self.counts)
    return [replace(found, null=null, class_people=groups.records, held_by=found.overall)]


def whole(seen: Any) -> Candidate:
    """All records of the source at the same levels, with what was suppressed."""
    return Candidate(seen.data, seen.levels, seen.data.everything)


def certainty_of_all(test: Any, seen: Any, right: Any = gain.Gain._certainty) -> Any:
    every = whole(seen)
    found = right(test, every)
    there = every.groups(test.columns).numbers[np.searchsorted(every.cells, seen.cells)]
    gains = np.zeros(len(seen.groups(test.columns)))
    gains[seen.groups(test.columns).numbers] = found.gain[there]
    return replace(found, gain=gains)


def certainty_without_nulls(groups: Any, values: Any, many: int, difference: float, right: Any = gain.certainty) -> Any:
    # As if those who have a null were no persons of the group: every share is one of those who have a value.
    class Some:
        numbers, many = groups.numbers, groups.many
        by_person = tuple((np.where(values < 0, -1, numbers), size) for numbers, size in groups.by_person)
        by_identity = tuple(
            persons_module.distinct_per_group(groups.numbers, groups.many, numbers, size) for numbers, size in by_person
        )

    return right(Some, values, many, difference)


def certainty_by_rows(groups: Any, values: Any, many: int, difference: float, right: Any = gain.certainty) -> Any:
    class Each:
        numbers, many = groups.numbers, groups.many
        by_person = ((np.arange(len(groups.numbers)), len(groups.numbers)),)
        by_identity = (np.bincount(groups.numbers, minlength=groups.many),)

    return right(Each, values, many, difference)


def dominance_of_all(patch: Patch) -> None:
    right = dominance.Dominance.figure
    patch.setattr(dominance.Dominance, "figure", lambda self, test, seen: right(self, test, whole(seen)))
    patch.setattr(dominance.Dominance, "trimmed", lambda self, test, seen: None)


def history_of_places(self: Candidate) -> Any:
    return histories(Classes(self.groups(["place"]).numbers.view(np.uint64), self.counts, self.subject), self.subject)


def figure_of_all(patch: Patch) -> None:
    right = asked.Asked.figure
    patch.setattr(asked.Asked, "figure", lambda self, test, seen: right(self, test, whole(seen)))


def without_presence(first: Any, second: Any, *more: Any, right: Any = composing.joint_groups) -> Any:
    joint = right(first, replace(second, present=first.present | second.present), *more)
    return joint


def of_one_release(first_group: Any, second_group: Any, first: Any, second: Any, rows: Any) -> Any:
    return composing_values(first_group, first_group, first, first, rows)


composing_values = composing.common_values


def as_they_came(rows: pa.Table, rest: Any) -> np.ndarray:
    return np.arange(rows.num_rows)


def known_without(*columns: str) -> Plant:
    right = scoping.known
    return replaced(scoping, "known", lambda *given: tuple(name for name in right(*given) if name not in columns))


def sibling_without(column: str) -> Plant:
    right = scoping._sibling

    def changed(*given: Any) -> Any:
        found = right(*given)
        return replace(found, shared=tuple(name for name in found.shared if name != column))

    return replaced(scoping, "_sibling", changed)


def threshold_off_by_one(threshold: float, *more: Any, right: Any = candidate.Setting) -> Any:
    return right(1 / (1 / threshold - 1), *more)


def attackers_k_off_by_one(patch: Patch) -> None:
    right = attacking.Join
    patch.setattr(attacking, "Join", lambda probes, truth, k, **more: right(probes, truth, k - 1, **more))


def by_subject_alone(subject: Any, identities: dict[str, Any], null: np.uint64) -> Persons:
    return persons(subject, {}, null)


def nulls_are_persons(subject: Any, identities: dict[str, Any], null: np.uint64) -> Persons:
    return persons(subject, identities, np.uint64(null ^ np.uint64(1)))


# What the attacker judges


@dataclass(frozen=True)
class Fault:
    """A fault that makes the product call a test passed that the attacker says fails.

    Attributes:
        requirement: Whose it is.
        what: What is wrong.
        plant: Makes it so.
        pair: Of `PAIRS`: its second world is one step beyond the limit.
    """

    requirement: str
    what: str
    plant: Plant
    pair: str


FAULTS = (
    Fault("direct_identifiers", "roles alone", replaced(direct_identifiers, "IDENTIFYING", frozenset()), "kind that overrides a role"),
    Fault("value_scan", "nothing is scanned", replaced(choosing, "hits_of", lambda seen: ()), "identifier among values"),
    Fault("value_scan", "limit", limit(value_scan.ValueScan, 1e6), "identifier among values"),
    Fault("k", "limit", limit(k.Rest, 1), "smallest group, off by one"),
    Fault("k", "column", left_out("rest", "device"), "a column left out"),
    Fault("k", "rows", counted(rows_for_persons), "rows counted for persons"),
    Fault("k", "null", counted(nulls_are_persons), "null counted as a person"),
    Fault("k", "subject alone", counted(by_subject_alone), "only the subject counted"),
    Fault("k", "spellings", replaced(measuring, "identity_text", as_it_is), "spellings of an identity counted"),
    Fault("k", "spellings", replaced(measuring, "identity_text", as_it_is), "spellings of the subject counted"),
    Fault("k", "a null is its own", replaced(persons_module, "_filled", filled_by_rows), "null that the subject's other records fill"),
    Fault("k", "crowd", replaced(persons_module, "MANY_SUBJECTS", 60), "a value of a hundred subjects"),
    Fault("k", "equal values", replaced(measuring, "fingerprint", as_numbers), "equal by value, not by bytes"),
    Fault("k_all", "limit", limit(k_all.All, 1), "all columns, off by one"),
    Fault("k_all", "column", asked_of(k_all.All, "place"), "all columns, off by one"),
    Fault("k_without", "limit", limit(k_without.AllButOne, 1), "all but one sensitive column, off by one"),
    Fault("k_without", "column", left_out("without", "pay"), "all but one sensitive column, off by one"),
    Fault("k_values", "limit", limit(k_values.EveryValue, 1), "rare value, off by one"),
    Fault("k_values", "column", left_out("sensitive", "ill"), "rare value, off by one"),
    Fault("l", "limit", limit(distinct.Distinct, 1), "null counted as a value"),
    Fault("l", "column", left_out("around", "place"), "null counted as a value"),
    Fault("l", "null", replaced(Candidate, "values", null_as_a_value), "null counted as a value"),
    Fault("l", "spellings", replaced(measuring, "normal_text", lambda texts: texts), "spellings counted as values"),
    Fault("l", "synonyms", replaced(measuring, "without_spelling", lambda texts, *_: measuring.normal_text(texts)),
          "synonyms counted as values"),
    Fault("gain", "limit", limit(gain.Gain, 0.02), "gain, off by one, public"),
    Fault("gain", "limit", limit(gain.Gain, 0.02), "gain, off by one, controlled"),
    Fault("gain", "limit", limit(gain.Gain, 0.02), "gain, off by one, enclave"),
    Fault("gain", "column", left_out("around", "place"), "gain, off by one, controlled"),
    Fault("gain", "rows", replaced(gain, "certainty", certainty_by_rows), "gain over rows"),
    Fault("gain", "difference", replaced(gain, "DIFFERENCE", 0.95), "gain, off by one, controlled"),
    Fault("dominance", "limit", limit(dominance.Dominance, 0.05), "dominance, off by one, public"),
    Fault("dominance", "limit", limit(dominance.Dominance, 0.05), "dominance, off by one, controlled"),
    Fault("dominance", "limit", limit(dominance.Dominance, 0.05), "dominance, off by one, enclave"),
    Fault("dominance", "column", left_out("rest", "place"), "dominance, off by one, controlled"),
    Fault("attacker", "k", attackers_k_off_by_one, "attacker, off by one"),
    Fault("attacker", "limit", limit(attackers.Attackers, 0.07), "attacker, off by one"),
    Fault("attacker", "column", known_without("ill"), "attacker, off by one"),
    Fault("composition", "limit", limit(composition.Composition, 1), "joint group, off by one"),
    Fault("composition", "column", sibling_without("age"), "joint group, off by one"),
    Fault("common_values", "limit", limit(common_values.CommonValues, 1), "values in common"),
    Fault("common_values", "of one release", replaced(composing, "common_values", of_one_release), "values in common"),
)  # fmt: skip


def missed(one: World, folder: Path) -> set[tuple[str, int, str]]:
    """What the attacker finds in a world, as if all of it were published as anonymized, and the product lets pass."""
    _, decision = decided(one, folder)
    source, policy = one.publish(folder / "out")
    found = {(each.release, each.line, each.test) for each in attack(source, policy, folder / "out")}
    return found - {(name, *test) for name in decision.releases for test in failing(decision, name)}


EXACT = [name for name, (pair, line, _) in PAIRS.items() if line and all(not any(one.released.values()) for one in pair())]
"""Pairs of which all records are released, so that they can be compared with the product's decision on the same rows."""


@pytest.mark.parametrize("name", EXACT)
def test_the_product_names_every_test_that_the_attacker_names(name: str, tmp_path: Path) -> None:
    assert missed(PAIRS[name][0]()[1], tmp_path) == set()


@pytest.mark.parametrize("name", EXACT)
def test_the_product_lets_stand_what_holds(name: str, tmp_path: Path) -> None:
    _, decision = decided(PAIRS[name][0]()[0], tmp_path)
    assert {one: failing(decision, one) for one in decision.releases} == {one: set() for one in decision.releases}


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"{fault.requirement}, {fault.what}: {fault.pair}")
def test_the_attacker_sees_a_fault(fault: Fault, tmp_path: Path, monkeypatch: Patch) -> None:
    pair, line, test = PAIRS[fault.pair]
    fault.plant(monkeypatch)
    assert ("a", line, test) in missed(pair()[1], tmp_path)
    assert fault.requirement == test.partition(":")[0]


# What is worked out by hand


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
HERE, THERE = people("here", [*"aaaabbcc"], 0), people("there", [*"aabbbccc"], 100)
EIGHT = HERE + HERE[:1] * 5 + THERE
# Here four persons: three have an a, two a b, one of them both. There seven, each with one value. Of eleven five have an a.
BOTH = people("here", [*"aaab"], 0) + [{**HERE[0], "ill": "b"}] + people("there", [*"aabbccc"], 100)
# Four who must be suppressed, and who would change every share.
GONE = EIGHT + people("gone", [*"abcc"], 200)


def by_hand(require: dict[str, Any], figure: float, holds: bool, test: str, rows: Rows = EIGHT, **more: Any) -> ByHand:
    """A world of one release."""
    return ByHand(asking(require, rows, **more), test, figure, holds)


def pair_of(name: str, option: Callable[[float], Any], test: str, figure: float, near: float = 0.01, **more: Any) -> tuple[ByHand, ByHand]:
    """A figure with a limit just above it, and one just below."""
    above, below = ({name: {"ill": option(figure + by)}} for by in (near, -near))
    least = test == "l_entropy:ill"
    return by_hand(below if least else above, figure, True, test, **more), by_hand(above if least else below, figure, False, test, **more)


def share(limit: float) -> float:
    return round(limit, 6)


ENTROPY = 2 * sqrt(2)  # e to (ln 2) / 2 + (ln 4) / 2
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
    rows = [row for number, size in enumerate(sizes) for row in people(f"p{number}", (["a", "b"] * size)[:size], 1_000 * number)]
    return ByHand(world(rows, more={"environment": environment, "require": {"suppression": 0.0, **require}}), test, figure, holds)


CIPHER = "~AgAAAAAcayEFTSoAkR1crhaoc2rrX3j00OXmFloTXpjGp2jjmQ==~5bm5ZJ94~4~~"
CAREFUL, CARELESS = CALM, {**CALM, "security": "low"}
HISTORY, LINKED = {"a": {"place": "keep", "ill": "keep"}}, FIELDS
ONE_ALONE = people("here", [*"aaaaabbbbb", "c"], 0) + people("there", [*"aaaaabbbbb", *"cccccccccc"], 100)

HAND: dict[str, tuple[ByHand, ByHand]] = {
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
    "beta of persons with two values": pair_of("beta", share, "beta:ill", (3 / 4) / (5 / 11) - 1, rows=BOTH, sharing="enclave"),
    "delta": pair_of("delta", share, "delta:ill", log((6 / 16) / (2 / 8))),
    "delta of persons with two values": pair_of("delta", share, "delta:ill", log((3 / 4) / (5 / 11)), rows=BOTH, sharing="enclave"),
    "closeness of what is left": (by_hand({"t": {"ill": 0.2}}, 0.125, True, "t:ill", GONE, suppression=0.2),),
    "beta of what is left": (by_hand({"beta": {"ill": 0.5}}, (4 / 8) / (6 / 16) - 1, True, "beta:ill", GONE, suppression=0.2),),
    "delta of what is left": (by_hand({"delta": {"ill": 0.5}}, log((6 / 16) / (2 / 8)), True, "delta:ill", GONE, suppression=0.2),),
    # Ten persons in p, nine in q, five of them in both; five, or four, have been in q alone.
    "composite": (
        tokens(5, True, "k_composite", ("pq", 5), ("p", 5), ("q", 5)), tokens(4, False, "k_composite", ("pq", 5), ("p", 4), ("q", 4)),
    ),
    # Two tokens tie, one does not: one of three is named, which is chance. If none ties all are, less a third.
    "keyless": (
        tokens(0.0, True, "keyless:place", ("p", 10), ("q", 10), ("r", 12)),
        tokens(2 / 3, False, "keyless:place", ("p", 10), ("q", 11), ("r", 12)),
    ),
    "restorable": (
        ByHand(world(town(10) + crowd()), "restorable", 0, True),
        ByHand(world(town(10) + crowd(), columns=TOKENS, policy={"keys": {"key": "env:BEAM_DEID_KEY"}}), "restorable", 1, False),
    ),
    "digests": (placed(0, True, "digests", str), placed(1, False, "digests", lambda place: md5(place.encode()).hexdigest())),
    "platform": (placed(0, True, "platform", str), placed(1, False, "platform", lambda place: CIPHER if place == "there" else place)),
    # Each of 31 persons has one record; one of them shares place and ill with nobody.
    "history": (
        by_hand({"history": 0.04}, 1 / 31, True, "history", ONE_ALONE, columns=HISTORY, fields=LINKED),
        by_hand({"history": 0.03}, 1 / 31, False, "history", ONE_ALONE, columns=HISTORY, fields=LINKED),
    ),
    # Two groups of eight: each person hides among eight.
    "average risk": (risky(2 / 16, True, "average_risk", CAREFUL, 8, 8, average_risk=0.13),
                     risky(2 / 16, False, "average_risk", CAREFUL, 8, 8, average_risk=0.12)),
    # A breach is likely by 0.14 or by 0.55: 0.14 / 8, or 0.55 / 8.
    "overall risk": (risky(0.14 / 8, True, "overall_risk", CAREFUL, 8, 8), risky(0.55 / 8, False, "overall_risk", CARELESS, 8, 8)),
    "classes at risk": (risky(0, True, "classes_at_risk", CAREFUL, 5, 8), risky(1 / 2, False, "classes_at_risk", CAREFUL, 4, 8)),
}  # fmt: skip


HAND_FAULTS = (
    ("l_entropy", "limit", limit(entropy.Entropy, 0.1), "entropy"),
    ("l_entropy", "column", left_out("around", "place"), "entropy"),
    ("l_entropy", "rows", replaced(Candidate, "_by_identity", by_rows), "entropy"),
    ("l_commonest", "limit", limit(recursive.Recursive, 0.1), "recursive"),
    ("l_commonest", "column", left_out("around", "place"), "recursive"),
    ("l_commonest", "rows", replaced(Candidate, "_by_identity", by_rows), "recursive, l 3"),
    ("t", "limit", limit(closeness.Closeness, 0.1), "closeness"),
    ("t", "column", left_out("around", "place"), "closeness"),
    ("t", "rows", replaced(Candidate, "_by_identity", by_rows), "closeness"),
    ("t", "suppressed", figure_of_all, "closeness of what is left"),
    ("alpha", "limit", limit(alpha.Alpha, 0.1), "alpha"),
    ("alpha", "column", left_out("around", "place"), "alpha"),
    ("alpha", "rows", replaced(Candidate, "_by_identity", by_rows), "alpha of persons with two values"),
    ("beta", "limit", limit(beta.Beta, 0.1), "beta"),
    ("beta", "column", left_out("around", "place"), "beta"),
    ("beta", "rows", replaced(Candidate, "_by_identity", by_rows), "beta of persons with two values"),
    ("beta", "suppressed", figure_of_all, "beta of what is left"),
    ("delta", "limit", limit(delta.Delta, 0.1), "delta"),
    ("delta", "column", left_out("around", "place"), "delta"),
    ("delta", "rows", replaced(Candidate, "_by_identity", by_rows), "delta of persons with two values"),
    ("delta", "suppressed", figure_of_all, "delta of what is left"),
    ("k_composite", "limit", limit(composite.Composite, 1), "composite"),
    ("k_composite", "rows", counted(rows_for_persons), "composite"),
    ("keyless", "limit", limit(keyless.Keyless, 0.7), "keyless"),
    ("restorable", "limit", limit(restorable.Restorable, 1), "restorable"),
    ("digests", "limit", limit(digests.Digests, 1), "digests"),
    ("platform", "limit", limit(platform.Platform, 1), "platform"),
    ("history", "limit", limit(history.History, 0.01), "history"),
    ("history", "column", replaced(Candidate, "history", history_of_places), "history"),
    ("average_risk", "limit", limit(average_risk.AverageRisk, 0.01), "average risk"),
    ("average_risk", "column", left_out("rest", "place"), "average risk"),
    ("overall_risk", "limit", limit(risk.OverallRisk, 0.1), "overall risk"),
    ("overall_risk", "column", left_out("rest", "place"), "overall risk"),
    ("classes_at_risk", "limit", limit(classes_at_risk.ClassesAtRisk, 1), "classes at risk"),
    ("classes_at_risk", "threshold", replaced(candidate, "Setting", threshold_off_by_one), "classes at risk"),
    ("classes_at_risk", "column", left_out("rest", "place"), "classes at risk"),
)  # fmt: skip


def wrong(pair: tuple[ByHand, ...], folder: Path) -> list[str]:
    """What of a pair does not come out as it was worked out."""
    problems = []
    for number, one in enumerate(pair):
        (folder / str(number)).mkdir()
        _, decision = decided(one.world, folder / str(number))
        found, told = figures(decision).get(one.test), {name for _, name in failing(decision)}
        if found is None or abs(found - one.figure) > 1e-9:
            problems.append(f"{one.test} is {found}, not {one.figure}")
        if (one.test not in told) != one.holds or (one.holds and told):
            problems.append(f"{one.test} must {'hold' if one.holds else 'fail'}; these fail: {sorted(told)}")
    return problems


@pytest.mark.parametrize("name", HAND)
def test_figures_are_as_worked_out_by_hand(name: str, tmp_path: Path) -> None:
    assert wrong(HAND[name], tmp_path) == []


@pytest.mark.parametrize("fault", HAND_FAULTS, ids=lambda fault: f"{fault[0]}, {fault[1]}: {fault[3]}")
def test_figures_worked_out_by_hand_see_a_fault(fault: tuple[str, str, Plant, str], tmp_path: Path, monkeypatch: Patch) -> None:
    requirement, _, plant, pair = fault
    assert HAND[pair][0].test.partition(":")[0] == requirement
    plant(monkeypatch)
    assert wrong(HAND[pair], tmp_path)


def test_every_requirement_has_a_planted_fault() -> None:
    planted = {fault.requirement for fault in (*FAULTS, *RUN_FAULTS)} | {requirement for requirement, *_ in HAND_FAULTS}
    assert planted == {requirement.name for requirement in REQUIREMENTS}


# What is written


def dominated() -> World:
    """Someone has fourteen of twenty records here, and of five more, which four persons have with an ill of their own."""
    heavy = [{**town(1)[0], "ill": "flu" if number % 2 else "cold", "buyer": "heavy", "mobile": "13777777777"} for number in range(15)]
    others = town(6) + people("here", ["gone"] * 4, 500) * 3
    return world(heavy + others + crowd(160))


def common_where_suppressed() -> World:
    """A value that seventeen of twenty have here, and everybody in groups of four, which are suppressed."""
    here, others = people("here", ["rare"] * 17 + ["flu"] * 3, 0), crowd(400) + people("there", ["rare"] * 8, 9_000)
    gone = [row for number in range(150) for row in people(f"gone{number}", ["rare"] * 4, 10_000 + 4 * number)]
    return world(here + others + gone)


def absent() -> World:
    """Four persons who are suppressed in the one release, and of whom the other says that they are there."""
    fields = {**FIELDS, "size": {"role": "quasi_identifier"}}
    rows = [{**row, "size": "large"} for row in crowd()] + [{**row, "size": "odd"} for row in people("there", ["flu", "cold"] * 2, 0)]
    return World(rows, {"a": None, "b": None}, fields, {"a": {"place": "keep", "ill": "keep"}, "b": {"size": "keep", "ill": "keep"}})


def shuffled() -> World:
    return PAIRS["rows as in the source"][0]()[0]


@dataclass(frozen=True)
class RunFault:
    """A fault that shows in what is written.

    Attributes:
        requirement: Whose it is.
        plant: Makes it so.
        world: What is released.
        suppression: The share that may be suppressed.
        finding: What the attacker must say, by release, line and test.
    """

    requirement: str
    plant: Plant
    world: Callable[[], World]
    suppression: float
    finding: tuple[str, int, str]


RUN_FAULTS = (
    RunFault("gain", replaced(gain.Gain, "_certainty", staticmethod(certainty_of_all)), common_where_suppressed, 1.0, ("a", 4, "gain:ill")),
    RunFault("dominance", dominance_of_all, dominated, 0.5, ("a", 5, "dominance")),
    RunFault("composition", replaced(composing, "joint_groups", without_presence), absent, 0.2, ("a", 8, "composition:b")),
    RunFault("order", replaced(pieces, "value_order", as_they_came), shuffled, 0.0, ("a", 9, "order")),
)  # fmt: skip


def found(fault: RunFault, folder: Path) -> set[tuple[str, int, str]]:
    """What the attacker finds in what the product publishes."""
    prepared, decision = decided(fault.world(), folder, fault.suppression)
    assert decision.releases["a"].label.label == "anonymized"
    write(prepared, decision, folder / "out")
    made = attack(fault.world().source, fault.world().written(fault.suppression), folder / "out")
    return {(one.release, one.line, one.test) for one in made}


@pytest.mark.parametrize("fault", RUN_FAULTS, ids=lambda fault: fault.requirement)
def test_the_attacker_sees_a_fault_in_what_is_written(fault: RunFault, tmp_path: Path, monkeypatch: Patch) -> None:
    for part in ("right", "wrong"):
        (tmp_path / part).mkdir()
    assert found(fault, tmp_path / "right") == set()
    fault.plant(monkeypatch)
    assert fault.finding in found(fault, tmp_path / "wrong")


def test_more_is_suppressed_than_the_policy_allows(tmp_path: Path, monkeypatch: Patch) -> None:
    monkeypatch.setattr(choosing, "cut", lambda data, levels, *, only=None: cut(data, levels, 0.5, only=only))
    made = world(town(4) + crowd())
    prepared, decision = decided(made, tmp_path, 0.04)
    write(prepared, decision, tmp_path / "out")
    assert {one.test for one in attack(made.source, made.written(0.04), tmp_path / "out")} == {"suppression"}
