"""Collections, and engines whose workers are elsewhere: records come in chunks, and are counted in buckets where it is decided.

Chunks are forced small and all records are called many: what comes out must be what comes out of memory.
"""

import json
import os
from dataclasses import replace

import apache_beam as beam
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.transforms.window import FixedWindows, TimestampedValue

from beam_deid.transforms import Deidentify
from beam_deid.transforms.beam import coders, engine
from beam_deid.transforms.errors import InternalFault, from_text
from beam_deid.transforms.measure.chunks import Bounds
from beam_deid.transforms.publish import embedded_decision
from beam_deid.transforms.release.first_read import FirstRead

from ..kit.any_size import FILES, POLICY, ROWS, comparable, published, unlike, write_all
from ..kit.as_files import MODULES, Made, in_order, made_of, noted, of_one_table, releases_of, through_collections
from ..kit.as_files import policy_of as policy_of_case
from ..kit.job_service import engine as job_service

SMALL = 4096
"""Bytes of a chunk."""
HEAD = 8192
"""Bytes of a chunk beside its columns, and of what carries it."""
IN_BUCKETS = Bounds(SMALL, 0, FILES * ROWS // 16)
EMBEDDED = ("--job_endpoint=embed", "--environment_type=beam:env:embedded_python:v1")


@pytest.fixture(scope="module")
def orders(tmp_path_factory):
    return write_all(tmp_path_factory.mktemp("orders"))


@pytest.fixture(scope="module")
def batches(orders):
    tables = [pq.read_table(path) for path in sorted(orders.glob("in-*.parquet"))]
    return pa.concat_tables(tables).combine_chunks().to_batches(3_000)


def policy_of(release):
    policy = yaml.safe_load(POLICY)
    policy["releases"] = {release: policy["releases"][release]}
    return policy


def released(batches, release, folder, runner="FnApiRunner", options=()):
    """What becomes of batches that are a collection."""
    folder.mkdir()
    with beam.Pipeline(runner, PipelineOptions(list(options))) as pipeline:
        rows = pipeline | beam.Create(batches).with_output_types(pa.RecordBatch)
        result = rows | Deidentify(policy_of(release), max_rejects=0.5)
        for what in ("released", "rejected", "label"):
            _ = getattr(result, what) | what >> beam.Map(noted, str(folder / f"a.{what}"))
    made = made_of(folder, "a")
    # The search tells what it did in buckets; the order of rows follows from their values where they are shuffled.
    return Made(comparable(made.label), in_order(made.label, made.rows), made.rejects)


@pytest.mark.slow("some thousand orders, treated four times")
@pytest.mark.parametrize("release", ["crm", "market"])
@pytest.mark.parametrize("buckets", [1, 16])
def test_a_collection_is_released_and_labelled_in_buckets_as_in_memory(
    batches, release, buckets, tmp_path, monkeypatch
):
    whole = released(batches, release, tmp_path / "whole")
    monkeypatch.setattr(engine, "BOUNDS", Bounds(SMALL, 0, FILES * ROWS // buckets))
    assert released(batches, release, tmp_path / "apart") == whole


@pytest.mark.slow("some thousand orders in windows, treated twice")
def test_each_window_has_the_records_of_its_own(batches, tmp_path, monkeypatch):
    def labels(name):
        with beam.Pipeline("FnApiRunner") as pipeline:
            rows = (
                pipeline
                | beam.Create(list(enumerate(batches)))
                | beam.Map(lambda one: TimestampedValue(one[1], one[0])).with_output_types(pa.RecordBatch)
                | beam.WindowInto(FixedWindows(2))
            )
            label = (rows | Deidentify(policy_of("market"), max_rejects=0.5)).label
            _ = label | beam.Map(noted, str(tmp_path / name))
        lines = (tmp_path / name).read_text("utf-8").splitlines()
        found = [comparable(json.loads(line)) for line in lines]
        for label in found:
            label["search"] = label["search"]["levels"]  # a search in buckets counts each person in one class only
        return sorted(json.dumps(label, sort_keys=True) for label in found)

    whole = labels("whole")
    assert len(set(whole)) == len(batches) / 2
    monkeypatch.setattr(engine, "BOUNDS", IN_BUCKETS)
    assert labels("apart") == whole


@pytest.mark.slow("every sixteenth case of the label rule as a collection, twice")
def test_cases_of_the_label_rule_are_released_and_labelled_alike(tmp_path, monkeypatch):
    def made(name):
        policies = {
            each: policy_of_case(case, release, tmp_path / f"{name}-{at}")
            for at, (each, case, release) in enumerate(cases)
        }
        folder = tmp_path / name
        folder.mkdir()
        found = through_collections({each: of_one_table(case) for each, case, _ in cases}, policies, folder)
        return {each: without_search(one) for each, one in found.items()}

    cases = [one for module in MODULES for one in releases_of(module) if of_one_table(one[1]) is not None][::16]
    whole = made("whole")
    monkeypatch.setattr(engine, "BOUNDS", Bounds(256, 0, 3))
    apart = made("apart")
    assert len(whole) > 7
    assert {each: one for each, one in apart.items() if one != whole[each]} == {}


def without_search(made):
    """What was made, without what is told of the search and of histories: see `comparable`."""
    label = comparable(made.label)
    label["search"] = label["search"].get("levels")
    return replace(made, label={**label, "history": None})


@pytest.mark.slow("orders through Beam's job service")
def test_the_job_service_releases_what_this_process_releases(batches, tmp_path, monkeypatch):
    whole = released(batches, "market", tmp_path / "whole")
    monkeypatch.setattr(engine, "BOUNDS", IN_BUCKETS)
    assert released(batches, "market", tmp_path / "apart", "PortableRunner", EMBEDDED) == whole


@pytest.mark.portable
def test_workers_elsewhere_count_in_buckets_with_all_their_cores(orders, temporary, tmp_path, monkeypatch):
    whole = published(orders, tmp_path / "whole", "--workers", "1")
    monkeypatch.setattr(engine, "BOUNDS", IN_BUCKETS)
    with job_service(tmp_path) as options:
        apart = published(orders, tmp_path / "apart", "--runner", "PortableRunner", "--", *options)
    assert apart.keys() == whole.keys()
    assert list(unlike(whole, apart)) == []
    assert [name for name in os.listdir(temporary) if name.startswith("beam-deid-")] == []


def test_no_element_grows_with_the_records(batches, tmp_path, monkeypatch):
    sizes = {}

    def sized(coder, kind_of):
        encode = coder.encode

        def wrapped(self, value):
            encoded = encode(self, value)
            kind = kind_of(value)
            sizes[kind] = max(sizes.get(kind, 0), len(encoded))
            return encoded

        monkeypatch.setattr(coder, "encode", wrapped)

    monkeypatch.setattr(engine, "BOUNDS", IN_BUCKETS)
    sized(coders.FactsCoder, lambda value: "facts" if isinstance(value, list | FirstRead) else "other")
    sized(coders.RecordBatchCoder, lambda value: "chunk" if b"table" in (value.schema.metadata or {}) else "rows")
    found = []
    for many in (1, 4):
        sizes.clear()
        released(batches[:many], "market", tmp_path / str(many))
        found.append(dict(sizes))
    assert found[0]["chunk"] <= SMALL + HEAD
    assert found[1]["chunk"] <= SMALL + HEAD
    assert found[1]["facts"] < 2 * found[0]["facts"]
    assert found[1]["facts"] < found[1]["rows"]


@pytest.mark.parametrize("fails", [False, True])
def test_what_waits_on_disk_is_private_and_gone_afterwards(batches, temporary, tmp_path, monkeypatch, fails):
    decide = embedded_decision.decide
    seen = []

    def deciding(job, measured, max_rejects, workers):
        (folder,) = temporary.glob("beam-deid-spill-*")
        seen.append((folder.stat().st_mode & 0o777, len(list(folder.iterdir()))))
        if fails:
            raise InternalFault("the decision fails", "here", "-")
        return decide(job, measured, max_rejects, workers=workers)

    monkeypatch.setattr(engine, "BOUNDS", IN_BUCKETS)
    monkeypatch.setattr(embedded_decision, "decide", deciding)
    if fails:
        with pytest.raises(Exception) as raised:  # noqa: PT011 - engines wrap what workers raise
            released(batches[:1], "market", tmp_path / "out")
        assert "the decision fails" in from_text(str(raised.value)).message
    else:
        released(batches[:1], "market", tmp_path / "out")
    assert seen == [(0o700, 1)]
    assert os.listdir(temporary) == []
