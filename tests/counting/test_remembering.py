"""What the register takes of a run in buckets is, byte by byte, what it takes of all records together."""

import tempfile
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_deid.transforms.candidate.released_data import ReleasedData
from beam_deid.transforms.counting.deciding_runs import decide
from beam_deid.transforms.counting.grouping import classes_of
from beam_deid.transforms.counting.remembering import remember_persons_in_buckets, remember_release_in_buckets
from beam_deid.transforms.counting.suppressing import cut_in_buckets
from beam_deid.transforms.decide.choosing import choose
from beam_deid.transforms.decide.remembering import remember_persons, remember_release, remember_special
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
from ..kit.policies import policy, release, roles
from .given_out import registering
from .records import BUCKET_COUNTS, BUCKETS, FEW_ROWS, source_of
from .test_labels import aside


def data_of(mapping, table, folder):
    """A release of a run that keeps a register."""
    pq.write_table(table, f"{folder}/in.parquet")
    prepared = prepare(policy_from_mapping(mapping), [f"{folder}/in.parquet"])
    reference = Reference(f"{folder}/register", "r" * 16, None, 1, "c0ffee")
    job = replace(prepared.job, fingerprint_key=KEY, register=reference, unregistered="")
    (shard,) = prepared.shards
    found = measure_shard(shard, job)
    (names,) = job.tables
    return ReleasedData(job, job.layouts["a"], found.releases["a"], Cells(job, found.histograms[names]))


def same(one, other):
    """Whether both remember the same; their files have names of their own."""
    return one._replace(path="") == other._replace(path="")


@examples(0.5)
@given(
    BUCKET_COUNTS,
    tables(),
    st.sampled_from([0.0, 1.0]),
    st.sampled_from(["buyer", EACH_RECORD]),
    st.sampled_from(FEW_ROWS),
)
def test_the_register_takes_the_same_bytes_from_any_number_of_buckets(buckets, table, suppression, subject, most):
    with tempfile.TemporaryDirectory() as folder:
        data = data_of(asked(suppression, "public") | {"subject": subject}, table, folder)
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
        more = remember_special(data.job, data.cells, folder)
        persons, special = remember_persons_in_buckets(source, stages, folder)
        for in_buckets, in_memory in ((persons, everybody), (special, more)):
            assert same(in_buckets.file, in_memory.file)
            assert replace(in_buckets, file=in_memory.file) == in_memory


def orders(numbers):
    """Orders of which every other one has no telephone, and every fourth stands there twice, some in another category."""
    listed = [(number, time) for number in numbers for time in range(1 if number % 4 else 2)]
    phones = [None if number % 2 == 0 else f"138001{number:05d}" for number, _ in listed]
    return pa.table(
        {
            "tid": [f"{number:07d}" for number, _ in listed],
            "phone": pa.array(phones, pa.string()),
            "city": ["c"] * len(listed),
            "category": ["ab"[(number // 2 + (time if number % 8 else 0)) % 2] for number, time in listed],
        }
    )


def each_a_person(record):
    fields = roles(direct="tid:order_number phone:mobile", quasi="city", sensitive="category")
    return policy(fields, top={"subject": EACH_RECORD, "record": record}, a=release("enclave", "city category"))


def remembered(asked_for, table, folder, buckets=None):
    """The bytes of the run's release and of its persons in the register, and these persons by their telephones."""
    job, found = registering(asked_for, table, folder)
    decision = decide(job, found if buckets is None else aside(job, found, buckets), 1.0, str(folder))
    paths = [Path(folder, one.file.path) for one in (decision.releases["a"].remembered, decision.persons)]
    persons = pq.read_table(paths[1]).to_pydict()
    pairs = zip(persons["identity"], persons["person"], strict=True)
    by_phone = {person for identity, person in pairs if identity == "phone"}
    return [path.read_bytes() for path in paths], by_phone


@pytest.mark.parametrize("record", ["tid", None])
@pytest.mark.parametrize("buckets", BUCKETS)
def test_of_records_that_are_persons_the_register_takes_the_same_bytes_from_any_number_of_buckets(
    tmp_path, buckets, record
):
    table = orders(range(40))
    one, _ = remembered(each_a_person(record), table, tmp_path)
    assert remembered(each_a_person(record), table, tmp_path, buckets)[0] == one
    turned = table.take(list(range(len(table)))[::-1])
    assert remembered(each_a_person(record), turned, tmp_path, buckets)[0] == one


@pytest.mark.parametrize("record", ["tid", None])
@pytest.mark.parametrize("buckets", [None, 1, 3])
def test_who_has_no_telephone_is_known_again_as_the_record_is(tmp_path, buckets, record):
    asked_for = each_a_person(record)
    _, first = remembered(asked_for, orders(range(40)), tmp_path, buckets)
    _, others = remembered(asked_for, orders(range(100, 140)), tmp_path, buckets)
    _, again = remembered(asked_for, orders(range(39, -1, -1)), tmp_path, buckets)
    _, more = remembered(asked_for, orders(range(60)), tmp_path, buckets)
    assert not first & others
    assert len(first) == 50
    assert first == again
    assert first < more


def test_fields_that_change_their_places_in_the_policy_make_no_other_persons(tmp_path):
    asked_for = each_a_person("tid")
    turned = asked_for | {"fields": dict(reversed(asked_for["fields"].items()))}
    table = orders(range(40))
    assert remembered(asked_for, table, tmp_path)[1] == remembered(turned, table, tmp_path)[1]


def persons_kept(folder, table, buckets=None):
    """The persons by their telephones that the register takes of a run whose release stays personal."""
    asked_for = each_a_person("tid")
    asked_for["releases"]["a"]["expect"] = "still_personal"
    job, found = registering(asked_for, table, folder)
    decision = decide(job, found if buckets is None else aside(job, found, buckets), 1.0, str(folder))
    persons = pq.read_table(Path(folder, decision.persons.file.path)).to_pydict()
    pairs = zip(persons["identity"], persons["person"], strict=True)
    return {person for identity, person in pairs if identity == "phone"}


@pytest.mark.parametrize("buckets", [None, 1, 3])
def test_persons_of_a_run_that_stays_personal_are_known_again_as_records_are(tmp_path, buckets):
    first = persons_kept(tmp_path, orders(range(40)), buckets)
    assert first == persons_kept(tmp_path, orders(range(40)))
    assert not first & persons_kept(tmp_path, orders(range(100, 140)), buckets)
