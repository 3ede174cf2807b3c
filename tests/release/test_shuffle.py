"""Which part a released row is in, and where, follows from released values alone."""

import itertools

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_deid.transforms.errors import InternalFault
from beam_deid.transforms.release.shuffle import QUOTA, arranged, part_of, value_order

from ..kit.examples import examples
from ..kit.small import SHUFFLED, table, two_releases
from ..kit.without_engine import decided_on, released

ROWS = st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from([0.0, -0.0, 1.5, None])), min_size=1, max_size=30)
REST = ("city",)


def rows_of(given_rows):
    cities, prices = zip(*given_rows, strict=True)
    return pa.table({"city": cities, "price": pa.array(prices, pa.float64())})


@given(rows=ROWS, random=st.randoms(use_true_random=False))
def test_rows_in_any_order_come_into_the_same_order(rows, random):
    other = list(rows)
    random.shuffle(other)
    first, second = (rows_of(one).take(pa.array(value_order(rows_of(one), REST))) for one in (rows, other))
    assert [(city, repr(price)) for city, price in zip(*first.to_pydict().values(), strict=True)] == [
        (city, repr(price)) for city, price in zip(*second.to_pydict().values(), strict=True)
    ]


@examples(0.5)
@given(rows=ROWS)
def test_rows_that_are_alike_in_what_is_not_sensitive_stand_together(rows):
    ordered = rows_of(rows).take(pa.array(value_order(rows_of(rows), REST)))
    cities = ordered.column("city").to_pylist()
    changes = sum(before != after for before, after in itertools.pairwise(cities))
    assert changes == len(set(cities)) - 1


def test_the_part_of_a_row_follows_from_its_values():
    batch = pa.record_batch({"city": ["a", "b", "a", None], "price": [1, 2, 3, 4]})
    parts = part_of(batch, REST)
    assert parts[0] == parts[2]
    assert len(set(parts.tolist())) == 3
    assert np.array_equal(part_of(batch.slice(2, 1), REST), parts[2:3])


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """A run, its decision on the release that is shuffled, and the released rows of its source with a quota of none."""
    folder = tmp_path_factory.mktemp("shuffle")
    prepared, decision = decided_on(table(), two_releases(), folder)
    source = table().select(["city", "item"])
    given_rows = source.append_column(QUOTA, pa.array(np.full(source.num_rows, -1)))
    return prepared, decision.releases[SHUFFLED], given_rows


def test_a_part_holds_the_same_rows_in_the_same_order_whatever_order_they_came_in(report):
    prepared, decision, rows = report
    backwards = rows.take(pa.array(range(rows.num_rows - 1, -1, -1)))
    one, other = (arranged(prepared.job, decision, given_rows) for given_rows in (rows, backwards))
    assert one.rows.equals(other.rows)
    assert np.array_equal(one.values, other.values)
    assert one.left_out == other.left_out == 0


def test_rows_that_differ_under_one_fingerprint_stop_the_run(report, monkeypatch):
    prepared, decision, rows = report
    monkeypatch.setattr(
        "beam_deid.transforms.release.shuffle.fingerprint", lambda column, _: np.zeros(len(column), "u8")
    )
    with pytest.raises(InternalFault, match="values that differ have one fingerprint"):
        arranged(prepared.job, decision, rows)


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
