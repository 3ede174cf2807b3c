"""A release that its policy alone shows to be still_personal is written in the first read, and is what two reads would write."""

import json
import shutil
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import yaml

from beam_deid.pipelines.cli import call
from beam_deid.transforms.policy.reader import policy_from_mapping
from beam_deid.transforms.release import first_read
from beam_deid.transforms.release.facts import RunFacts
from beam_deid.transforms.release.releaser import Releaser
from beam_deid.transforms.release.releasing import ReleasePass
from beam_deid.transforms.release.supposing import suppositions
from beam_deid.transforms.run.shards import prepare
from beam_deid.transforms.treat import part

from ..kit.keys import KEY

ROWS = 120
FIELDS = {
    "who": {"role": "direct_identifier"},
    "city": {"role": "quasi_identifier"},
    "age": {"role": "quasi_identifier", "kind": "integer"},
    "item": {"role": "sensitive"},
}
CRM = {
    "purpose": "test",
    "sharing": "enclave",
    "expect": "still_personal",
    "fields": {"who": {"tokenize": {"domain": "who"}}, "city": "keep", "age": "keep", "item": "keep"},
}
OPEN = {
    "purpose": "test",
    "sharing": "enclave",
    "fields": {"age": {"generalize": {"ranges": [10, 100]}}},
}


@pytest.fixture(autouse=True)
def _key(monkeypatch):
    monkeypatch.setenv("BEAM_DEID_KEY", KEY)


@pytest.fixture
def source(tmp_path):
    """Two files of orders, of which one has a record whose age cannot be read."""
    for number in range(2):
        lines = [f"p{i % 40},{'ab'[i % 2]},{20 + i % 30},i{i % 3}" for i in range(ROWS)]
        if number:
            lines[7] = "p7,a,old,i1"
            lines[8] = "p8,c,20,i1"
        text = "\n".join(["who,city,age,item", *lines, ""])
        (tmp_path / f"in-{number}.csv").write_text(text, "utf-8")
    return tmp_path


def policy_of(releases, **policy):
    return {
        "version": 1,
        "dataset": "first",
        "subject": "who",
        "register": "none",
        "keys": {"key": "env:BEAM_DEID_KEY"},
        "fields": FIELDS,
        "releases": releases,
        **policy,
    }


def run(folder, out, releases, *options, **policy):
    (folder / "policy.yaml").write_text(yaml.safe_dump(policy_of(releases, **policy)), "utf-8")
    given = ["run", str(folder / "policy.yaml"), "-i", str(folder / "in-*.csv"), "-o", str(folder / out)]
    usual = {"--max-rejects": "0.1", "--workers": "1"}
    return call(
        [*given, *(word for name, value in usual.items() if name not in options for word in (name, value)), *options]
    )


TIMES = {"decided_at", "assessed_at", "started_at", "finished_at", "seconds", "command"}
OF_TIMES = {"sha256", "label_sha256"}
"""Hashes of papers in which times stand."""


def timeless(paper, without):
    """A paper without what is said under some words, at any depth."""
    if isinstance(paper, dict):
        return {name: timeless(one, without) for name, one in paper.items() if name not in without}
    return [timeless(one, without) for one in paper] if isinstance(paper, list) else paper


def comparable(path):
    """A file as it is in every run: parts and lists of rejects as bytes, papers without times."""
    if path.suffix != ".json":
        return path.read_bytes()
    paper = json.loads(path.read_text("utf-8"))
    if "history" in paper:
        paper["history"] = paper["history"][:1]  # which points are drawn follows from the run's secret
    return timeless(paper, TIMES | OF_TIMES if path.name == "run.json" else TIMES)


def left(folder):
    """What a run left, by path; reports say again what papers say."""
    files = (file for file in folder.rglob("*") if file.is_file() and file.suffix != ".html")
    return {str(file.relative_to(folder)): comparable(file) for file in files}


@pytest.fixture
def reads(monkeypatch):
    """The releases of each piece of the input that is read for the second time."""
    begun = []
    begin = ReleasePass.begin

    def noted(self, shard):
        begun.append(tuple(self.decisions))
        return begin(self, shard)

    monkeypatch.setattr(ReleasePass, "begin", noted)
    return begun


@pytest.fixture
def deleted(monkeypatch):
    """The parts that were removed from staging."""
    found = []
    discard = first_read.discard_parts

    def noted(staging, parts):
        parts = list(parts)
        discard(staging, parts)
        found.extend(not (Path(staging) / one.source).exists() for one in parts)

    monkeypatch.setattr(first_read, "discard_parts", noted)
    return found


def twice(monkeypatch):
    """Nothing is supposed, so that every release is made in a second read."""
    monkeypatch.setattr(first_read, "suppositions", lambda job, staging: {})


@pytest.mark.parametrize(
    "releases",
    [
        {"crm": CRM},
        {"crm": {**CRM, "parts": {"rows": 50}}},
        {"crm": {**CRM, "format": "csv"}},
        {"crm": {**CRM, "attackers": {"shop": {"knows": ["age"]}}}},
        {"crm": CRM, "open": OPEN},
        {"crm": CRM, "more": {**CRM, "fields": {"who": "hash", "city": "keep"}}},
    ],
)
def test_bytes_and_papers_are_those_of_two_reads(source, monkeypatch, reads, releases):
    assert run(source, "one", releases) == 0
    assert all("crm" not in names for names in reads)
    assert len(reads) == (2 if "open" in releases else 0)
    twice(monkeypatch)
    assert run(source, "two", releases) == 0
    assert left(source / "one") == left(source / "two")
    assert any(name.startswith("crm/part-") for name in left(source / "one"))


