"""Two million records, most of which are of one group: what is told of them, and how many rows a task has at once."""

from dataclasses import replace

import numpy as np
import pytest

from beam_deid.transforms.columns.combining import mix
from beam_deid.transforms.counting.classes import MOST_ROWS
from beam_deid.transforms.counting.facts import facts_of
from beam_deid.transforms.counting.grouping import classes_of
from beam_deid.transforms.counting.suppressing import cut_in_buckets
from beam_deid.transforms.label.documents import plain
from beam_deid.transforms.run.layout import Column
from beam_deid.transforms.run.spill_folder import SpillFolder
from beam_deid.transforms.run.stages import COUNT, Out, Stages

from ..kit.crowds import crowd, grid, turn
from ..kit.deciding import data_of
from ..kit.policies import policy, release, roles
from .records import RECORDS, rounded, source_of

ROWS = 2_000_000
BUCKETS = 16
SHARE = 0.6
TWO = 2
"""Records of each person."""


def many(data, path):
    """Records of kinds that a small release has, SHARE of them of its first group, two in turn of each person.

    Returns:
        The release over them, and the persons of its smallest group.
    """
    few = source_of(data, 1)
    columns = few.records.read(0, (*few.columns, Column("present", release="a"), COUNT))
    city = columns[Column("value", "city", "a")]
    kinds = len(city)
    first = np.flatnonzero(city == city[0])
    random = np.random.default_rng(5)
    rows = np.where(random.random(ROWS) < SHARE, random.choice(first, ROWS), random.integers(0, kinds, ROWS))
    columns = {name: column[rows] for name, column in columns.items()}
    who = mix(np.arange(ROWS, dtype=np.uint64) // np.uint64(TWO) + np.uint64(1))
    columns |= dict.fromkeys(few.people.columns, who)
    out = Out(path, BUCKETS)
    out.put(RECORDS, who, columns)
    groups = np.unique(np.stack([city[rows], who]), axis=1)[0]
    fewest = int(np.unique(groups, return_counts=True)[1].min())
    return replace(few, records=out.close()[RECORDS], sound=ROWS), fewest


def most_rows(classes):
    """The most rows of one bucket that a task reads."""
    read = [classes.light, *([] if classes.heavy is None else [classes.heavy])]
    return max(sum(part.rows_in(bucket) for part in read) for bucket in range(BUCKETS))


@pytest.fixture(scope="module")
def data():
    people = crowd(grid(city=["a", "b", "c"]), 30, 2, category=lambda who: turn("abc", who.person + who.order))
    fields = roles(direct="buyer", quasi="city", sensitive="category")
    return data_of(policy(fields, a=release("enclave", "city category", require={"suppression": 0.1})), people)["a"]


@pytest.mark.slow("two million records, twice")
def test_no_task_reads_a_group_of_most_records(data, record_property):
    with SpillFolder() as folder:
        source, fewest = many(data, folder.file("records"))
        stages = Stages(BUCKETS, folder)
        told = []
        for most in (MOST_ROWS // 2, ROWS):
            classes = classes_of(replace(source, most=most), {}, stages)
            cut = cut_in_buckets(classes, stages)
            facts = facts_of(cut.classes, cut.everywhere, stages)
            told.append(
                (cut.satisfied, cut.needed, cut.lost, rounded(plain(facts.figures)), rounded(plain(facts.risk)))
            )
            rows = most_rows(classes)
            record_property(f"rows that a task reads, with {most:,} rows of a bucket at most", rows)
            assert rows > SHARE * ROWS if most == ROWS else rows < 2 * ROWS / BUCKETS
            assert facts.figures["k"].measured == fewest
        assert told[0] == told[1]
