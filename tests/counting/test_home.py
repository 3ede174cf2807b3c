"""Whose records are, by every identity, is the same in any number of buckets as over all records together."""

from collections import Counter

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

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
from ..kit.policies import policy, release, roles
from .records import BUCKET_COUNTS, BUCKETS
from .test_labels import aside


def at_home(job, histogram, buckets):
    columns = dict(histogram.columns)
    out = Out("", buckets)
    out.put("home", home_keys(job, columns), columns | {COUNT: histogram.counts})
    return out.close().get("home", Stream(buckets))


def kinds(signature, persons, counts):
    found = {}
    rows = zip(signature.tolist(), *(keys.tolist() for keys in persons), counts.tolist(), strict=True)
    for whose, *keys, count in rows:
        kind = (whose, *keys)
        found[kind] = found.get(kind, 0) + count
    return found


@examples(0.5)
@given(BUCKET_COUNTS, tables())
def test_persons_are_the_same_in_any_number_of_buckets(buckets, table):
    same_persons(asked(), table, buckets)


@examples(0.25)
@given(BUCKET_COUNTS, tables(), st.lists(st.booleans(), min_size=60, max_size=60))
def test_persons_are_the_same_where_many_records_have_no_subject(buckets, table, named):
    buyers = [name if told else None for name, told in zip(table["buyer"].to_pylist(), named, strict=False)]
    same_persons(asked(), table.set_column(0, "buyer", pa.array(buyers, pa.string())), buckets)


def same_persons(policy, table, buckets):
    job, found = measured(policy, table)
    histogram = found.histograms[job.tables[0]]
    cells = Cells(job, histogram)
    home, people = home_of(job, at_home(job, histogram, buckets), Stages(buckets))
    whole = cells.persons
    assert people.names == ("buyer", *whole.names[1:])
    assert people.same_as == {name: "buyer" if one == "subject" else one for name, one in whole.same_as.items()}
    assert people.finer == whole.finer
    assert (people.shared, people.filled) == (whole.shared, whole.filled)
    wanted = [np.append(keys, job.prints.null)[numbers] for _, numbers, keys, _ in identities_of(job, whole)]
    seen = Counter()
    for bucket in range(buckets):
        columns = home.read(bucket, [Column("signature"), *people.all_columns, COUNT])
        persons = [columns[column] for column in people.all_columns]
        seen.update(kinds(columns[Column("signature")], persons, columns[COUNT]))
    assert seen == kinds(cells.signature, wanted, cells.counts)
    assert people.columns[0].what == PERSON


def buckets_filled(policy, table, buckets, files=1):
    """How many records are in each bucket, and how many persons there are by the subject."""
    job, found = measured(policy, *[table] * files)
    streams = aside(job, found, buckets).aside
    (rows,) = streams.values()
    home, people = home_of(job, rows, Stages(buckets))
    keys = [home.read(bucket, people.all_columns[:1]).values() for bucket in range(buckets)]
    persons = np.concatenate([each for bucket in keys for each in bucket] or [np.empty(0, np.uint64)])
    return [rows.rows_in(bucket) for bucket in range(buckets)], persons[persons != job.prints.null]


ROWS = 4_000


@pytest.mark.parametrize("buckets", [1, 2, 16, 100])
@pytest.mark.parametrize("subject", ["each_record", "buyer", None])
def test_records_of_nobody_are_spread_evenly(buckets, subject):
    table = pa.table({"buyer": pa.nulls(ROWS, pa.string()), "city": ["a"] * ROWS})
    fields = roles(direct="buyer" if subject == "buyer" else "", quasi="city")
    table = table if subject == "buyer" else table.select(["city"])
    top = {"subject": subject} | ({} if subject else {"keys": None})
    filled, persons = buckets_filled(policy(fields, top=top, a=release("enclave", "city")), table, buckets)
    assert sum(filled) == ROWS
    assert max(filled) <= 1.7 * ROWS / buckets
    if subject is not None:
        assert len(persons) == len(np.unique(persons)) == (ROWS if subject == "each_record" else 0)


@pytest.mark.parametrize("buckets", BUCKETS)
def test_a_record_that_is_in_several_files_is_one_person_in_any_number_of_buckets(buckets):
    table = pa.table({"city": [f"{row % 50}" for row in range(200)]})
    spec = policy(roles(quasi="city"), top={"subject": "each_record"}, a=release("enclave", "city"))
    filled, persons = buckets_filled(spec, table, buckets, files=3)
    assert sum(filled) == 3 * 200
    assert len(np.unique(persons)) == 200
