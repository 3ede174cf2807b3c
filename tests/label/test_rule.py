"""The nine lines, each broken by itself: by data and a policy that go through measuring and deciding as a run's do."""

import copy
import json

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_deid.transforms.label.condition import REGISTERED
from beam_deid.transforms.label.contradictions import contradictions
from beam_deid.transforms.label.read_scope import read_scope
from beam_deid.transforms.label.requirements import planned
from beam_deid.transforms.label.requirements.requirement import Compare, Figure, Planned, holds
from beam_deid.transforms.label.rule import test_of as tested
from beam_deid.transforms.terms import LabelName

from ..kit.crowds import crowd, grid, mobile, turn
from ..kit.deciding import decided, failing, label_of
from ..kit.examples import examples
from ..kit.policies import policy, release, roles

CELLS = grid(city=["north", "south"], age=[21, 41])
KEYS = {"keys": {"key": "env:BEAM_DEID_KEY"}}


def people(persons=60, **columns):
    made = {"category": lambda who: turn("abc", who.person + who.order)} | columns
    return crowd(CELLS, persons, 2, **made)


def asking(
    *,
    direct="buyer",
    quasi="city age",
    sensitive="category",
    insensitive="",
    sharing="controlled",
    fields=None,
    top=None,
    attackers=None,
    **require,
):
    """A policy whose releases a and b keep what is not direct; `fields` says more of both."""
    kept = " ".join(name.partition(":")[0] for name in f"{quasi} {sensitive} {insensitive}".split())
    more = {"require": require} | ({"attackers": attackers} if attackers else {})
    each = release(sharing, kept, fields, **more)
    named = {"direct": direct, "quasi": quasi, "sensitive": sensitive} | (
        {"insensitive": insensitive} if insensitive else {}
    )
    return policy(roles(**named), top=top, a=each, b=release(sharing, kept, fields, require=require))


COURIER = {"courier": {"knows": ["city", "category"]}}
SAFE = asking(attackers=COURIER)


def rare(who):
    """Four persons of the first cell have what nobody else has."""
    return "z" if who.cell == 0 and who.person < 4 else turn("abc", who.person + who.order)


def skewed(who):
    """Nearly everybody of the first cell has a, and few others do."""
    return ("a" if who.person >= 2 else "b") if who.cell == 0 else turn("abcd", who.person)


def many_orders(table, rows):
    """The first row so many times more: somebody with most of a group's records."""
    return pa.concat_tables([table, pa.concat_tables([table.slice(0, 1)] * rows)])


SPELLINGS = ["手机", "手機 "]
DIGESTS = ["0cc175b9c0f1b6a831c399e269772661", "92eb5ffee6ae2fec3ad71c777531578f"]


def digests_tried(asked):
    """With so few tries that the attack takes no time: digests need not be broken to be named."""
    return {**asked, "releases": {name: {**one, "digests": {"tries": 1000}} for name, one in asked["releases"].items()}}


