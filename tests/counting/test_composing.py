"""Releases beside what was given out before are labelled in buckets as they are over all records together."""

import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from beam_deid.transforms.counting.deciding_runs import decide
from beam_deid.transforms.counting.finding_again import FindAgain, Meets
from beam_deid.transforms.errors import UsageError
from beam_deid.transforms.label.scope import EACH_RECORD
from beam_deid.transforms.register.prints_file import PrintsFile
from beam_deid.transforms.terms import LabelName

from ..kit.deciding import measured
from ..kit.examples import examples
from ..kit.policies import policy, release, roles
from .given_out import given_out, registering
from .records import BUCKETS, FEW_ROWS
from .test_heavy import dominated
from .test_labels import aside, same

SOME_BUCKETS = [
    *BUCKETS[:-1],
    pytest.param(BUCKETS[-1], marks=pytest.mark.slow("many stages, each over a thousand buckets")),
]
CATEGORIES = ["a", "b", "c", None]
KEPT = ("city age category", "city category", "city age goods", "age category goods")
ROW = st.tuples(
    st.integers(0, 30),
    st.integers(0, 11),
    st.integers(0, 2),
    st.integers(0, 1),
    st.sampled_from(CATEGORIES),
    st.sampled_from(["x", "y"]),
)


def phone_of(who):
    """A buyer's number, which some of the first have in common."""
    return None if who is None else f"138001{who % 10 if who < 12 else who:05d}"


def table_of(rows):
    return pa.table(
        {
            "tid": [f"9{number:06d}" for number, *_ in rows],
            "buyer": pa.array([None if who is None else f"u{who}" for _, who, *_ in rows], pa.string()),
            "phone": pa.array([phone_of(who) for _, who, *_ in rows], pa.string()),
            "city": [f"c{city}" for _, _, city, *_ in rows],
            "age": ["?" if number == 5 else str(20 + age) for number, _, _, age, *_ in rows],
            "category": pa.array([what for *_, what, _ in rows], pa.string()),
            "goods": [goods for *_, goods in rows],
        }
    )


@st.composite
def months(draw):
    """Orders of two or three months, most of which are in several of them; sometimes of one number."""
    every = draw(st.lists(ROW, min_size=1, max_size=50, unique_by=draw(st.sampled_from([lambda row: row[0], repr]))))
    chosen = st.lists(st.sampled_from(every), min_size=1, max_size=50, unique_by=repr)
    return [table_of(draw(chosen)) for _ in range(draw(st.integers(2, 3)))]


CROWDS = st.lists(
    st.tuples(
        st.integers(0, 1),
        st.integers(0, 1),
        st.sampled_from(["a", "b"]),
        st.sampled_from(["x", "y"]),
        st.sampled_from([1, 3, 4, 6, 9]),
        st.sampled_from([(0, 1, 2), (0, 1, 2), (0, 1, 2), (0, 2), (1, 2), (2,), (0, 1)]),
    ),
    min_size=2,
    max_size=16,
)


@st.composite
def crowds(draw):
    """Orders of two or three months, of crowds that are alike: each of one buyer, in some of the months."""
    found: list[list[tuple]] = [[], [], []]
    number = 0
    for city, age, category, goods, many, when in draw(CROWDS):
        for _ in range(many):
            number += 1
            for month in when:
                found[month].append((number, number, city, age, category, goods))
    return [table_of(rows) for rows in found[draw(st.integers(0, 1)) :] if rows]


def shop(kept, sharing, subject, record, suppression, open_=False):
    fields = roles(
        direct="tid:order_number buyer phone:mobile", quasi="city age", sensitive="category goods", insensitive=""
    )
    levels = {"age": {"generalize": {"ranges": [2, 10]}}} if open_ else {}
    top = {"subject": subject, "record": "tid" if record else None}
    return policy(fields, top=top, a=release(sharing, kept, levels, require={"suppression": suppression}))


def beside(tables, policies, folder):
    """The last month's run, beside what was given out in those before."""
    before = []
    for number, (table, one) in enumerate(zip(tables[:-1], policies[:-1], strict=True)):
        before += given_out(one, table, folder, number + 1, before)
    return registering(policies[-1], tables[-1], folder, before)


MADE = st.lists(
    st.tuples(st.sampled_from(KEPT), st.sampled_from(["enclave", "controlled", "public"])), min_size=3, max_size=3
)


