"""What the tests promise of themselves: each room has its folder, a slow test says why, the suites are those of README."""

import re
from pathlib import Path

import pytest

from . import slowest
from .conftest import pytest_itemcollected
from .kit.examples import _QUICKLY, _THOROUGHLY, examples, is_quick, some_of
from .kit.sampling import quick_first, quick_for, sampled

TESTS = Path(__file__).parent
ROOT = TESTS.parent
ROOMS = sorted(path.parent.name for path in (ROOT / "transforms").glob("*/__init__.py"))

in_checkout = pytest.mark.skipif(not (ROOT / ".ci" / "run").exists(), reason="this is no checkout")


@pytest.mark.parametrize("room", ROOMS)
def test_every_room_has_tests_of_its_own(room):
    found = [path for path in (TESTS / room).glob("**/test_*.py") if "def test_" in path.read_text("utf-8")]
    assert found


def test_the_slowest_tests_of_the_page_are_there():
    named = re.findall(r"^\| \d+ \| `([^`]+)` `(\w+)` \|", (TESTS / "README.md").read_text("utf-8"), re.MULTILINE)
    assert len(named) == slowest.MANY
    assert [one for one in named if f"def {one[1]}(" not in (TESTS / one[0]).read_text("utf-8")] == []


def test_a_slow_test_without_a_reason_is_not_collected(request):
    request.node.add_marker(pytest.mark.slow("for this test"))
    pytest_itemcollected(request.node)
    request.node.add_marker(pytest.mark.slow)
    with pytest.raises(pytest.UsageError, match="is slow and says no reason"):
        pytest_itemcollected(request.node)


def test_a_property_is_tried_with_its_share_of_examples():
    whole = _QUICKLY if is_quick() else _THOROUGHLY
    assert examples().max_examples == whole
    assert examples(3).max_examples == 3 * whole
    assert 4 <= examples(0.01).max_examples <= whole


def test_some_of_many_values_are_the_same_again():
    values = list(range(1000))
    found = some_of(values)
    assert found == some_of(values)
    assert set(found) <= set(values)
    assert len(set(found)) == (100 if is_quick() else 1000)


def marks(parameters):
    return [one for one in parameters if not getattr(one, "marks", ())]


def test_a_family_keeps_as_many_quick_cases_as_it_says():
    assert marks(quick_for(range(10), 3)) == [0, 3, 6]
    assert len(quick_for(range(10), 3)) == 10
    assert marks(quick_for(range(2), 5)) == [0, 1]
    assert marks(quick_first(["a1", "a2", "b1"], lambda one: one[0])) == ["a1", "b1"]


@in_checkout
def test_readme_has_both_suites_and_ci_takes_the_thorough_one():
    readme = (ROOT / "README.md").read_text("utf-8")
    (quick,) = re.findall(r"<!-- tests -->\n```bash\n(.*?)\n```", readme, re.DOTALL)
    (thorough,) = re.findall(r"<!-- all tests -->\n```bash\n(.*?)\n```", readme, re.DOTALL)
    assert '-m "not slow"' in quick
    assert "thorough" in thorough
    assert "slow" not in thorough
    assert '"all tests"' in (ROOT / ".ci" / "run").read_text("utf-8")
    assert '"engine tests"' in (ROOT / ".ci" / "run").read_text("utf-8")


def test_what_is_no_sample_is_exhaustive_and_so_slow(request):
    assert marks(sampled(range(7), 3)) == [0, 3, 6]
    assert marks(sampled(range(7), 3, 1)) == [1, 4]
    (one,) = sampled([1], 2, 1)
    assert [mark.name for mark in one.marks] == ["exhaustive"]
    request.node.add_marker(pytest.mark.exhaustive)
    pytest_itemcollected(request.node)
    assert request.node.get_closest_marker("slow") is not None


def test_of_what_is_not_quick_a_sample_stays():
    named = [{mark.name for mark in getattr(one, "marks", ())} for one in quick_for(range(6), 2, 2)]
    assert named == [set(), {"slow", "exhaustive"}, {"slow"}, set(), {"slow"}, {"slow", "exhaustive"}]


def test_the_slowest_are_summed_by_test_and_say_why():
    log = "\n".join(
        [
            "2.00s call     tests/test_suite.py::test_every_room_has_tests_of_its_own[run]",
            "1.50s setup    tests/test_suite.py::test_every_room_has_tests_of_its_own[past]",
            "3.00s call     tests/beam/test_portable.py::test_an_external_worker_writes_the_bytes_that_this_process_writes",
        ]
    )
    rows = slowest.table(log).splitlines()[2:]
    assert [row.split()[1] for row in rows] == ["4", "3"]
    assert "What the tests promise of themselves" in rows[0]


def test_the_longest_files_come_first_and_of_others_those_of_most_tests():
    (longest, *_, last) = told = [line.split()[1] for line in slowest.LONGEST.read_text("utf-8").splitlines()]
    assert slowest.longest_first(["tests/a.py", last, "tests/b.py", longest, "tests/b.py"]) == [
        longest,
        last,
        "tests/b.py",
        "tests/a.py",
    ]
    log = "9.00s call tests/a.py::test_a\n5.00s call tests/b.py::test_a\n6.00s setup tests/b.py::test_b\n20s call x.py::test_c\n"
    assert slowest.longest(log) == "20 x.py\n11 tests/b.py\n"
    assert len(set(told)) == len(told)


@in_checkout
def test_what_is_told_to_be_slow_is_there():
    table = (TESTS / "README.md").read_text("utf-8").partition(slowest.BEGIN)[2].partition(slowest.END)[0]
    named = re.findall(r"^\| \d+ \| `([^`]+)` `(\w+)`", table, re.MULTILINE)
    assert len(named) == slowest.MANY
    for path, test in named:
        assert f"def {test}(" in (TESTS / path).read_text("utf-8"), path
    assert [
        line for line in slowest.LONGEST.read_text("utf-8").splitlines() if not (ROOT / line.split()[1]).exists()
    ] == []