WORSE = {
    "clear identifier": (
        people(phone=lambda who: mobile(who.number)),
        asking(direct="buyer phone:mobile", fields={"phone": "keep"}),
        "direct_identifiers",
        1,
    ),
    "a kind overrides the role": (
        people(phone=lambda who: mobile(who.number)),
        asking(insensitive="phone:mobile"),
        "direct_identifiers",
        1,
    ),
    "masked identifier": (
        people(phone=lambda who: mobile(who.number)),
        asking(direct="buyer phone:mobile", fields={"phone": {"mask": {"preset": "mobile"}}}),
        "direct_identifiers",
        1,
    ),
    "keyed identifier": (people(), asking(fields={"buyer": "hash"}, top=KEYS), "direct_identifiers", 1),
    "identifier found by the scan": (
        people(note=lambda who: mobile(who.number % 2)),
        asking(insensitive="note"),
        "value_scan",
        1,
    ),
    "any keyed field": (
        people(shop=lambda who: "only"),
        asking(insensitive="shop", fields={"shop": "hash"}, top=KEYS),
        "restorable",
        3,
    ),
    "digest": (
        people(shop=lambda who: turn(DIGESTS, who.person)),
        digests_tried(asking(insensitive="shop")),
        "digests",
        3,
    ),
    "small group": (people(4), asking(), "k", 2),
    "a group just smaller than is asked": (people(), asking(k=61), "k", 2),
    "an insensitive column counts": (people(shop=lambda who: who.number // 4), asking(insensitive="shop"), "k", 2),
    "all columns in public": (people(category=rare), asking(sharing="public"), "k_all", 2),
    "anything but one sensitive column": (
        people(brand=lambda who: turn(range(20), who.person)),
        asking(sensitive="category brand"),
        "k_without:category",
        2,
    ),
    "a rare sensitive value": (people(category=rare), asking(), "k_values:category", 2),
    "nobody says whom": (people(), asking(top={"subject": None}), "k", 2),
    "no record": (people().slice(0, 0), asking(), "k", 2),
    "one sensitive value": (people(category=lambda who: "ab"[who.cell % 2]), asking(), "l:category", 3),
    "one value in two spellings": (
        people(category=lambda who: turn(SPELLINGS if who.cell else "ab", who.person)),
        asking(),
        "l:category",
        3,
    ),
    "two values that mean the same": (
        people(category=lambda who: turn("ab" if who.cell else "cd", who.person)),
        asking(top={"same": {"category": {"c": ["d"]}}}),
        "l:category",
        3,
    ),
    "one value and null": (
        people(category=lambda who: turn(["a", None] if who.cell else "bc", who.person)),
        asking(),
        "l:category",
        3,
    ),
    "certainty": (people(category=skewed), asking(), "gain:category", 3),
    "quasi and sensitive at once": (
        people(pay=lambda who: 10 * who.cell),
        {
            **asking(),
            "fields": {**roles(direct="buyer", quasi="city age", sensitive="category"), **roles(both="pay")},
            "releases": {"a": release("controlled", "city age category pay")},
        },
        "l:pay",
        3,
    ),
    "dominance": (many_orders(people(), 400), asking(), "dominance", 3),
    "overall risk": (people(10), asking(), "overall_risk", 2),
    "attacker": (people(category=rare), asking(attackers=COURIER), "attacker:courier", 2),
    "t": (
        people(category=lambda who: turn("aab" if who.cell else "abb", who.person)),
        asking(t={"category": 0.1}),
        "t:category",
        3,
    ),
    "alpha": (
        people(category=lambda who: turn("aaab", who.person)),
        asking(alpha={"category": 0.7}),
        "alpha:category",
        3,
    ),
    "entropy": (
        people(category=lambda who: turn("aaab", who.person)),
        asking(l={"category": {"entropy": 1.9}}),
        "l_entropy:category",
        3,
    ),
    "recursive": (
        people(category=lambda who: turn("aaab", who.person)),
        asking(l={"category": {"recursive": [3, 2]}}),
        "l_commonest:category",
        3,
    ),
    "beta": (
        people(category=lambda who: turn("aab" if who.cell else "abb", who.person)),
        asking(beta={"category": 0.3}),
        "beta:category",
        3,
    ),
    "delta": (
        people(category=lambda who: turn("aab" if who.cell else "abb", who.person)),
        asking(delta={"category": 0.3}),
        "delta:category",
        3,
    ),
}


def test_a_release_that_meets_every_line_is_anonymized():
    label = label_of(SAFE, people())
    assert failing(label) == set()
    assert label.label == LabelName.ANONYMIZED
    assert {test.line for test in label.tests} == set(range(1, 10))
    assert (label.sensitive, label.grade, label.condition, label.changes) == (True, 3, REGISTERED, ())


@pytest.mark.parametrize("case", WORSE)
def test_one_line_is_enough_for_still_personal(case, monkeypatch):
    monkeypatch.setenv("BEAM_DEID_KEY", "a key that is long enough for everything here")
    table, asked, name, grade = WORSE[case]
    label = label_of(asked, table)
    assert label.label == LabelName.STILL_PERSONAL
    assert name in failing(label)
    assert {"order", name} <= {change.test for change in label.changes}
    assert label.grade == grade
    assert label.condition == ""


def test_each_of_the_failing_lines_is_what_fails_alone():
    """Of cases that break nothing else the one test fails, and the order of rows, which follows."""
    alone = [
        "identifier found by the scan",
        "any keyed field",
        "digest",
        "a group just smaller than is asked",
        "dominance",
        "certainty",
        "overall risk",
        "t",
        "alpha",
        "entropy",
        "recursive",
        "beta",
        "delta",
    ]
    beside = {"a group just smaller than is asked": {"k_without:category", "classes_at_risk", "overall_risk"}}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BEAM_DEID_KEY", "a key that is long enough for everything here")
        for case in alone:
            table, asked, name, _ = WORSE[case]
            one = {**asked, "releases": {"a": asked["releases"]["a"]}}
            also = {"k_composite"} if case == "any keyed field" else beside.get(case, set())
            assert failing(label_of(one, table)) - also == {name, "order"}, case


def test_two_releases_that_say_together_what_neither_says():
    ages = [20, 21, 22, 23, 24, 25]

    def table(between):
        return pa.concat_tables(
            [
                crowd(
                    grid(city=["north"], age=[age]),
                    between if age in (22, 23) else 30,
                    2,
                    buyer=lambda who, age=age: f"{age}-{who.person}",
                    category=lambda who: turn("abc", who.person + who.order),
                )
                for age in ages
            ]
        )

    def two(other):
        by = {
            name: release("enclave", kept, {"age": {"generalize": {"ranges": [width], "start": 20, "level": 0}}})
            for name, kept, width in (("a", "city category", 2), ("b", "city", other))
        }
        return policy(roles(direct="buyer", quasi="city age", sensitive="category"), **by)

    def composed(label):
        (test,) = (test for test in label.tests if test.name.startswith("composition"))
        return test.measured, test.passed, test.line

    apart = decided(two(3), table(2))
    assert composed(apart["a"].label) == composed(apart["b"].label) == (2, False, 8)
    assert composed(decided(two(3), table(3))["a"].label) == (3, True, 8)
    assert composed(decided(two(6), table(2))["a"].label)[1]
    personal = two(3)
    personal["releases"]["b"]["expect"] = "still_personal"
    assert not [test for test in label_of(personal, table(2)).tests if test.line == 8]


def test_rows_are_said_to_be_shuffled_only_where_every_other_line_holds():
    (held,) = (test for test in label_of(SAFE, people()).tests if test.line == 9)
    (missed,) = (test for test in label_of(SAFE, people(4)).tests if test.line == 9)
    assert (held.passed, missed.passed) == (True, False)


def test_what_singles_people_out_is_told_and_is_no_condition():
    label = label_of(SAFE, people(category=lambda who: f"{who.cell % 2}{turn('abc', who.person + who.order)}"))
    told = {attack.name: attack.limit for attack in label.attacks}
    assert told == {"source": None, "source+sensitive": None, "attacker:courier": 0.0}


@pytest.mark.parametrize("figure", [None, float("nan"), float("inf"), -float("inf")])
@pytest.mark.parametrize("compare", Compare)
def test_what_was_not_measured_does_not_hold(figure, compare):
    assert not holds(figure, 5, compare)
    assert not holds(5, None, compare)


@pytest.mark.parametrize(
    ("measured", "limit", "compare", "held"),
    [
        (5, 5, Compare.AT_LEAST, True),
        (4, 5, Compare.AT_LEAST, False),
        (0.3, 0.1 + 0.2, Compare.AT_MOST, True),
        (0.1 + 0.2, 0.3, Compare.AT_MOST, True),
        (0.3001, 0.3, Compare.AT_MOST, False),
        (3.0, 3, Compare.BELOW, False),
        (2.99, 3, Compare.BELOW, True),
        (0, 0, Compare.AT_MOST, True),
        (1, 0, Compare.AT_MOST, False),
    ],
)
def test_a_figure_is_within_its_limit_but_for_rounding(measured, limit, compare, held):
    assert holds(measured, limit, compare) == held


def told_of(measured, limit, compare):
    planned_one = Planned(3, "one", limit, compare, (), "one")
    return tested(planned_one, Figure(measured, ""))


@examples(1)
@given(
    st.floats(0.001, 10).map(lambda one: float(f"{one:.3g}")),
    st.sampled_from([0.0, 1e-15, 4e-13, 9e-13, 1.1e-12, 5e-12, 4e-11, 6e-11, 1e-9, 1e-3]),
    st.sampled_from([-1, 1]),
    st.sampled_from(Compare),
)
def test_no_rounding_passes_a_limit_and_what_is_told_decides_alike(limit, off, side, compare):
    measured = limit + side * off
    found = told_of(measured, limit, compare)
    assert found.passed == holds(measured, limit, compare)
    assert holds(found.measured, limit, compare) == found.passed
    assert found.measured == pytest.approx(measured, rel=1e-9)


def test_the_last_digits_of_a_sum_are_not_told():
    assert told_of(0.1 + 0.2, 0.5, Compare.AT_MOST) == told_of(0.3, 0.5, Compare.AT_MOST)
    assert told_of(None, 0.5, Compare.AT_MOST).measured is None


# What does not follow from its own evidence


def written(policy, table):
    """The label of release ``a`` as ``label.json`` has it, as far as it can be decided again."""
    found = decided(policy, table)["a"]
    document = {
        "release": "a",
        "sharing": "controlled",
        **found.label.to_document(),
        "records": found.records.to_document(),
    }
    return json.loads(json.dumps(document))


@pytest.fixture(scope="module")
def labels():
    """One that is anonymized, and one that is not."""
    asked = asking(
        attackers=COURIER, k=6, l={"category": {"distinct": 3, "entropy": 1.5}}, t={"category": 0.3}, risk=0.04
    )
    return [written(asked, people()), written(asked, people(4))]


def test_a_label_follows_from_its_own_evidence(labels):
    assert [label["label"] for label in labels] == ["anonymized", "still_personal"]
    assert [contradictions(label) for label in labels] == [[], []]


def single_changes(label):
    """Every place of a label at which one other value would say something else, with that value."""
    scope = read_scope(label)
    compares = {test.name: test.compare for _, test in planned(scope)}
    yield ("label",), "still_personal" if label["label"] == "anonymized" else "anonymized"
    for sharing in {"public", "controlled", "enclave"} - {label["sharing"]}:
        yield ("sharing",), sharing
    for at, test in enumerate(label["tests"]):
        yield ("tests", at, "passed"), not test["passed"]
        yield ("tests", at, "passed"), None
        yield ("tests", at, "line"), test["line"] % 9 + 1
        yield ("tests", at, "name"), test["name"] + "x"
        more = compares[test["name"]] is Compare.AT_LEAST
        beyond, within = (test["limit"] - 1, test["limit"] + 1) if more else (test["limit"] + 1, test["limit"] - 1)
        yield ("tests", at, "measured"), beyond if test["passed"] else within
        if test["passed"]:
            yield ("tests", at, "measured"), None
            yield ("tests", at, "measured"), True
        for other in (within, beyond, None):
            yield ("tests", at, "limit"), other
    for name in label["fields"]:
        for role in ("quasi_identifier", "sensitive"):
            if label["fields"][name]["role"] != [role]:
                yield ("fields", name, "role"), [role]
    yield ("asked", "asked", "k"), 7
    yield ("asked", "asked", "l"), {"category": {"distinct": 2, "entropy": 1.5}}
    yield ("asked", "asked", "l"), {"category": {"distinct": 3}}
    yield ("asked", "asked", "t"), {"category": 0.4}
    yield ("asked", "asked", "t"), {}
    yield ("asked", "asked", "risk"), 0.03
    yield ("asked", "attackers"), {}
    yield ("asked", "siblings"), {}
    yield ("asked", "siblings", "b", "k"), 7
    yield ("asked", "siblings", "b", "sensitive"), []
    yield ("asked", "linked"), True
    for key in ("tests", "asked", "fields", "sharing"):
        yield (key,), None


def with_change(label, path, value):
    changed = copy.deepcopy(label)
    *way, last = path
    place = changed
    for key in way:
        place = place[key]
    place[last] = value
    return changed


@examples(0.6)
@given(st.data())
def test_any_single_change_that_matters_is_found(labels, data):
    label = data.draw(st.sampled_from(labels))
    path, value = data.draw(st.sampled_from(list(single_changes(label))))
    assert contradictions(with_change(label, path, value)), (path, value)


def test_all_single_changes_that_matter_are_found(labels):
    for label in labels:
        missed = [
            (path, value)
            for path, value in single_changes(label)
            if not contradictions(with_change(label, path, value))
        ]
        assert not missed


def test_a_test_that_is_gone_or_is_there_twice_is_found(labels):
    for label in labels:
        for at in range(len(label["tests"])):
            gone = {**label, "tests": [test for place, test in enumerate(label["tests"]) if place != at]}
            assert contradictions(gone)
    anonymized, personal = labels
    (bad,) = (test for test in personal["tests"] if test["name"] == "k")
    (good,) = (test for test in anonymized["tests"] if test["name"] == "k")
    assert contradictions({**anonymized, "tests": [bad, *anonymized["tests"]]})
    assert contradictions({**anonymized, "tests": [*anonymized["tests"], good]})
