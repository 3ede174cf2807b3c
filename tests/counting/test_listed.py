"""Sensitive values make a field sensitive, and how they spread is told: in memory and in buckets alike, and as counted by hand."""

from collections import defaultdict

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_deid.transforms.counting.deciding_runs import decide
from beam_deid.transforms.terms import LabelName

from ..kit.deciding import measured
from ..kit.examples import examples
from ..kit.policies import policy, release, roles
from ..kit.small import SAFE
from .records import BUCKET_COUNTS, FEW_ROWS
from .test_labels import aside, document

OF = {
    "感冒药": {"medicine"},
    "避孕套": {"adult"},
    "验孕棒": {"adult", "maternity"},
    "茶": set(),
    "云上茶": {"own"},
    None: set(),
}
"""Values, and the lists that they are on."""


@st.composite
def tables(draw):
    """Up to thirty orders of people, some of whom nobody names."""
    who = st.integers(0, 6) | st.none()
    rows = draw(st.lists(st.tuples(who, st.integers(0, 2), st.sampled_from([*OF])), min_size=1, max_size=30))
    buyers, cities, titles = zip(*rows, strict=True)
    return pa.table(
        {
            "buyer": pa.array([None if one is None else f"u{one}" for one in buyers], pa.string()),
            "city": [f"c{one}" for one in cities],
            "title": pa.array(titles, pa.string()),
        }
    )


def asked(role, **more):
    fields = roles(direct="buyer", quasi="city") | {"title": {"role": role}}
    return policy(fields, a=release("enclave", "city title", **more), top={"sensitive_values": {"own": ["云上"]}})


def by_hand(table):
    """Of each list its persons, their share, the groups in which it is, and the greatest share of a group's persons."""
    everybody = defaultdict(set)
    having = defaultdict(lambda: defaultdict(set))
    buyers, cities, titles = (table[name].to_pylist() for name in ("buyer", "city", "title"))
    if not any(buyers):  # then records count
        buyers = list(range(1, len(buyers) + 1))
    for buyer, city, title in zip(buyers, cities, titles, strict=True):
        if buyer is not None:
            everybody[city].add(buyer)
        for one in OF[title]:
            having[one][city] |= {buyer} - {None}
    found = {}
    for one, cities in having.items():
        persons = set().union(*cities.values())
        shares = [len(those) / max(len(everybody[city]), 1) for city, those in cities.items()]
        found[one] = {
            "persons": len(persons),
            "share": round(len(persons) / max(len(set().union(*everybody.values())), 1), 9),
            "groups": sum(bool(those) for those in cities.values()),
            "largest": round(max(shares), 9),
        }
    return found


def told(label):
    return {one["list"]: one["spread"] for one in label["sensitive_values"]}


@examples(0.2)
@given(BUCKET_COUNTS, tables(), st.sampled_from(FEW_ROWS))
def test_how_they_spread_is_the_same_in_any_number_of_buckets_and_by_hand(buckets, table, most):
    job, found = measured(asked("insensitive"), table)
    whole = document(decide(job, found, 1.0).releases["a"])
    assert document(decide(job, aside(job, found, buckets), 1.0, most_rows=most).releases["a"]) == whole
    assert told(whole) == by_hand(table)
    distinct = set(table["title"].to_pylist())
    values = {one["list"]: one["fields"]["title"] for one in whole["sensitive_values"]}
    assert values == {name: sum(name in OF[title] for title in distinct) for name in told(whole)}


@pytest.mark.parametrize("role", ["insensitive", "quasi_identifier"])
@pytest.mark.parametrize("most", FEW_ROWS)
def test_a_field_that_its_values_make_sensitive_is_tested_as_one(role, most):
    titles = ["感冒药", "茶"]
    people = pa.table(
        {
            "buyer": [f"u{number}" for number in range(40)],
            "city": ["a"] * 20 + ["b"] * 20,
            "title": [titles[number % 2] if number < 20 else "感冒药" for number in range(40)],
        }
    )
    labels = []
    for declared in (role, ["quasi_identifier", "sensitive"]):
        job, found = measured(asked(declared), people)
        labels.append(document(decide(job, aside(job, found, 3), 1.0, most_rows=most).releases["a"]))
    assert labels[0] == labels[1]
    label = labels[0]
    assert label["sensitive"] is True
    assert label["fields"]["title"]["role"] == ["quasi_identifier", "sensitive"]
    failing = {test["name"] for test in label["tests"] if not test["passed"]}
    assert "l:title" in failing or "distinct:title" in failing
    assert label["label"] == LabelName.STILL_PERSONAL


