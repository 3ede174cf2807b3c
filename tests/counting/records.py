"""The records of small runs in buckets, beside the same records all together."""

import json

import numpy as np
from hypothesis import strategies as st

from beam_deid.transforms.columns.combining import mix
from beam_deid.transforms.counting.classes import MOST_ROWS, Source
from beam_deid.transforms.counting.people import PERSON, People
from beam_deid.transforms.measure.histogram_columns import release_columns
from beam_deid.transforms.measure.special import SPECIAL
from beam_deid.transforms.past.views import identities_of
from beam_deid.transforms.run.layout import Column
from beam_deid.transforms.run.stages import COUNT, Out, Stream

RECORDS = "records"
BUCKETS = (1, 2, 16, 1000)
BUCKET_COUNTS = st.sampled_from(BUCKETS)
FEW_ROWS = (0, 3, MOST_ROWS)
"""Most rows of a bucket: all groups are heavy, some are, or none is."""


def source_of(data, buckets, seed=0, most=MOST_ROWS):
    """A release over records that lie in buckets at random, but for what is the same about all of them.

    Args:
        data: The release over all records together.
        buckets: How many buckets there are.
        seed: Tells one order from another.
        most: Most rows of a bucket of whole groups.
    """
    cells = data.cells
    persons = cells.persons
    names = persons.names
    people = People(names, persons.same_as, persons.shared, persons.filled, persons.nobody, persons.finer)
    columns = {COUNT: cells.counts, Column("signature"): cells.signature}
    known = identities_of(data.job, persons)
    for name, (_, numbers, keys, _) in zip((*names, *persons.same_as), known, strict=True):
        columns[Column(PERSON, name)] = np.append(keys, data.job.prints.null)[numbers]
    for column in [Column("present", release=data.layout.release), *release_columns(data.job, data.layout)]:
        columns[column] = cells.column(*column)
    if data.job.special:
        columns[SPECIAL] = cells.column(*SPECIAL)
    if data.job.remembers:
        columns[Column("recorded")] = cells.column("recorded")
    out = Out("", buckets)
    random = mix(np.arange(len(cells), dtype=np.uint64) + np.uint64(seed))
    out.put(RECORDS, random, columns)
    records = out.close().get(RECORDS, Stream(buckets))
    return Source(data.job, data.layout, data.measured, people, records, int(data.everything.sum()), most)


def rounded(document):
    """A document without the last digits of its numbers: sums run in the order of fingerprints."""
    return json.loads(json.dumps(document), parse_float=lambda number: round(float(number), 9))


def rows_left(seen):
    """How many records of each kind a candidate has: by all that is released, and by whom they are of."""
    keys = seen.proof_keys()
    signature = seen.data.cells.signature[seen.cells]
    kinds = {}
    for key, whose, count in zip(keys.tolist(), signature.tolist(), seen.counts.tolist(), strict=True):
        kinds[key, whose] = kinds.get((key, whose), 0) + count
    return kinds