@pytest.mark.parametrize("buckets", SOME_BUCKETS)
@examples(0.1)
@given(
    st.one_of(months(), crowds()),
    MADE,
    st.sampled_from(["buyer", EACH_RECORD]),
    st.booleans(),
    st.sampled_from([0.0, 0.4, 1.0]),
    st.sampled_from(FEW_ROWS),
)
def test_a_release_beside_earlier_ones_is_labelled_the_same_in_any_number_of_buckets(
    buckets, tables, made, subject, record, suppression, most
):
    policies = [shop(kept, sharing, subject, record, suppression) for kept, sharing in made[: len(tables)]]
    with tempfile.TemporaryDirectory() as folder:
        job, found = beside(tables, policies, folder)
        whole = decide(job, found, 1.0).releases["a"]
        parts = decide(job, aside(job, found, buckets), 1.0, most_rows=most).releases["a"]
    same(parts, whole)


MONTH = table_of([(number, number, 0, 20, "a", "x") for number in range(1, 6)])
REJECTED = table_of([(5, 5, 0, "?", "a", "x")])
"""A month of which nothing is left, since its only age is no number."""


@examples(0.3)
@example([MONTH, REJECTED, MONTH], "enclave", 0.0)
@example([MONTH, MONTH, REJECTED], "enclave", 0.0)
@given(crowds(), st.sampled_from(["enclave", "controlled"]), st.sampled_from([0.0, 0.4]))
def test_levels_are_searched_beside_earlier_releases_as_over_all_records_together(tables, sharing, suppression):
    policies = [shop("city category", sharing, "buyer", True, suppression, open_=True)] * len(tables)
    with tempfile.TemporaryDirectory() as folder:
        job, found = beside(tables, policies, folder)
        whole = decide(job, found, 1.0).releases["a"]
        parts = decide(job, aside(job, found, 3), 1.0).releases["a"]
    same(parts, whole)


def test_what_is_no_more_in_the_register_is_told_as_untested():
    tables = [table_of([(number, number, 0, 0, "a", "x") for number in range(9)])] * 2
    policies = [shop("city category", "enclave", "buyer", True, 0.0)] * 2
    with tempfile.TemporaryDirectory() as folder:
        job, found = beside(tables, policies, folder)
        for table in Path(folder, "register", "tables").iterdir():
            table.write_bytes(table.read_bytes()[:-1])
        whole = decide(job, found, 1.0).releases["a"]
        parts = decide(job, aside(job, found, 3), 1.0).releases["a"]
    assert [test.measured for test in parts.label.tests if test.name == "composition:a.1"] == [None]
    same(parts, whole)


@pytest.mark.parametrize("task", [Meets, FindAgain])
@pytest.mark.parametrize("back", [False, True], ids=["for good", "for a moment"])
def test_a_table_that_changes_while_it_is_read_stops_the_run(monkeypatch, task, back):
    tables = [table_of([(number, number, 0, 0, "a", "x") for number in range(9)])] * 2
    policies = [shop("city category", "enclave", "buyer", True, 0.0)] * 2
    with tempfile.TemporaryDirectory() as folder:
        job, found = beside(tables, policies, folder)
        (table,) = Path(folder, "register", "tables").iterdir()
        read = task.run

        def changed(self, bucket, out):
            found = read(self, bucket, out)
            whole = table.read_bytes()
            table.write_bytes(whole[:-1] + b"!")
            if back:
                table.write_bytes(whole)
            return found

        monkeypatch.setattr(task, "run", changed)
        with pytest.raises(UsageError, match="cannot be used"):
            decide(job, aside(job, found, 1), 1.0)


def shops(made, suppression):
    """A policy of several releases that are tested together."""
    fields = roles(direct="tid:order_number buyer phone:mobile", quasi="city age", sensitive="category goods")
    treated = {
        "age": {"generalize": {"ranges": [2], "level": 1}}
    }  # what is no number is rejected in this release alone
    releases = {
        name: release(
            sharing, kept, treated if name == "b" and "age" in kept else {}, require={"suppression": suppression}
        )
        for name, (kept, sharing) in zip("abc", made, strict=False)
    }
    return policy(fields, top={"record": "tid"}, **releases)


