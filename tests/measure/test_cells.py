"""Records as cells, and whom they count for where each record is one person."""

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_deid.transforms.candidate.candidate import Candidate
from beam_deid.transforms.label.documents import plain
from beam_deid.transforms.measure.cells import Cells
from beam_deid.transforms.risk.measures.k_anonymity import ClassSizes
from beam_deid.transforms.risk.measures.reidentification import ReidentificationRisk
from beam_deid.transforms.risk.measures.sharing import SharingFigures

from ..kit.crowds import crowd, grid, mobile, turn
from ..kit.deciding import data_of, failing, label_of, measured
from ..kit.examples import examples
from ..kit.policies import policy, release, roles

EACH = policy(roles(quasi="city", insensitive="number"), top={"subject": "each_record"}, a=release("enclave", "city"))


def people(*tables):
    """Persons of all records, and records."""
    job, found = measured(EACH, *tables)
    (names,) = job.tables
    cells = Cells(job, found.histograms[names])
    (numbers,) = cells.persons.numbers
    return len(set(numbers.tolist()) - {-1}), cells.records


def table(rows):
    return pa.table({"city": [row[0] for row in rows], "number": [row[1] for row in rows]})


ROWS = st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 2)), min_size=1, max_size=12)


@examples(0.3)
@given(ROWS)
def test_equal_rows_of_one_file_count_each(rows):
    assert people(table(rows)) == (len(rows), len(rows))


@examples(0.3)
@given(ROWS, ROWS, st.randoms())
def test_a_record_of_two_files_is_one_person_as_often_as_it_stands_in_the_fuller_one(first, second, chance):
    wanted = sum(max(first.count(row), second.count(row)) for row in {*first, *second})
    assert people(table(first), table(second)) == (wanted, len(first) + len(second))
    chance.shuffle(first)
    assert people(table(second), table(first)) == (wanted, len(first) + len(second))


def test_two_equal_files_count_once():
    rows = [("a", 0), ("a", 0), ("b", 1)]
    assert people(table(rows)) == (3, 3)
    assert people(table(rows), table(rows)) == (3, 6)
    assert people(table(rows), table(rows), table(rows)) == (3, 9)


def test_two_equal_files_do_not_make_a_group_large_enough():
    small = table([("a", 0)] * 2)
    enough = table([("a", 0)] * 3)
    assert {test.name: test.measured for test in label_of(EACH, small, small).tests}["k"] == 2
    label = label_of(EACH, enough, enough)
    assert {test.name: test.measured for test in label.tests}["k"] == 3
    assert label.identities.equal_files == 1


def _without_records(figures):
    """The figures of a label, but for how many records there are."""
    sizes = [{**one, "records": None} for one in figures["group_sizes"]]
    return {**figures, "records": None, "group_sizes": sizes}


def test_rows_of_one_subject_are_one_person_and_figures_say_so():
    """Records, not persons, would make every figure look better; the label's tests and its figures agree."""
    once = crowd(grid(city=["north", "south"]), 6, category=lambda who: turn("aab", who.person))
    often = pa.concat_tables([once] * 7)
    asked = policy(
        roles(direct="buyer", quasi="city", sensitive="category"),
        a=release(
            "enclave",
            "city category",
            require={
                "t": {"category": 1},
                "alpha": {"category": 1},
                "l": {"category": {"entropy": 1.1}},
            },
        ),
    )
    one = label_of(asked, once)
    seven = label_of(asked, often)
    figures = plain(seven.risk)
    assert _without_records(plain(one.risk)) == _without_records(figures)
    tests = {test.name: test.measured for test in seven.tests}
    assert tests["k"] == figures["k"] == 6
    assert tests["l:category"] == figures["l_distinct"]["category"] == 2
    assert tests["alpha:category"] == pytest.approx(4 / 6)
    assert figures["alpha_k"]["category"] == [round(4 / 6, 10), 6]
    assert abs(tests["t:category"] - figures["t"]["category"]) < 1e-9
    assert int(tests["l_entropy:category"]) == figures["l_entropy"]["category"]
    assert tests["overall_risk"] == figures["sharing"]["R"]
    assert tests["classes_at_risk"] == figures["sharing"]["R_a"]


