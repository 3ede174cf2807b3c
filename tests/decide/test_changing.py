"""What would change a label really does: each change that is named is made, and the release is made again."""

import copy

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_deid.transforms.decide.changing import _up

from ..kit.crowds import crowd, grid, turn
from ..kit.deciding import decided, failing, label_of
from ..kit.policies import policy, release, roles

CELLS = grid(city=["north", "south"], age=[21, 41])


def people(*more, persons=60, **columns):
    made = {"category": lambda who: turn("abc", who.person + who.order)} | columns
    return crowd(CELLS, persons, 2, **made)


def asked(kept="city age category", sensitive="category", quasi="city age", **require):
    return policy(
        roles(direct="buyer", quasi=quasi, sensitive=sensitive),
        a=release("controlled", kept, require={"suppression": 0.0, **require}),
    )


CASES = {
    "k": (
        people(zone=lambda who: who.person // 2 if who.cell == 0 and who.person < 6 else 100),
        asked("city age zone category", quasi="city age zone"),
    ),
    "rare value": (
        people(category=lambda who: "z" if who.number < 3 else turn("abc", who.person + who.order)),
        asked(),
    ),
    "one value": (people(category=lambda who: turn("ab", who.person) if who.cell else "a"), asked()),
    "certainty": (
        people(category=lambda who: "ab"[who.person < 2] if who.cell == 0 else turn("abcd", who.person)),
        asked(),
    ),
    "two sensitive": (
        people(brand=lambda who: turn(range(20), who.person)),
        asked("city age category brand", "category brand"),
    ),
    "alpha": (
        people(category=lambda who: turn("aaab", who.person) if who.cell == 0 else turn("ab", who.person)),
        asked(alpha={"category": 0.7}),
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_every_change_that_is_named_makes_the_condition_hold(case):
    table, spec = CASES[case]
    label = label_of(spec, table)
    named = {change.test: change for change in label.changes}
    assert set(named) == failing(label)
    tried = 0
    for test, change in named.items():
        for column in change.drop or ():
            again = copy.deepcopy(spec)
            del again["releases"]["a"]["fields"][column]
            again["releases"]["a"]["require"] = {
                name: {one: limit for one, limit in limits.items() if one != column}
                if isinstance(limits, dict)
                else limits
                for name, limits in again["releases"]["a"]["require"].items()
            }
            assert test not in failing(label_of(again, table)), (test, column)
            assert column in change.text
            tried += 1
    shares = {change.suppress for change in named.values()} - {None}
    assert len(shares) <= 1
    for share in shares:
        again = copy.deepcopy(spec)
        again["releases"]["a"]["require"]["suppression"] = _up(share)
        made = decided(again, table)["a"]
        suppressing = {test for test, change in named.items() if change.suppress is not None}
        assert not suppressing & failing(made.label)
        assert made.records.suppressed == round(share * len(table))
        again["releases"]["a"]["require"]["suppression"] = share * 0.99
        assert suppressing & failing(label_of(again, table))
        tried += 1
    assert tried


def test_a_share_that_leaves_too_great_a_risk_is_not_told():
    # Nearly all of a group have the value "a": its certainty would be fixed by suppression, the overall risk would not.
    table = people(
        persons=8, category=lambda who: "a" if who.cell == 0 and who.person else turn("abc", who.person + who.order)
    )
    changes = {change.test: change for change in label_of(asked(), table).changes}
    assert "overall_risk" in changes
    assert changes["gain:category"].suppress is None


def test_a_share_that_the_policy_allows_already_is_not_told(tmp_path):
    # Nobody of the attacker's table is met, so that its test stays untested whatever is suppressed.
    pq.write_table(pa.table({"city": ["elsewhere"] * 9}), tmp_path / "known.parquet")
    table = people(category=lambda who: "z" if who.number < 3 else turn("abc", who.person + who.order))
    told = []
    for share in (0.0, 0.5):
        spec = asked(suppression=share)
        spec["releases"]["a"]["attackers"] = {"press": {"table": str(tmp_path / "known.parquet"), "knows": ["city"]}}
        label = label_of(spec, table)
        assert {"attacker:press", "k_values:category"} <= failing(label)
        told.append({change.test: change.suppress for change in label.changes}["k_values:category"])
    assert told == [pytest.approx(6 / len(table)), None]


def test_of_the_overall_risk_the_environment_is_a_way_where_none_is_said():
    spec = asked()
    table = people(persons=8)
    (change,) = (one for one in label_of(spec, table).changes if one.test == "overall_risk")
    assert "say the recipient's environment" in change.text
    spec["releases"]["a"]["environment"] = {
        "controls": "high",
        "motive": "low",
        "prevalence": 0.001,
        "acquaintances": 150,
        "security": "high",
    }
    assert "overall_risk" not in failing(label_of(spec, table))


@given(st.floats(0, 1))
def test_a_share_that_is_told_is_enough_and_hardly_more(share):
    assert share <= _up(share) <= share + 0.000101


def test_nothing_is_suggested_where_nothing_fails():
    assert label_of(asked(), people()).changes == ()


def test_without_a_subject_the_change_is_to_name_one():
    spec = asked() | {"subject": None}
    changes = label_of({name: value for name, value in spec.items() if value is not None}, people()).changes
    said = {change.text for change in changes if change.line in (3, 4, 5, 6)}
    assert said == {"name the subject in the policy, or write subject: each_record where every record is one person"}


def test_of_an_identifier_the_change_is_to_drop_it():
    spec = asked("city age category")
    spec["fields"]["phone"] = {"role": "insensitive", "kind": "mobile"}
    spec["releases"]["a"]["fields"]["phone"] = "keep"
    table = people(phone=lambda who: f"138{who.number:08d}")
    (change,) = (one for one in label_of(spec, table).changes if one.test == "direct_identifiers")
    assert "drop phone" in change.text
    del spec["releases"]["a"]["fields"]["phone"]
    assert failing(label_of(spec, table)) == set()