def test_what_one_release_shows_counts_in_the_others_which_show_tokens():
    spec = asked("insensitive")
    spec["releases"]["b"] = release(
        "enclave", "city", {"title": {"tokenize": {"domain": "t"}}}, expect="still_personal"
    )
    people = pa.table({"buyer": [f"u{n}" for n in range(8)], "city": ["a"] * 8, "title": ["感冒药", "茶"] * 4})
    job, found = measured(spec, people)
    whole = decide(job, found, 1.0).releases
    parts = decide(job, aside(job, found, 3), 1.0, most_rows=0).releases
    assert {name: document(one) for name, one in parts.items()} == {name: document(one) for name, one in whole.items()}
    labels = {name: one.label for name, one in whole.items()}
    assert [labels[name].fields["title"].role for name in "ab"] == [("quasi_identifier", "sensitive")] * 2
    assert [bool(labels[name].sensitive_values) for name in "ab"] == [True, False]


def test_whoever_runs_it_is_told_which_field_counts_as_sensitive():
    people = pa.table({"buyer": ["u1"], "city": ["a"], "title": ["感冒药"]})
    for role, notes in (("insensitive", 1), ("sensitive", 0)):
        found = decide(*measured(asked(role), people), 1.0)
        assert len(found.notes) == notes
        assert all("title counts as sensitive: values of it are on the lists medicine" in note for note in found.notes)
        assert not any("感冒药" in note for note in found.notes)


def test_without_such_values_nothing_changes():
    people = pa.table(
        {"buyer": [f"u{n}" for n in range(40)], "city": ["a", "b"] * 20, "title": ["茶", "茶", "书", "书"] * 10}
    )
    job, found = measured(asked("insensitive"), people)
    label = decide(job, found, 1.0).releases["a"].label
    assert (label.sensitive, label.sensitive_values, label.fields["title"].role) == (
        False,
        (),
        ("insensitive",),
    )


def test_of_an_open_level_the_finest_labels_decide_and_what_is_released_is_told():
    spec = asked("insensitive", environment=SAFE)
    spec["releases"]["a"]["fields"] = {"city": "keep", "title": {"generalize": {"prefix": [3, 1]}}}
    titles = ["避孕套"] * 2 + ["避暑伞"] * 18 + ["茶叶罐"] * 20
    people = pa.table({"buyer": [f"u{n}" for n in range(40)], "city": ["a"] * 40, "title": titles})
    job, found = measured(spec, people)
    whole = document(decide(job, found, 1.0).releases["a"])
    assert document(decide(job, aside(job, found, 3), 1.0).releases["a"]) == whole
    assert whole["search"]["levels"] == {"title": "first 1"}
    assert whole["sensitive"] is True
    assert whole["fields"]["title"]["role"] == ["quasi_identifier", "sensitive"]
    (one,) = whole["sensitive_values"]
    # 避 alone is on no list.
    assert (one["list"], one["fields"], one["spread"]) == ("adult", {"title": 1}, None)


def test_records_count_where_nobody_says_whom_they_are_about():
    spec = policy(
        roles(quasi="city", insensitive="title"),
        top={"subject": None, "keys": None},
        a=release("enclave", "city title"),
    )
    job, found = measured(spec, pa.table({"city": ["a", "a", "b"], "title": ["感冒药", "茶", "感冒药"]}))
    whole = document(decide(job, found, 1.0).releases["a"])
    assert told(whole) == {"medicine": {"persons": 2, "share": round(2 / 3, 9), "groups": 2, "largest": 1.0}}
    assert document(decide(job, aside(job, found, 3), 1.0).releases["a"]) == whole


def test_a_category_makes_a_label_sensitive_without_any_value():
    fields = roles(direct="buyer", quasi="city") | {"card": {"role": "direct_identifier", "kind": "bank_card"}}
    spec = policy(fields, a=release("enclave", "city", {"card": "mask"}), b=release("enclave", "city"))
    people = pa.table({"buyer": ["u1"], "city": ["a"], "card": ["6222020000000000000"]})
    job, found = measured(spec, people)
    labels = {name: one.label for name, one in decide(job, found, 1.0).releases.items()}
    assert {name: label.sensitive for name, label in labels.items()} == {"a": True, "b": False}
    assert labels["a"].fields["card"].sensitive_by == "PIPL Art. 28, 金融账户"
