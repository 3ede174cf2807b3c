"""A label that is decided in buckets is the label that is decided over all records together."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_deid.transforms.counting import combinations
from beam_deid.transforms.counting.deciding_runs import decide
from beam_deid.transforms.decide.deciding import records_of
from beam_deid.transforms.measure.aside import home_keys, stream_of
from beam_deid.transforms.risk.histogram import Histogram
from beam_deid.transforms.run.stages import COUNT, Out, Stream
from beam_deid.transforms.terms import LabelName

from ..candidate.test_suppression import tables
from ..kit.crowds import crowd, grid, turn
from ..kit.deciding import measured
from ..kit.examples import examples
from ..kit.policies import policy, release, roles
from .records import BUCKET_COUNTS, FEW_ROWS, rounded


def aside(job, found, buckets):
    """The same records, set aside one by one in buckets in memory."""
    streams = {}
    for names in job.tables:
        counted = records_of(job, names, found)
        rows = np.repeat(np.arange(len(counted.counts)), counted.counts)
        each = {column: keys[rows] for column, keys in counted.columns.items()}
        histogram = Histogram(each, np.ones(len(rows), np.int64))
        out = Out("", buckets)
        out.put(stream_of(names), home_keys(job, histogram.columns), {**histogram.columns, COUNT: histogram.counts})
        streams |= out.close() or {stream_of(names): Stream(buckets)}
    return replace(found, histograms={}, aside=streams)


def document(decision):
    """A label without which columns might be left out, which is not looked for in buckets."""
    label = decision.label.to_document()
    label["changes"] = [[change["line"], change["test"], change["suppress"]] for change in label["changes"]]
    return rounded(label)


def same(parts, whole):
    """Two decisions of a release, in buckets and over all records together, are the same."""
    assert document(parts) == document(whole)
    assert parts.proof == whole.proof
    assert [each.tolist() for each in parts.quotas] == [each.tolist() for each in whole.quotas]
    assert {name: keys.tolist() for name, keys in parts.suppressed.items()} == {
        name: keys.tolist() for name, keys in whole.suppressed.items()
    }
    assert parts.records == whole.records


def asked(sharing, open_, **require):
    fields = roles(direct="buyer phone:mobile", quasi="city age", sensitive="category")
    kept = {"age": {"generalize": {"ranges": [2, 10]}}} if open_ else {}
    return policy(fields, a=release(sharing, "city age category", kept, require=require))


@examples(0.5)
@given(
    BUCKET_COUNTS,
    tables(),
    st.sampled_from(["enclave", "controlled"]),
    st.booleans(),
    st.sampled_from([0.0, 0.4, 1.0]),
    st.sampled_from(FEW_ROWS),
)
def test_labels_are_the_same_in_any_number_of_buckets(buckets, table, sharing, open_, suppression, most):
    job, found = measured(asked(sharing, open_, suppression=suppression), table)
    whole = decide(job, found, 1.0).releases["a"]
    parts = decide(job, aside(job, found, buckets), 1.0, most_rows=most).releases["a"]
    same(parts, whole)


@pytest.mark.parametrize("most", FEW_ROWS)
def test_where_nobody_says_whom_records_are_about_figures_are_told_of_records(most):
    rows = {"city": ["a", "a", "b", "b"], "age": [20, 21, 20, 30], "category": ["x", "y", "x", "x"]}
    require = {"alpha": {"category": 0.9}, "t": {"category": 0.4}}
    spec = policy(
        roles(quasi="city age", sensitive="category"),
        top={"subject": None, "keys": None},
        a=release("enclave", "city category", {"age": {"generalize": {"ranges": [2, 10]}}}, require=require),
    )
    job, found = measured(spec, pa.table(rows))
    whole = document(decide(job, found, 1.0).releases["a"])
    assert document(decide(job, aside(job, found, 3), 1.0, most_rows=most).releases["a"]) == whole


def test_the_most_general_levels_reach_the_label_where_there_are_too_many_combinations(monkeypatch):
    people = crowd(
        grid(city=["a", "b"], age=[20, 21, 22, 23]), 30, 2, category=lambda who: turn("abc", who.person + who.order)
    )
    kept = {"age": {"generalize": {"ranges": [2, 10]}}}
    fields = roles(direct="buyer", quasi="city age", sensitive="category")
    spec = policy(fields, a=release("enclave", "city age category", kept))
    job, found = measured(spec, people)
    monkeypatch.setattr(combinations, "MOST_COMBINATIONS", 4)
    label = decide(job, aside(job, found, 5), 1.0).releases["a"].label
    assert label.label == LabelName.ANONYMIZED
    assert not label.search.proved
    assert "too many combinations" in label.search.method
