"""What the register takes of a run in buckets is, byte by byte, what it takes of all records together."""

import tempfile
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_deid.transforms.candidate.released_data import ReleasedData
from beam_deid.transforms.counting.grouping import classes_of
from beam_deid.transforms.counting.remembering import remember_persons_in_buckets, remember_release_in_buckets
from beam_deid.transforms.counting.suppressing import cut_in_buckets
from beam_deid.transforms.decide.choosing import choose
from beam_deid.transforms.decide.remembering import remember_persons, remember_release
from beam_deid.transforms.label.scope import EACH_RECORD
from beam_deid.transforms.measure.cells import Cells
from beam_deid.transforms.measure.measuring import measure_shard
from beam_deid.transforms.policy.reader import policy_from_mapping
from beam_deid.transforms.register.reference import Reference
from beam_deid.transforms.run.shards import prepare
from beam_deid.transforms.run.stages import Stages

from ..candidate.test_suppression import asked, tables
from ..kit.examples import examples
from ..kit.fingerprints import KEY
from .records import BUCKETS, FEW_ROWS, source_of


def data_of(policy, table, folder):
    """A release of a run that keeps a register."""
    pq.write_table(table, f"{folder}/in.parquet")
    prepared = prepare(policy_from_mapping(policy), [f"{folder}/in.parquet"])
    reference = Reference(f"{folder}/register", "r" * 16, None, 1, "c0ffee")
    job = replace(prepared.job, fingerprint_key=KEY, register=reference, unregistered="")
    (shard,) = prepared.shards
    found = measure_shard(shard, job)
    (names,) = job.tables
    return ReleasedData(job, job.layouts["a"], found.releases["a"], Cells(job, found.histograms[names]))


def same(one, other):
    """Whether both remember the same; their files have names of their own."""
    return one._replace(path="") == other._replace(path="")


@pytest.mark.parametrize("buckets", BUCKETS)
@examples(0.2)
@given(tables(), st.sampled_from([0.0, 1.0]), st.sampled_from(["buyer", EACH_RECORD]), st.sampled_from(FEW_ROWS))
def test_the_register_takes_the_same_bytes_from_any_number_of_buckets(buckets, table, suppression, subject, most):
    with tempfile.TemporaryDirectory() as folder:
        policy = asked(suppression, "public") | {"subject": subject}
        data = data_of(policy, table, folder)
        one = choose(data)
        source = source_of(data, buckets, most=most)
        stages = Stages(buckets)
        found = cut_in_buckets(classes_of(source, one.recoding.levels, stages), stages)
        whole = remember_release(one, folder)
        parts = remember_release_in_buckets(found.classes, (), stages, folder)
        assert same(parts.file, whole.file)
        assert replace(parts, file=whole.file) == whole
        assert Path(folder, parts.file.path).read_bytes() == Path(folder, whole.file.path).read_bytes()
        everybody = remember_persons(data.job, data.cells, folder)
        persons = remember_persons_in_buckets(source, stages, folder)
        assert same(persons.file, everybody.file)
        assert replace(persons, file=everybody.file) == everybody