@pytest.mark.parametrize("buckets", SOME_BUCKETS)
@examples(0.1)
@given(
    st.one_of(months(), crowds()),
    MADE,
    st.integers(2, 3),
    st.booleans(),
    st.sampled_from([0.0, 0.4, 1.0]),
    st.sampled_from(FEW_ROWS),
)
def test_releases_that_are_tested_together_are_labelled_the_same_in_any_number_of_buckets(
    buckets, tables, made, many, later, suppression, most
):
    one = shops(made[:many], suppression)
    with tempfile.TemporaryDirectory() as folder:
        before = [shop(*made[0], "buyer", True, suppression)] if later else []
        job, found = beside([*tables[: len(before)], tables[-1]], [*before, one], folder)
        assume(found.histograms)
        whole = decide(job, found, 1.0).releases
        parts = decide(job, aside(job, found, buckets), 1.0, most_rows=most).releases
    for name, release_ in whole.items():
        same(parts[name], release_)


def unnamed(number, what):
    """An order of nobody known."""
    return (number, None, 0, 0, what, "x")


def with_nobody():
    """Orders of two months in one large group, of which line 8 takes away some of nobody's that are alike."""
    mine = [(number, number, 0, 0, "ab"[number % 2], "x") for number in range(1, 41)]
    rare = [(number, number, 0, 0, "c", "x") for number in range(50, 58)]
    nobody = [unnamed(number, "c") for number in range(300, 303)]
    more = [(number, number, 0, 0, "ab"[number % 2], "x") for number in range(101, 141)]
    also = [(number, number, 0, 0, "c", "x") for number in range(60, 72)]
    others = [unnamed(number, "c") for number in range(400, 412)]
    return [table_of(mine + nobody + rare), table_of(mine + more + nobody + others + rare[:2] + also)]


@pytest.mark.parametrize("buckets", [1, 5, 16])
@pytest.mark.parametrize("most", [3, 10**6])
def test_records_of_nobody_that_are_alike_are_released_in_part_wherever_they_lie(buckets, most):
    fields = roles(direct="buyer phone:mobile", quasi="city age goods", sensitive="category", insensitive="tid")
    kept = release("enclave", "city category", {}, require={"suppression": 0.6})
    one = policy(fields, top={"subject": "buyer", "record": "tid"}, a=kept)
    with tempfile.TemporaryDirectory() as folder:
        job, found = beside(with_nobody(), [one, one], folder)
        whole = decide(job, found, 1.0).releases["a"]
        parts = decide(job, aside(job, found, buckets), 1.0, most_rows=most).releases["a"]
    assert whole.quotas[1].any()
    same(parts, whole)


@pytest.mark.parametrize("most", [0, 60])
def test_a_heavy_group_that_somebody_dominates_is_tested_with_other_releases(most):
    alone, table, _ = dominated()
    together = alone | {"releases": dict.fromkeys("ab", alone["releases"]["a"])}
    job, found = measured(together, table)
    whole = decide(job, found, 1.0).releases
    parts = decide(job, aside(job, found, 5), 1.0, most_rows=most).releases
    assert whole["a"].records.suppressed > 0
    for name, release_ in whole.items():
        same(parts[name], release_)


def swapped_while_open(monkeypatch, table):
    """While a task has the table open, it is another one; whoever looks before or after sees what was registered."""
    whole = table.read_bytes()
    rows = pq.read_table(table)
    strangers = pa.array(np.sort(rows["record"].to_numpy() ^ np.uint64(0xABCDEF)))
    others = rows.set_column(rows.schema.get_field_index("record"), rows.schema.field("record"), strangers)
    opened, closed = PrintsFile._open, PrintsFile.close

    def open_(self, path, told):
        pq.write_table(others, table)
        opened(self, path, told)

    def close(self):
        closed(self)
        table.write_bytes(whole)

    monkeypatch.setattr(PrintsFile, "_open", open_)
    monkeypatch.setattr(PrintsFile, "close", close)


@pytest.mark.parametrize("buckets", [None, 3], ids=["in memory", "in buckets"])
def test_a_table_that_is_another_while_it_is_read_stops_the_run(monkeypatch, buckets):
    first = [(number, number, 0, 0, "ab"[number % 2], "x") for number in range(1, 101)]
    fresh = [(number, number, 0, 0, "ab"[number % 2], "x") for number in range(140, 144)]
    months = [table_of(first), table_of(first[1:] + fresh)]
    policies = [shop("city category", "enclave", "buyer", True, 0.0)] * 2
    with tempfile.TemporaryDirectory() as folder:
        job, found = beside(months, policies, folder)
        assert decide(job, found, 1.0).releases["a"].label.label is LabelName.STILL_PERSONAL
        (table,) = Path(folder, "register", "tables").iterdir()
        swapped_while_open(monkeypatch, table)
        with pytest.raises(UsageError, match="cannot be used"):
            decide(job, found if buckets is None else aside(job, found, buckets), 1.0)