@pytest.mark.parametrize(("suppression", "many"), [(0.0, 1), (0.9, 0)])
def test_rows_that_might_be_suppressed_wait_where_a_store_may_keep_what_is_deleted(source, suppression, many):
    asked = {**CRM, "require": {"k": 4, "suppression": suppression}}
    job = prepare(policy_from_mapping(policy_of({"crm": asked})), [str(source / "in-*.csv")]).job
    assert len(suppositions(job, "s3://bucket/out")) == many
    assert len(suppositions(job, str(source))) == 1


def test_two_workers_write_what_one_writes(source):
    assert run(source, "one", {"crm": CRM}) == 0
    assert run(source, "two", {"crm": CRM}, "--workers", "2") == 0
    assert left(source / "one") == left(source / "two")


def test_a_first_read_of_all_columns_writes_the_same_bytes(source, monkeypatch, reads):
    """Where a register is kept the first read reads columns that no release has."""
    release = {name: what for name, what in CRM.items() if name != "expect"}
    release["fields"] = {"who": "hash", "item": "keep"}
    assert run(source, "one", {"crm": release}, register=str(source / "kept")) == 0
    assert reads == []
    twice(monkeypatch)
    shutil.rmtree(source / "kept")
    assert run(source, "two", {"crm": release}, "--new-register", register=str(source / "kept")) == 0
    parts = [[data for name, data in left(source / out).items() if "part-" in name] for out in ("one", "two")]
    assert len(parts[0]) == 2
    assert parts[0] == parts[1]


def test_a_release_that_suppresses_is_made_in_a_second_read(source, monkeypatch, reads, deleted):
    """One person alone is in the third city."""
    fields = {"city": "keep", "item": {"tokenize": {"domain": "item"}}}
    asked = {**CRM, "require": {"k": 4, "suppression": 0.9}, "fields": fields}
    assert run(source, "one", {"crm": asked}) == 0
    assert json.loads((source / "one" / "crm" / "label.json").read_text("utf-8"))["records"]["suppressed"] > 0
    assert reads == [("crm",), ("crm",)]
    assert deleted == [True, True]
    twice(monkeypatch)
    assert run(source, "two", {"crm": asked}) == 0
    assert left(source / "one") == left(source / "two")


def test_a_refused_run_leaves_nothing(source, reads):
    assert run(source, "out", {"crm": CRM}, "--max-rejects", "0") == 3
    assert reads == []
    assert sorted(path.name for path in source.iterdir()) == ["in-0.csv", "in-1.csv", "policy.yaml"]


def test_rejects_are_told_once(source):
    """Both reads see the record; one of them tells of it."""
    assert run(source, "one", {"crm": CRM, "open": OPEN}) == 0
    assert pq.read_table(source / "one" / "rejected.parquet").num_rows == 1


def test_a_shard_of_many_rejects_is_left_to_the_second_read(source, monkeypatch, reads):
    assert run(source, "one", {"crm": CRM}) == 0
    monkeypatch.setattr(first_read, "MOST_REJECTS", 0)
    assert run(source, "two", {"crm": CRM}) == 0
    assert len(reads) == 2
    assert left(source / "one") == left(source / "two")


def test_the_source_is_read_once(source, monkeypatch):
    """Nothing but the first read is left to be read when it was decided."""
    settle = first_read.settled

    def settled(job, decisions, written, staging):
        for number in range(2):
            (source / f"in-{number}.csv").unlink()
        return settle(job, decisions, written, staging)

    monkeypatch.setattr("beam_deid.transforms.beam.decide.settled", settled)
    assert run(source, "out", {"crm": CRM}) == 0
    assert len(list((source / "out" / "crm").glob("part-*"))) == 2


def test_a_shard_that_is_tried_again_has_one_part(source, monkeypatch):
    """An attempt that died left a part behind, which nothing publishes."""
    assert run(source, "one", {"crm": CRM}) == 0
    begin = first_read.FirstPass.begin

    def again(self, shard):
        dead = begin(self, shard)
        dead.close()
        return begin(self, shard)

    monkeypatch.setattr(first_read.FirstPass, "begin", again)
    assert run(source, "two", {"crm": CRM}) == 0
    assert left(source / "one") == left(source / "two")


def test_a_run_that_dies_while_it_writes_leaves_nothing(source, monkeypatch):
    def broken(self, batch):
        raise part.OutputError("a part cannot be written (disk full)", "there", "Free space there and run again")

    monkeypatch.setattr(part.Part, "write", broken)
    assert run(source, "out", {"crm": CRM}) == 1
    assert sorted(path.name for path in source.iterdir()) == ["in-0.csv", "in-1.csv", "policy.yaml"]


def test_what_is_written_otherwise_than_it_was_decided_is_not_published(source, monkeypatch):
    release = Releaser.release

    def less(self, given, joint=None):
        found = release(self, given, joint)
        return type(found)(found.batch.slice(1), found.quota[1:], found.suppressed, found.proof)

    monkeypatch.setattr(Releaser, "release", less)
    assert run(source, "out", {"crm": CRM}) == 1
    assert not (source / "out").exists()


def test_facts_of_no_read_are_none():
    assert first_read.FirstRead.merge([]).written == RunFacts()
