"""Faults planted in the product, one for every requirement at least: the attacker, or figures worked out by hand, see each."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from beam_deid.transforms.candidate import released_data
from beam_deid.transforms.candidate.candidate import Candidate
from beam_deid.transforms.candidate.released_data import ReleasedData
from beam_deid.transforms.candidate.suppression import cut
from beam_deid.transforms.composition import saying
from beam_deid.transforms.decide import choosing
from beam_deid.transforms.label.requirements import (
    REQUIREMENTS,
    alpha,
    attackers,
    average_risk,
    beta,
    classes_at_risk,
    closeness,
    common_values,
    composite,
    composition,
    delta,
    digests,
    direct_identifiers,
    distinct,
    dominance,
    entropy,
    filtered,
    gain,
    history,
    k,
    k_all,
    k_values,
    k_without,
    keyless,
    platform,
    recursive,
    register,
    restorable,
    risk,
    value_scan,
)
from beam_deid.transforms.label.scope import Scope
from beam_deid.transforms.measure import measuring, record_keys, spelling
from beam_deid.transforms.policy import scoping
from beam_deid.transforms.risk import persons as persons_module

from ..kit.without_engine import write
from . import faults
from .by_hand import HAND, ByHand
from .faults import Patch, Plant, asked_of, counted, known_without, left_out, limit, replaced, sibling_without
from .oracle import attack
from .planted import FIELDS, PAIRS, World, crowd, people, town, world
from .product import decided, failing, figures

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
    Fault(
        "direct_identifiers",
        "roles alone",
        replaced(direct_identifiers, "IDENTIFYING", frozenset()),
        "kind that overrides a role",
    ),
    Fault("value_scan", "nothing is scanned", replaced(ReleasedData, "hits", ()), "identifier among values"),
    Fault("value_scan", "limit", limit(value_scan.ValueScan, 1e6), "identifier among values"),
    Fault("k", "limit", limit(k.Rest, 1), "smallest group, off by one"),
    Fault("k", "column", left_out("rest", "device"), "a column left out"),
    Fault("k", "rows", counted(faults.rows_for_persons), "rows counted for persons"),
    Fault("k", "null", counted(faults.nulls_are_persons), "null counted as a person"),
    Fault("k", "subject alone", counted(faults.by_subject_alone), "only the subject counted"),
    Fault("k", "kind", replaced(scoping, "IDENTIFYING", frozenset()), "identities by their role alone"),
    Fault(
        "k", "spellings", replaced(record_keys, "identity_text", faults.as_it_is), "spellings of an identity counted"
    ),
    Fault(
        "k", "spellings", replaced(record_keys, "identity_text", faults.as_it_is), "spellings of the subject counted"
    ),
    Fault(
        "k",
        "a null is its own",
        replaced(persons_module, "filled", faults.filled_by_rows),
        "null that the subject's other records fill",
    ),
    Fault("k", "crowd", replaced(persons_module, "MANY_SUBJECTS", 60), "a value of a hundred subjects"),
    Fault("k", "equal values", replaced(record_keys, "fingerprint", faults.as_numbers), "equal by value, not by bytes"),
    Fault("k_all", "limit", limit(k_all.All, 1), "all columns, off by one"),
    Fault("k_all", "column", asked_of(k_all.All, "place"), "all columns, off by one"),
    Fault("k_without", "limit", limit(k_without.AllButOne, 1), "all but one sensitive column, off by one"),
    Fault("k_without", "column", left_out("without", "pay"), "all but one sensitive column, off by one"),
    Fault("k_values", "limit", limit(k_values.EveryValue, 1), "rare value, off by one"),
    Fault("k_values", "column", left_out("sensitive", "ill"), "rare value, off by one"),
    Fault("l", "limit", limit(distinct.Distinct, 1), "null counted as a value"),
    Fault("l", "column", left_out("around", "place"), "null counted as a value"),
    Fault("l", "null", replaced(Candidate, "values", faults.null_as_a_value), "null counted as a value"),
    Fault("l", "spellings", replaced(spelling, "spelt_once", lambda texts: texts), "spellings counted as values"),
    Fault(
        "l",
        "synonyms",
        replaced(measuring, "without_spelling", lambda texts, *_: spelling.spelt_once(texts)),
        "synonyms counted as values",
    ),
    Fault("gain", "limit", limit(gain.Gain, 0.02), "gain, off by one, public"),
    Fault("gain", "limit", limit(gain.Gain, 0.02), "gain, off by one, controlled"),
    Fault("gain", "limit", limit(gain.Gain, 0.02), "gain, off by one, enclave"),
    Fault("gain", "column", left_out("around", "place"), "gain, off by one, controlled"),
    Fault("gain", "rows", replaced(Candidate, "group_values", faults.values_by_rows), "gain over rows"),
    Fault("gain", "difference", replaced(gain, "DIFFERENCE", 0.95), "gain, off by one, controlled"),
    Fault("dominance", "limit", limit(dominance.Dominance, 0.05), "dominance, off by one, public"),
    Fault("dominance", "limit", limit(dominance.Dominance, 0.05), "dominance, off by one, controlled"),
    Fault("dominance", "limit", limit(dominance.Dominance, 0.05), "dominance, off by one, enclave"),
    Fault("dominance", "column", left_out("rest", "place"), "dominance, off by one, controlled"),
    Fault("attacker", "k", faults.attackers_k_off_by_one, "attacker, off by one"),
    Fault("attacker", "limit", limit(attackers.Attackers, 0.07), "attacker, off by one"),
    Fault("attacker", "column", known_without("ill"), "attacker, off by one"),
    Fault("composition", "limit", limit(composition.Composition, 1), "joint group, off by one"),
    Fault("composition", "column", sibling_without("age"), "joint group, off by one"),
    Fault("common_values", "limit", limit(common_values.CommonValues, 1), "values in common"),
    Fault(
        "common_values", "of one release", replaced(saying, "common_values", faults.of_one_release), "values in common"
    ),
)


def missed(one: World, folder: Path) -> set[tuple[str, int, str]]:
    """What the attacker finds in a world, as if all of it were published as anonymized, and the product lets pass."""
    _, decision = decided(one, folder)
    source, policy = one.publish(folder / "out")
    found = {(each.release, each.line, each.test) for each in attack(source, policy, folder / "out")}
    return found - {(name, *test) for name in decision.releases for test in failing(decision, name)}


EXACT = [
    name for name, (pair, line, _) in PAIRS.items() if line and all(not any(one.released.values()) for one in pair())
]
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


EAGER = (
    ("gain", "nulls are nobody", replaced(Candidate, "group_values", faults.without_nulls), "gain with nulls"),
    ("k", "masks name somebody", replaced(record_keys, "identity_text", faults.as_it_is), "masked identity"),
    ("k", "a shop is somebody", replaced(persons_module, "MANY_SUBJECTS", 10_000), "a value of a hundred subjects"),
)
"""Faults that make the product fail what holds."""


@pytest.mark.parametrize("fault", EAGER, ids=lambda fault: f"{fault[0]}, {fault[1]}")
def test_a_fault_that_fails_what_holds_is_seen(
    fault: tuple[str, str, Plant, str], tmp_path: Path, monkeypatch: Patch
) -> None:
    _, _, plant, pair = fault
    plant(monkeypatch)
    assert failing(decided(PAIRS[pair][0]()[0], tmp_path)[1])


# What is worked out by hand


HAND_FAULTS = (
    ("l_entropy", "limit", limit(entropy.Entropy, 0.1), "entropy"),
    ("l_entropy", "column", left_out("around", "place"), "entropy"),
    ("l_entropy", "rows", replaced(Candidate, "_by_identity", faults.by_rows), "entropy"),
    ("l_commonest", "limit", limit(recursive.Recursive, 0.1), "recursive"),
    ("l_commonest", "column", left_out("around", "place"), "recursive"),
    ("l_commonest", "rows", replaced(Candidate, "_by_identity", faults.by_rows), "recursive, l 3"),
    ("t", "limit", limit(closeness.Closeness, 0.1), "closeness"),
    ("t", "column", left_out("around", "place"), "closeness"),
    ("t", "rows", replaced(Candidate, "_by_identity", faults.by_rows), "closeness"),
    ("t", "suppressed", faults.figure_of_all, "closeness of what is left"),
    ("alpha", "limit", limit(alpha.Alpha, 0.1), "alpha"),
    ("alpha", "column", left_out("around", "place"), "alpha"),
    ("alpha", "rows", replaced(Candidate, "_by_identity", faults.by_rows), "alpha of persons with two values"),
    ("beta", "limit", limit(beta.Beta, 0.1), "beta"),
    ("beta", "column", left_out("around", "place"), "beta"),
    ("beta", "rows", replaced(Candidate, "_by_identity", faults.by_rows), "beta of persons with two values"),
    ("beta", "suppressed", faults.figure_of_all, "beta of what is left"),
    ("delta", "limit", limit(delta.Delta, 0.1), "delta"),
    ("delta", "column", left_out("around", "place"), "delta"),
    ("delta", "rows", replaced(Candidate, "_by_identity", faults.by_rows), "delta of persons with two values"),
    ("delta", "suppressed", faults.figure_of_all, "delta of what is left"),
    ("k_composite", "limit", limit(composite.Composite, 1), "composite"),
    ("k_composite", "rows", counted(faults.rows_for_persons), "composite"),
    ("keyless", "limit", limit(keyless.Keyless, 0.7), "keyless"),
    ("restorable", "limit", limit(restorable.Restorable, 1), "restorable"),
    ("digests", "limit", limit(digests.Digests, 1), "digests"),
    ("platform", "limit", limit(platform.Platform, 1), "platform"),
    ("register", "limit", limit(register.Register, 1), "register"),
    ("register", "sharing", replaced(register.Register, "sharings", ()), "register"),
    ("row_filter", "limit", limit(filtered.Filtered, 2), "row filter"),
    ("row_filter", "kind", replaced(Scope, "telling_filters", ()), "row filter of a kind"),
    ("history", "limit", limit(history.History, 0.01), "history"),
    ("history", "column", replaced(Candidate, "history", faults.history_of_places), "history"),
    ("average_risk", "limit", limit(average_risk.AverageRisk, 0.01), "average risk"),
    ("average_risk", "column", left_out("rest", "place"), "average risk"),
    ("overall_risk", "limit", limit(risk.OverallRisk, 0.1), "overall risk"),
    ("overall_risk", "column", left_out("rest", "place"), "overall risk"),
    ("classes_at_risk", "limit", limit(classes_at_risk.ClassesAtRisk, 1), "classes at risk"),
    (
        "classes_at_risk",
        "threshold",
        replaced(released_data, "Setting", faults.threshold_off_by_one),
        "classes at risk",
    ),
    ("classes_at_risk", "column", left_out("rest", "place"), "classes at risk"),
)


def wrong(pair: tuple[ByHand, ...], folder: Path) -> list[str]:
    """What of a pair does not come out as it was worked out."""
    problems = []
    for number, one in enumerate(pair):
        (folder / str(number)).mkdir()
        _, decision = decided(one.world, folder / str(number))
        found = figures(decision).get(one.test)
        told = {name for _, name in failing(decision)}
        if found is None or abs(found - one.figure) > 1e-9:
            problems.append(f"{one.test} is {found}, not {one.figure}")
        if (one.test not in told) != one.holds or (one.holds and told):
            problems.append(f"{one.test} must {'hold' if one.holds else 'fail'}; these fail: {sorted(told)}")
    return problems


@pytest.mark.parametrize("name", HAND)
def test_figures_are_as_worked_out_by_hand(name: str, tmp_path: Path) -> None:
    assert wrong(HAND[name], tmp_path) == []


@pytest.mark.parametrize("fault", HAND_FAULTS, ids=lambda fault: f"{fault[0]}, {fault[1]}: {fault[3]}")
def test_figures_worked_out_by_hand_see_a_fault(
    fault: tuple[str, str, Plant, str], tmp_path: Path, monkeypatch: Patch
) -> None:
    requirement, _, plant, pair = fault
    assert HAND[pair][0].test.partition(":")[0] == requirement
    plant(monkeypatch)
    assert wrong(HAND[pair], tmp_path)


ELSEWHERE = {"other_tables"}
"""Requirements whose faults are planted where a run has several tables: `tests/joining/test_run_tables.py`."""


def test_every_requirement_has_a_planted_fault() -> None:
    planted = {fault.requirement for fault in (*FAULTS, *RUN_FAULTS)} | {requirement for requirement, *_ in HAND_FAULTS}
    assert planted | ELSEWHERE == {requirement.name for requirement in REQUIREMENTS}


# What is written


def dominated() -> World:
    """Someone has fifteen of 21 records here, and of twelve more, which four persons have with an ill of their own."""
    one = {**town(1)[0], "buyer": "heavy", "mobile": "13777777777"}
    heavy = [{**one, "ill": "flu" if number % 2 else "cold"} for number in range(15)]
    others = town(6) + people("here", ["gone"] * 4, 500) * 3
    return world(heavy + others + crowd(160))


def common_where_suppressed() -> World:
    """A value that seventeen of twenty have here, and everybody in groups of four, which are suppressed."""
    here = people("here", ["rare"] * 17 + ["flu"] * 3, 0)
    others = crowd(400) + people("there", ["rare"] * 8, 9_000)
    gone = [row for number in range(150) for row in people(f"gone{number}", ["rare"] * 4, 10_000 + 4 * number)]
    return world(here + others + gone)


def absent() -> World:
    """Four persons who are suppressed in the one release, and of whom the other says that they are there."""
    fields = {**FIELDS, "size": {"role": "quasi_identifier"}}
    rows = [{**row, "size": "large"} for row in crowd()] + people("there", ["flu", "cold"] * 2, 0, size="odd")
    columns = {"a": {"place": "keep", "ill": "keep"}, "b": {"size": "keep", "ill": "keep"}}
    return World(rows, {"a": None, "b": None}, fields, columns)


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
    RunFault(
        "gain",
        replaced(gain.Gain, "_certainty", staticmethod(faults.certainty_of_all)),
        common_where_suppressed,
        1.0,
        ("a", 4, "gain:ill"),
    ),
    RunFault("dominance", faults.dominance_of_all, dominated, 0.5, ("a", 5, "dominance")),
    RunFault(
        "composition", replaced(saying, "joint_groups", faults.without_presence), absent, 0.2, ("a", 8, "composition:b")
    ),
    RunFault("order", faults.rows_as_they_came, shuffled, 0.0, ("a", 9, "order")),
)


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
