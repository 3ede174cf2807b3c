"""Which part a released row is in, and where, follows from released values alone."""

import itertools

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_deid.transforms.decide.decision import Proof
from beam_deid.transforms.errors import InternalFault
from beam_deid.transforms.release import shuffle, sorting
from beam_deid.transforms.release.arranging import Arranging
from beam_deid.transforms.release.cutting import Cut
from beam_deid.transforms.release.releaser import Released
from beam_deid.transforms.release.shuffle import COUNT, condensed, parts_of, placed, values_of
from beam_deid.transforms.release.sorting import Sorting

from ..kit.examples import examples
from ..kit.small import SHUFFLED, table, two_releases
from ..kit.without_engine import decided_on, released

PRICES = [0.0, -0.0, 1.5, None]
ROWS = st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(PRICES), st.sampled_from([-1, 0])), max_size=30)
REST = ("city",)


def placed_rows(rows):
    cities = pa.array([city for city, _, _ in rows], pa.string())
    prices = pa.array([price for _, price, _ in rows], pa.float64())
    batch = pa.record_batch({"city": cities, "price": prices})
    return placed(Released(batch, np.array([quota for _, _, quota in rows], np.int64), 0, Proof()), REST)


def written(batches):
    """Rows as text, each as often as it is there: 0.0 and -0.0 are two values."""
    found = []
    for rows in batches:
        for row, count in zip(values_of(rows).to_pylist(), rows.column(COUNT).to_pylist(), strict=True):
            found += [(row["city"], repr(row["price"]))] * count
    return found


def expected(rows):
    return sorted((city, repr(price)) for city, price, _ in rows)


@given(rows=ROWS, random=st.randoms(use_true_random=False))
def test_rows_in_any_order_come_into_the_same_order(rows, random):
    other = list(rows)
    random.shuffle(other)
    first, second = (written([condensed(placed_rows(one))]) for one in (rows, other))
    assert first == second
    assert sorted(first) == expected(rows)


@given(rows=ROWS, random=st.randoms(use_true_random=False))
def test_rows_of_one_hash_come_into_the_same_order_as_well(rows, random):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shuffle, "ordering", lambda column: np.zeros(len(column), np.uint64))
        test_rows_in_any_order_come_into_the_same_order.hypothesis.inner_test(rows, random)


@examples(0.5)
@given(rows=ROWS)
def test_rows_that_are_alike_in_what_is_not_sensitive_stand_together(rows):
    cities = [city for city, _ in written([condensed(placed_rows(rows))])]
    changes = sum(before != after for before, after in itertools.pairwise(cities))
    assert changes == max(len(set(cities)) - 1, 0)


@given(rows=ROWS)
def test_each_kind_is_condensed_to_one_row(rows):
    once = condensed(placed_rows(rows))
    assert once.num_rows == len({(city, repr(price), quota) for city, price, quota in rows})
    assert condensed(once).equals(once)


@given(rows=ROWS, parts=st.sampled_from([1, 2, 3]), held=st.sampled_from([1, 200, 1 << 20]), run=st.integers(1, 4))
def test_rows_that_are_sorted_in_runs_come_into_the_order_of_those_that_are_sorted_at_once(
    tmp_path_factory, rows, parts, held, run
):
    path = tmp_path_factory.mktemp("runs") / "runs.arrow"
    found = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sorting, "HELD_BYTES", held)
        patch.setattr(sorting, "RUN_ROWS", run)
        some = Sorting(str(path), Cut(parts, parts), 0)
        for first in range(0, len(rows), 3):
            some.add(placed_rows(rows[first : first + 3]))
        for part, batches in some.parts():
            found[part] = written(batches)
        some.discard()
    assert list(found) == list(range(parts))
    whole = placed_rows(rows)
    for part, seen in found.items():
        assert seen == written([condensed(whole.filter(pa.array(parts_of(whole, parts) == part)))])
    assert not path.exists()


