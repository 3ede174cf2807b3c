"""What two releases say together is suppressed, and counted again row by row in plain Python."""

from collections import defaultdict

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from beam_deid.transforms.composition.composing import compose
from beam_deid.transforms.composition.saying import together
from beam_deid.transforms.past.views import Past

from ..kit.deciding import chosen_of, total
from ..kit.examples import examples
from ..kit.policies import policy, release, roles

K = 3


def by(width):
    return {"age": {"generalize": {"ranges": [width], "start": 0, "level": 0}}}


def two(suppression=1.0, other=3, **more):
    each = {
        name: release("enclave", kept, by(width), require={"suppression": suppression}, **more)
        for name, kept, width in (("a", "category", 2), ("b", "category city", other))
    }
    return policy(roles(direct="buyer", quasi="city age", sensitive="category"), **each)


@st.composite
def tables(draw):
    """Up to seventy rows of up to forty people of six ages: by twos in one release and by threes in the other."""
    rows = draw(
        st.lists(
            st.tuples(st.integers(0, 39), st.integers(0, 1), st.integers(0, 5), st.sampled_from("ab")),
            min_size=20,
            max_size=70,
        )
    )
    return pa.table(
        {
            "buyer": [f"u{who}" for who, *_ in rows],
            "city": [f"c{city}" for _, city, _, _ in rows],
            "age": [age for _, _, age, _ in rows],
            "category": [what for *_, what in rows],
        }
    )


def composed(chosen):
    """The releases after what they say together is suppressed, and what they say then."""
    cuts, found = compose({name: one.member for name, one in chosen.items()}, Past())
    return {name: one.with_cut(cuts[name]) for name, one in chosen.items()}, found


def said(one):
    """Of each cell what a release says of it, column by column; None where it says nothing."""
    data = one.data
    left = one.recoding.cut.left
    columns = {name: data.key(name, one.recoding.levels).tolist() for name in data.layout.scope.columns}
    return [{name: keys[cell] for name, keys in columns.items()} if left[cell] else None for cell in range(len(left))]


def joint(chosen):
    """Fewest persons who are alike in both releases on what both hold, and fewest categories that a record's groups share.

    Everybody may know all but the category. Who knows that, too, finds fewer persons at times; that counts where one release alone
    does not find as few: where their group is not a whole group of each release that they are in.
    """
    a = said(chosen["a"])
    b = said(chosen["b"])
    (persons,) = chosen["a"].data.cells.persons.numbers
    sizes = []
    here = defaultdict(set)
    there = defaultdict(set)
    for known in (("age",), ("age", "category")):
        alike = defaultdict(set)
        of_a = defaultdict(set)
        of_b = defaultdict(set)
        people = defaultdict(set)
        for cell, (one, other) in enumerate(zip(a, b, strict=True)):
            if one is None and other is None:
                continue
            key = tuple(None if row is None else tuple(row[name] for name in known) for row in (one, other))
            people[key].add(int(persons[cell]))
            alike[key].add(cell)
            of_a[key[0]].add(cell)
            of_b[key[1]].add(cell)
        for key, cells in alike.items():
            whole = all(cells == of[part] for of, part in ((of_a, key[0]), (of_b, key[1])) if part is not None)
            if known == ("age",) or not whole:
                sizes.append(len(people[key]))
    for one, other in zip(a, b, strict=True):
        if one is not None:
            here[one["age"]].add(one["category"])
        if other is not None:
            there[other["age"], other["city"]].add(other["category"])
    common = [
        len(here[one["age"]] & there[other["age"], other["city"]])
        for one, other in zip(a, b, strict=True)
        if one and other
    ]
    return min(sizes, default=None), min(common, default=2)


@examples(0.6)
@given(tables())
def test_what_is_left_says_no_more_together(table):
    chosen = chosen_of(two(), table)
    after, found = composed(chosen)
    assert joint(after) == (found["a"]["b"].persons, found["a"]["b"].values["category"])
    assert found["a"]["b"] == found["b"]["a"]
    before = together(chosen["a"].member, chosen["b"].member)
    assert (before.persons, before.values["category"]) == joint(chosen)
    changed = [
        name for name in "ab" if not np.array_equal(after[name].recoding.cut.left, chosen[name].recoding.cut.left)
    ]
    for name in changed:
        cut = after[name].recoding.cut
        assert cut.satisfied
        assert (cut.left <= chosen[name].recoding.cut.left).all()
    if changed:
        fewest, common = joint(after)
        assert fewest >= K
        assert common >= 2


@examples(0.25)
@given(tables())
def test_it_does_not_matter_which_release_comes_first(table):
    chosen = chosen_of(two(), table)
    forth, _ = composed(chosen)
    back, _ = composed(dict(reversed(chosen.items())))
    for name in "ab":
        assert forth[name].recoding.cut.left.tolist() == back[name].recoding.cut.left.tolist()


def parted(between):
    """Thirty persons of each age, and so few of ages 2 and 3, which only both releases together tell apart."""
    rows = [(age, who) for age in range(6) for who in range(between if age in (2, 3) else 30)]
    return pa.table(
        {
            "buyer": [f"u{age}-{who}" for age, who in rows],
            "city": ["c"] * len(rows),
            "age": [age for age, _ in rows],
            "category": ["ab"[who % 2] for _, who in rows],
        }
    )


def test_those_go_who_are_told_apart_and_no_others():
    after, found = composed(chosen_of(two(), parted(2)))
    # Two persons of each category and age are one too few: they go, and with them nobody else.
    assert found["a"]["b"].persons >= K
    assert total(after["a"].recoding.cut.left) == total(after["b"].recoding.cut.left) == 120
    after, found = composed(chosen_of(two(), parted(6)))
    assert found["a"]["b"].persons == K
    assert total(after["a"].recoding.cut.left) == 132


def test_beyond_the_share_nothing_goes_and_the_figure_tells():
    chosen = chosen_of(two(0.01), parted(2))
    after, found = composed(chosen)
    assert found["a"]["b"].persons == 1
    assert all(np.array_equal(after[name].recoding.cut.left, chosen[name].recoding.cut.left) for name in "ab")


def test_a_release_alone_says_nothing_together():
    asked = two()
    del asked["releases"]["b"]
    _, found = composed(chosen_of(asked, parted(2)))
    assert found == {"a": {}}
