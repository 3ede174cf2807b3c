"""What is measured of a release in buckets is what is measured of all its records together."""

import gc
import weakref

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_deid.transforms.candidate.candidate import Candidate
from beam_deid.transforms.counting.facts import facts_of
from beam_deid.transforms.counting.grouping import classes_of
from beam_deid.transforms.counting.values import references_of
from beam_deid.transforms.label.documents import plain
from beam_deid.transforms.label.requirements import planned
from beam_deid.transforms.run.stages import Stages

from ..candidate.test_suppression import asked, tables
from ..kit.deciding import data_of
from ..kit.examples import examples
from ..kit.policies import policy, release, roles
from .records import BUCKET_COUNTS, FEW_ROWS, rounded, source_of

ASKED = {
    "t": {"category": 0.9},
    "beta": {"category": {"max": 3, "kind": "enhanced"}},
    "delta": {"category": 1.0},
    "alpha": {"category": 0.5},
    "l": {"category": {"distinct": 2, "entropy": 2, "recursive": [3, 2]}},
}


FIELDS = roles(direct="buyer phone:mobile", quasi="city", sensitive="age category")
PLACES = "a;x;1;*\nb;x;1;*\nc;y;1;*\n"
"""A hierarchy of the values that tables have."""


@examples(0.5)
@given(BUCKET_COUNTS, tables(), st.sampled_from(["enclave", "public"]), st.booleans(), st.sampled_from(FEW_ROWS))
def test_figures_are_the_same_in_any_number_of_buckets(buckets, table, sharing, more, most):
    same_figures(asked(0.0, sharing, **(ASKED if more else {})), table, buckets, most)


@examples(0.5)
@given(BUCKET_COUNTS, tables(), st.sampled_from(FEW_ROWS))
def test_distances_between_values_are_the_same_in_any_number_of_buckets(tmp_path_factory, buckets, table, most):
    places = tmp_path_factory.getbasetemp() / "places.csv"
    places.write_text(PLACES)
    near = {
        "age": {"max": 0.2, "distance": "ordered"},
        "category": {"max": 0.2, "distance": "hierarchical", "hierarchy": str(places)},
    }
    require = {"suppression": 0.0, "t": near}
    same_figures(policy(FIELDS, a=release("enclave", "city age category", require=require)), table, buckets, most)


def test_what_is_counted_of_a_bucket_goes_with_it_at_once():
    columns = {"buyer": ["u1", "u2", "u3"], "phone": ["13800138001", "13800138002", "13800138001"]}
    table = pa.table({**columns, "city": ["c", "c", "d"], "age": [20, 20, 21], "category": ["a", "b", None]})
    data = data_of(asked(0.0, "enclave"), table)["a"]
    stages = Stages(1)
    classes = classes_of(source_of(data, 1), {}, stages)
    seen = classes.seen(0, references_of(classes, stages))
    # One row less, so that persons are those of the rows that are left.
    seen = Candidate(seen.data, {}, seen.left * [0, 1, 1], everywhere=references_of(classes, stages))
    groups = seen.groups(seen.scope.rest)
    assert [len(each) for each in groups.by_identity] == [groups.many] * len(seen.identities)
    there = [weakref.ref(each) for each in (groups, seen, seen.data)]
    gc.disable()
    try:
        del groups, seen
        assert [each() for each in there] == [None] * 3, "a cycle would keep its columns until it is collected"
    finally:
        gc.enable()


def same_figures(spec, table, buckets, most):
    """All figures of a release in buckets are those of all its records together."""
    data = data_of(spec, table)["a"]
    whole = Candidate(data, {}, data.everything)
    stages = Stages(buckets)
    classes = classes_of(source_of(data, buckets, most=most), {}, stages)
    everywhere = references_of(classes, stages)
    found = facts_of(classes, everywhere, stages)
    assert everywhere.counted == whole.counted
    assert found.records == whole.records
    for requirement, test in planned(data.layout.scope):
        if requirement.by_group:
            wanted = requirement.figure(test, whole)
            assert found.figures[test.name][1:] == wanted[1:], test.name
            assert found.figures[test.name].measured == pytest.approx(wanted.measured), test.name
    assert rounded(plain(found.risk)) == rounded(plain(whole.risk))
    assert found.base_rates == pytest.approx(whole.base_rates())
    assert found.singled.linked(by_all=False) == whole.singled_out(whole.scope.rest)
    assert found.singled.linked(by_all=True) == whole.singled_out(whole.scope.columns)
    deciding = whole.deciding
    assert (None if found.deciding is None else whole.identities[found.deciding]) == deciding