def test_the_part_of_a_row_follows_from_its_values():
    rows = placed_rows([("a", 1.0, -1), ("b", 2.0, -1), ("a", 3.0, -1), (None, 4.0, -1)])
    parts = parts_of(rows, 1 << 60)
    assert parts[0] == parts[2]
    assert len(set(parts.tolist())) == 3
    assert np.array_equal(parts_of(rows.slice(2, 1), 1 << 60), parts[2:3])


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """A run, its decision on the release that is shuffled, and the released rows of its source with a quota of none."""
    folder = tmp_path_factory.mktemp("shuffle")
    prepared, decision = decided_on(table(), two_releases(), folder)
    source = table().select(["city", "item"]).combine_chunks().to_batches()[0]
    rows = placed(Released(source, np.full(source.num_rows, -1), 0, Proof()), REST)
    return prepared, decision.releases[SHUFFLED], rows


def arranged(job, decision, rows):
    arranging = Arranging(job, decision)
    return pa.Table.from_batches(arranging.arrange(condensed(rows))), arranging.facts()


def test_a_part_holds_the_same_rows_in_the_same_order_whatever_order_they_came_in(report):
    prepared, decision, rows = report
    backwards = rows.take(pa.array(range(rows.num_rows - 1, -1, -1)))
    one, other = (arranged(prepared.job, decision, given_rows) for given_rows in (rows, backwards))
    assert one[0].equals(other[0])
    assert one[1] == other[1]
    assert one[1].proof.records == one[0].num_rows == rows.num_rows
    assert one[1].suppressed == 0


def test_rows_that_differ_under_one_fingerprint_stop_the_run(report, monkeypatch):
    prepared, decision, rows = report
    monkeypatch.setattr(
        "beam_deid.transforms.release.arranging.fingerprint", lambda column, _: np.zeros(len(column), "u8")
    )
    with pytest.raises(InternalFault, match="values that differ have one fingerprint"):
        arranged(prepared.job, decision, rows)


def test_rows_that_differ_stop_the_run_also_where_they_come_one_by_one(report, monkeypatch):
    prepared, decision, rows = report
    together = condensed(rows)
    alike = iter(range(1, together.num_rows + 1))
    monkeypatch.setattr(
        "beam_deid.transforms.release.arranging.combine",
        lambda _, many: np.array([next(alike) % (together.num_rows - 1) for _ in range(many)], "u8"),
    )
    arranging = Arranging(prepared.job, decision)
    for row in range(together.num_rows):
        assert sum(batch.num_rows for batch in arranging.arrange(together.slice(row, 1))) > 0
    with pytest.raises(InternalFault, match="values that differ have one fingerprint"):
        arranging.facts()


def test_the_source_s_order_does_not_reach_the_parts(tmp_path):
    found = []
    for name, order in (("forwards", 1), ("backwards", -1)):
        folder = tmp_path / name
        folder.mkdir()
        source = table()
        turned = source.take(pa.array(range(source.num_rows)[::order]))
        prepared, decision = decided_on(turned, two_releases(), folder)
        facts = released(prepared, decision, folder / "staging").releases[SHUFFLED]
        found.append([(file.path, file.rows) for file in facts.files])
        rows = [pq.read_table(folder / "staging" / file.source) for file in facts.files]
        found.append([one.to_pydict() for one in rows])
    assert found[:2] == found[2:]


def test_a_column_without_any_value_or_type_is_shuffled_like_any_other():
    rows = pa.record_batch({"city": pa.array(["b", "a", "b"]), "note": pa.nulls(3)})
    batch = placed(Released(rows, np.full(3, -1, np.int64), 0, Proof()), REST)
    found = condensed(batch)
    assert sorted(zip(values_of(found).column("city").to_pylist(), found.column(COUNT).to_pylist(), strict=True)) == [
        ("a", 1),
        ("b", 2),
    ]
