"""Whose records are, by every identity, is the same in any number of buckets as over all records together."""

import numpy as np
import pytest
from hypothesis import given

from beam_deid.transforms.counting.home import home_of
from beam_deid.transforms.counting.people import PERSON
from beam_deid.transforms.measure.aside import home_keys
from beam_deid.transforms.measure.cells import Cells
from beam_deid.transforms.past.views import identities_of
from beam_deid.transforms.run.layout import Column
from beam_deid.transforms.run.stages import COUNT, Out, Stages, Stream

from ..candidate.test_suppression import asked, tables
from ..kit.deciding import measured
from ..kit.examples import examples
from .records import BUCKETS


def at_home(job, histogram, buckets):
    columns = dict(histogram.columns)
    out = Out("", buckets)
    out.put("home", home_keys(job.policy, columns), columns | {COUNT: histogram.counts})
    return out.close().get("home", Stream(buckets))


def kinds(signature, persons, counts):
    found = {}
    rows = zip(signature.tolist(), *(keys.tolist() for keys in persons), counts.tolist(), strict=True)
    for whose, *keys, count in rows:
        kind = (whose, *keys)
        found[kind] = found.get(kind, 0) + count
    return found


@pytest.mark.parametrize("buckets", BUCKETS)
@examples(0.2)
@given(tables())
def test_persons_are_the_same_in_any_number_of_buckets(buckets, table):
    job, found = measured(asked(), table)
    histogram = found.histograms[job.tables[0]]
    cells = Cells(job, histogram)
    home, people = home_of(job, at_home(job, histogram, buckets), Stages(buckets))
    whole = cells.persons
    assert people.names == ("buyer", *whole.names[1:])
    assert people.same_as == {name: "buyer" if one == "subject" else one for name, one in whole.same_as.items()}
    assert people.finer == whole.finer
    assert (people.shared, people.filled) == (whole.shared, whole.filled)
    wanted = [np.append(keys, job.prints.null)[numbers] for _, numbers, keys, _ in identities_of(job, whole)]
    seen = {}
    for bucket in range(buckets):
        columns = home.read(bucket, [Column("signature"), *people.all_columns, COUNT])
        persons = [columns[column] for column in people.all_columns]
        seen |= kinds(columns[Column("signature")], persons, columns[COUNT])
    assert seen == kinds(cells.signature, wanted, cells.counts)
    assert people.columns[0].what == PERSON
