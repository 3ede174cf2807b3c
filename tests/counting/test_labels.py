"""A label that is decided in buckets is the label that is decided over all records together."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_deid.transforms.counting.deciding_runs import decide
from beam_deid.transforms.measure.aside import home_keys, stream_of
from beam_deid.transforms.risk.histogram import Histogram
from beam_deid.transforms.run.stages import COUNT, Out, Stream

from ..candidate.test_suppression import tables
from ..kit.deciding import measured
from ..kit.examples import examples
from ..kit.policies import policy, release, roles
from .records import BUCKETS


def aside(job, found, buckets):
    """The same records, set aside one by one in buckets in memory."""
    streams = {}
    for names in job.tables:
        counted = found.histograms[names]
        rows = np.repeat(np.arange(len(counted.counts)), counted.counts)
        each = {column: keys[rows] for column, keys in counted.columns.items()}
        histogram = Histogram(each, np.ones(len(rows), np.int64))
        out = Out("", buckets)
        out.put(
            stream_of(names), home_keys(job.policy, histogram.columns), {**histogram.columns, COUNT: histogram.counts}
        )
        streams |= out.close() or {stream_of(names): Stream(buckets)}
    return replace(found, histograms={}, aside=streams)


def document(decision):
    """A label without which columns might be left out, which is not looked for in buckets."""
    label = decision.label.to_document()
    label["changes"] = [[change["line"], change["test"], change["suppress"]] for change in label["changes"]]
    return label


def asked(sharing, open_, **require):
    fields = roles(direct="buyer phone:mobile", quasi="city age", sensitive="category")
    kept = {"age": {"generalize": {"ranges": [2, 10]}}} if open_ else {}
    return policy(fields, a=release(sharing, "city age category", kept, require=require))


@pytest.mark.parametrize("buckets", BUCKETS)
@examples(0.5)
@given(tables(), st.sampled_from(["enclave", "controlled"]), st.booleans(), st.sampled_from([0.0, 0.4, 1.0]))
def test_labels_are_the_same_in_any_number_of_buckets(buckets, table, sharing, open_, suppression):
    job, found = measured(asked(sharing, open_, suppression=suppression), table)
    whole = decide(job, found, 1.0).releases["a"]
    parts = decide(job, aside(job, found, buckets), 1.0).releases["a"]
    mine = document(parts)
    wanted = document(whole)
    if open_:  # a search on combinations counts each person in one class only
        assert mine["search"]["satisfied"] <= wanted["search"]["satisfied"]
        if mine["search"]["levels"] != wanted["search"]["levels"]:
            return
        mine.pop("search")
        wanted.pop("search")
    assert mine == wanted
    assert parts.proof == whole.proof
    assert [each.tolist() for each in parts.quotas] == [each.tolist() for each in whole.quotas]
    assert {name: keys.tolist() for name, keys in parts.suppressed.items()} == {
        name: keys.tolist() for name, keys in whole.suppressed.items()
    }
    assert parts.records == whole.records
