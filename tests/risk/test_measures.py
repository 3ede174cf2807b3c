import copy
from collections import Counter, defaultdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_deid.transforms.label.documents import plain
from beam_deid.transforms.risk.histogram import Classes
from beam_deid.transforms.risk.measures import MEASURES, all_figures
from beam_deid.transforms.risk.measures.k_anonymity import k_composite
from beam_deid.transforms.risk.measures.sharing import environment_risk

from .tables import view


def told(table):
    """All figures by the names that documents give them."""
    return plain(all_figures(table))


def test_rows_of_one_subject_act_as_one_composite_quasi_identifier():
    # The example of Google's Sensitive Data Protection: the naive count over-states safety.
    figures = told(view([["foo", "bar", "foo", "bar"]], subject=["id1", "id2", "id3", "id3"]))
    assert (figures["k"], figures["k_composite"]) == (2, 1)


def test_a_null_quasi_identifier_is_a_class_of_its_own():
    assert told(view([["x", "x", None]]))["k"] == 1


def test_repeated_rows_of_one_subject_count_once():
    figures = told(view([["a"] * 6], subject=["s"] * 6))
    assert (figures["k"], figures["records"], figures["subjects"]) == (1, 6, 1)


def test_a_subject_with_more_than_a_thousand_orders_counts_like_any_other():
    figures = told(view([["a"] * 2400], subject=["s"] * 1200 + ["t"] * 1200))
    assert (figures["k"], figures["k_composite"]) == (2, 2)


def test_multiplicity_of_rows_tells_subjects_apart():
    assert told(view([["a", "a", "a"]], subject=["s", "s", "t"]))["k_composite"] == 1


def test_distinct_l_and_equal_distance_of_two_classes():
    # Eight rows, two classes of four: values 3+1 and 2+1+1 over x, y, z.
    table = view([["a"] * 4 + ["b"] * 4], disease=["x", "x", "x", "y", "x", "x", "y", "z"])
    figures = told(table)
    assert figures["l_distinct"] == {"disease": 2}
    # Overall x 5/8, y 2/8, z 1/8; the first class x 3/4, y 1/4: (1/8 + 0 + 1/8) / 2.
    assert figures["t"]["disease"] == pytest.approx(0.125)


def test_prosecutor_figures_of_two_classes_of_subjects():
    figures = told(view([["a"] * 2 + ["b"] * 6]))
    assert figures["max_risk"] == 0.5
    assert figures["avg_risk"] == 0.25
    assert figures["prosecutor"]["at_risk"] == 0.25
    assert figures["sharing"] == pytest.approx(
        {"R_a": 0.5, "R_b": 0.5, "R_c": (1 / 2 + 1 / 6) / 2, "E": 1.0, "R": 1.0}, abs=1e-9
    )


def test_overall_risk_is_the_mean_over_classes_times_the_environment_when_no_class_is_at_risk():
    assert told(view([["a"] * 5 + ["b"] * 10]))["sharing"]["R"] == pytest.approx(0.15)


def test_a_class_exactly_at_the_threshold_is_not_above_it():
    for k in range(2, 60):
        assert told(view([["a"] * k], k=k))["sharing"]["R_a"] == 0


def test_environment_risk_is_the_greatest_of_three():
    assert environment_risk(True, "high", "low", 0.0, 0, "high") == 1.0
    assert environment_risk(False, "high", "low", 0.0, 0, "high") == 0.14
    assert environment_risk(False, "medium", "high", 0.0, 0, "high") == 0.4
    assert environment_risk(False, "high", "low", 0.01, 150, "high") == pytest.approx(1 - 0.99**150)


tables = st.lists(
    st.tuples(st.sampled_from("ab"), st.sampled_from("xyz"), st.integers(0, 6), st.sampled_from("pqr")), min_size=1
)


@given(tables)
def test_every_figure_equals_a_count_by_hand(rows):
    first, second, who, value = (list(column) for column in zip(*rows, strict=True))
    figures = told(view([first, second], subject=who, v=value))
    members = defaultdict(set)
    values = defaultdict(list)
    orders = defaultdict(Counter)
    for a, b, person, v in rows:
        members[a, b].add(person)
        values[a, b].append(v)
        orders[person][a, b] += 1
    assert figures["k"] == min(map(len, members.values()))
    assert figures["classes"] == len(members)
    assert figures["l_distinct"]["v"] == min(len(set(v)) for v in values.values())
    multisets = Counter(frozenset(order.items()) for order in orders.values())
    assert figures["k_composite"] == min(multisets.values())
    assert figures["unique_subjects"] == len(
        {p for p, order in orders.items() if any(len(members[c]) == 1 for c in order)}
    )
    overall = Counter(value)
    distance = max(
        sum(abs(Counter(v)[x] / len(v) - overall[x] / len(rows)) for x in overall) / 2 for v in values.values()
    )
    assert figures["t"]["v"] == pytest.approx(distance)


def test_composite_k_does_not_depend_on_the_order_of_rows():
    quasi = ["a", "b", "a", "b", "c"]
    subject = ["s", "s", "t", "t", "u"]
    for order in ([0, 1, 2, 3, 4], [4, 3, 2, 1, 0], [2, 0, 4, 1, 3]):
        table = view([[quasi[i] for i in order]], subject=[subject[i] for i in order])
        assert table.subjects.k_composite == 1


@pytest.mark.parametrize("measure", MEASURES, ids=lambda measure: measure.name)
def test_a_measure_leaves_its_input_alone_and_takes_one_row(measure):
    table = view([["a"]], subject=["s"], v=["x"])
    before = copy.deepcopy(table)
    assert measure.figures(table) or measure.name == "population"  # not known here
    assert (table.sizes.subjects == before.sizes.subjects).all()
    assert (table.distributions["v"][0].pair_records == before.distributions["v"][0].pair_records).all()


def test_a_class_that_is_numbered_zero_is_a_class_of_a_composite():
    # The first subject has two rows of the class, the second one.
    counts = np.ones(3, np.int64)
    subject = np.array([1, 1, 2], np.uint64)
    for number in (0, 1, 2**64 - 1):
        classes = Classes(np.full(3, number, np.uint64), counts, subject)
        assert k_composite(classes, counts, subject) == 1
