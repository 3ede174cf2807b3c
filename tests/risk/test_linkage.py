import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from beam_deid.transforms.risk.linkage import Linked, Side, link

from .tables import keys


def side(known, who=None):
    return Side(keys(known), np.ones(len(known), np.int64), None if who is None else keys(who))


def test_only_a_match_with_exactly_one_subject_is_a_link():
    released = side(["a", "a", "b", "c", "c"], ["s", "t", "u", "v", "v"])
    found = link(released, side(["a", "b", "c", "d"], ["s", "u", "x", "y"]))
    assert found == Linked(subjects=4, linked=2, linked_rightly=1)
    assert found.share == 0.5


def test_without_truth_right_links_are_not_told():
    assert link(side(["a"], ["s"]), side(["a"], ["s"]), truth=False).linked_rightly is None


def test_without_subjects_every_record_is_a_person():
    source = side(["a", "b", "b"])
    found = link(source, source, same_rows=np.ones(3, np.int64))
    assert found == Linked(3, 1, 1)


def test_an_empty_release_links_nobody():
    assert link(side([], []), side(["a"], ["s"])) == Linked(1, 0, 0)


@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 4))), st.lists(st.tuples(st.integers(0, 3), st.integers(0, 4)))
)
def test_links_equal_a_join_by_hand(released, attacker):
    found = link(
        side([r[0] for r in released], [r[1] for r in released]),
        side([a[0] for a in attacker], [a[1] for a in attacker]),
    )
    meets = {key: {who for other, who in released if other == key} for key, _ in attacker}
    linked = {who for key, who in attacker if len(meets[key]) == 1}
    rightly = {who for key, who in attacker if meets[key] == {who}}
    assert (found.subjects, found.linked, found.linked_rightly) == (
        len({a[1] for a in attacker}),
        len(linked),
        len(rightly),
    )