@pytest.mark.parametrize("nobody", [range(6), range(12)], ids=["one group", "every group"])
def test_of_records_that_say_nobodys_subject_nothing_is_counted_and_nothing_holds(nobody):
    """A group in which nobody says who it is has no person: its figures are the worst there are, and no fault."""
    rows = [
        (None if number in nobody else f"u{number}", "a" if number < 6 else "b", "xy"[number % 2])
        for number in range(12)
    ]
    table = pa.table(
        {
            "buyer": pa.array([row[0] for row in rows], pa.string()),
            "city": [row[1] for row in rows],
            "category": [row[2] for row in rows],
        }
    )
    asked = policy(
        roles(direct="buyer", quasi="city", sensitive="category"),
        a=release("enclave", "city category", require={"l": {"category": {"entropy": 1.1}}, "t": {"category": 1}}),
    )
    label = label_of(asked, table)
    tests = {test.name: test.measured for test in label.tests}
    assert {"k", "classes_at_risk", "l:category", "gain:category", "l_entropy:category"} - failing(label) == (
        {"gain:category", "l_entropy:category"} if len(nobody) == 6 else set()
    )
    assert tests["k"] == (0 if len(nobody) == 6 else None)
    if len(nobody) == 6:
        assert label.risk.of(ClassSizes).k == 0
        highest = label.risk.of(ReidentificationRisk).max_risk
        assert highest == label.risk.of(SharingFigures).sharing.R_b == 1.0
    assert label.identities.without_subject == len(nobody)


@pytest.mark.parametrize("subject", ["order:order_number", "order:tracking_number", "each_record"])
@pytest.mark.parametrize("one", [True, False], ids=["one person", "many persons"])
def test_a_hundred_orders_of_one_telephone_are_one_person_however_they_are_numbered(subject, one):
    """Where the subject numbers records, a telephone on many of them is no shop's: nobody knows that many people gave it."""
    orders = crowd(
        grid(city="AB", category="xy"),
        120,
        buyer=None,
        order=lambda who: f"o{who.number}",
        phone=lambda who: mobile(1 if one and who.cell < 2 else who.number),
    )
    fields = roles(
        direct=f"{'order' if subject == 'each_record' else subject} phone:mobile", quasi="city", sensitive="category"
    )
    asked = policy(fields, top={"subject": subject.partition(":")[0]}, a=release("public", "city category"))
    label = label_of(asked, orders)
    assert {"k", "dominance"} <= failing(label) if one else not failing(label)
    assert label.identities.shared_values == {}


@pytest.mark.parametrize("pair", [("HIV", ""), ("HIV", " "), ("HIV", "HIV."), ("1", "1.0"), ("1000", "1,000")])
def test_a_blank_and_another_spelling_are_no_second_value(pair):
    asked = policy(roles(direct="buyer", quasi="city", sensitive="category"), a=release("enclave", "city category"))
    label = label_of(asked, crowd(grid(city="AB"), 30, category=lambda who: turn(pair, who.person)))
    assert {test.name: test.measured for test in label.tests}["l:category"] == 1
    merged = policy(
        roles(direct="buyer", quasi="city", sensitive="category"),
        a=release("enclave", "city category"),
        top={"same": {"category": {"": ["n/a"]}}},
    )
    label = label_of(merged, crowd(grid(city="AB"), 30, category=lambda who: turn(("HIV", "N/A"), who.person)))
    assert {test.name: test.measured for test in label.tests}["l:category"] == 1


def test_rows_that_are_linked_are_those_of_a_person_by_every_identity():
    """Each account has one row, and so is like many; the two accounts of one telephone are in two cities as no other's are."""
    pairs = [(first, second) for first in range(4) for second in range(4)]
    people = [(name, pair) for name in ("张伟", "王芳") for pair in pairs]
    rows = [(number, name, city) for number, (name, pair) in enumerate(people) for city in pair]
    table = pa.table(
        {
            "buyer": [f"u{at}" for at in range(len(rows))],
            "phone": [mobile(number) for number, *_ in rows],
            "name": [name for _, name, _ in rows],
            "city": [f"c{city}" for *_, city in rows],
        }
    )
    fields = roles(direct="buyer phone:mobile name:person_name", quasi="city")
    asked = policy(fields, top={"keys": {"key": "env:NONE"}}, a=release("enclave", "city", {"name": {"hash": {}}}))
    (data,) = data_of(asked, table).values()
    seen = Candidate(data, {}, data.everything)
    assert seen.groups(seen.scope.rest).fewest == 7
    assert seen.risk.of(ClassSizes).k_composite == 1
