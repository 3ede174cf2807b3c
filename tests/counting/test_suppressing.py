"""Suppression in buckets removes what it removes of all records together."""

from hypothesis import given
from hypothesis import strategies as st

from beam_deid.transforms.candidate.candidate import Candidate
from beam_deid.transforms.candidate.suppression import cut
from beam_deid.transforms.counting.grouping import classes_of
from beam_deid.transforms.counting.suppressing import cut_in_buckets
from beam_deid.transforms.run.stages import Stages

from ..candidate.test_suppression import asked, tables
from ..kit.deciding import data_of
from ..kit.examples import examples
from .records import BUCKET_COUNTS, FEW_ROWS, rows_left, source_of


def left_in_buckets(found, buckets):
    kinds = {}
    for bucket in range(buckets):
        for kind, count in rows_left(found.classes.seen(bucket, found.everywhere)).items():
            kinds[kind] = kinds.get(kind, 0) + count
    return kinds


@examples(0.5)
@given(
    BUCKET_COUNTS,
    tables(),
    st.sampled_from([0.0, 0.3, 1.0]),
    st.sampled_from(["enclave", "controlled", "public"]),
    st.sampled_from(FEW_ROWS),
)
def test_the_same_rows_are_left_in_any_number_of_buckets(buckets, table, suppression, sharing, most):
    same_suppression(asked(suppression, sharing, t={"category": 0.9}, beta={"category": 3}), table, buckets, most)


def same_suppression(spec, table, buckets, most, spill=None, workers=1):
    """What is suppressed of a release in buckets is what is suppressed of all its records together."""
    data = data_of(spec, table)["a"]
    whole = cut(data, {})
    stages = Stages(buckets, spill, workers)
    found = cut_in_buckets(classes_of(source_of(data, buckets, most=most), {}, stages), stages)
    assert (found.satisfied, found.needed) == (whole.satisfied, whole.needed)
    assert found.lost == whole.lost(data.everything)
    assert {name: keys.tolist() for name, keys in found.suppressed.items()} == {
        name: keys.tolist() for name, keys in whole.suppressed.items()
    }
    assert left_in_buckets(found, buckets) == rows_left(Candidate(data, {}, whole.left))
