"""What whoever watches an engine sees of a run: counters and display data, and never a value."""

from pathlib import Path

import apache_beam as beam
import pytest
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.transforms.display import DisplayData

from beam_deid.transforms import Deidentify
from beam_deid.transforms.beam import release
from beam_deid.transforms.beam.decide import Decide
from beam_deid.transforms.beam.measure import MeasureElements
from beam_deid.transforms.beam.metrics import NAMESPACE
from beam_deid.transforms.beam.parts_sink import AssembleParts, PartsDecider
from beam_deid.transforms.beam.rows_sink import Arrange, ProveRelease
from beam_deid.transforms.beam.run import Settings, build
from beam_deid.transforms.beam.source import Source
from beam_deid.transforms.columns.fingerprint import FingerprintKey
from beam_deid.transforms.errors import InternalFault, KeyFault, from_text
from beam_deid.transforms.measure.chunks import Bounds
from beam_deid.transforms.policy.reader import policy_from_mapping
from beam_deid.transforms.release import outputs
from beam_deid.transforms.run.job import Given
from beam_deid.transforms.run.shards import Prepared, prepare

from .test_deidentify import POLICY, ROWS

BAD = [{"who": "p0", "city": "A", "age": "old", "what": "x"}]


def counters(result):
    found = result.metrics().query(beam.metrics.MetricsFilter().with_namespace(NAMESPACE))["counters"]
    return {one.key.metric.name: one.committed for one in found}


def files_of(folder: Path) -> Prepared:
    lines = ["who,city,age,what", *(",".join(row.values()) for row in [*ROWS, *BAD])]
    (folder / "in.csv").write_text("\n".join(lines) + "\n")
    return prepare(policy_from_mapping(POLICY), [str(folder / "in.csv")])


@pytest.fixture(scope="module")
def through_files(tmp_path_factory):
    """The counters of a run on files."""
    folder = tmp_path_factory.mktemp("watched")
    pipeline = beam.Pipeline(FnApiRunner())
    build(pipeline, files_of(folder), str(folder / "staging"), Settings(max_rejects=0.1))
    result = pipeline.run()
    result.wait_until_finish()
    return counters(result)


@pytest.fixture(scope="module")
def through_a_collection():
    """The counters of a pipeline with the same records."""
    pipeline = beam.Pipeline(FnApiRunner())
    _ = pipeline | beam.Create([*ROWS, *BAD]) | Deidentify(POLICY, max_rejects=0.1)
    result = pipeline.run()
    result.wait_until_finish()
    return counters(result)


@pytest.mark.parametrize("step", ["measuring", "deciding", "releasing", "proving"])
def test_each_step_counts_records_rejects_and_bytes(step, through_files, through_a_collection):
    for found in (through_files, through_a_collection):
        assert found[f"{step}_records"] == 41
        assert found[f"{step}_rejected"] == 1
        assert found[f"{step}_bytes"] > 0


def test_parts_that_are_put_together_count_their_rows_and_bytes(through_files, through_a_collection):
    for found in (through_files, through_a_collection):
        assert found["assembling_records"] == 40
        assert found["assembling_bytes"] > 0


def test_display_data_names_the_run_and_no_key(monkeypatch):
    policy = {**POLICY, "keys": {"key": "env:WATCHED_KEY"}}
    monkeypatch.setenv("WATCHED_KEY", "0123456789abcdef" * 4)
    transform = Deidentify(policy, max_rejects=0.1)
    shown = {item.key: item.value for item in DisplayData.create_from(transform).items}
    assert (shown["dataset"], shown["releases"], shown["max_rejects"]) == ("embedded", "out", 0.1)
    job = transform._job
    for step in (
        MeasureElements(job, Source.files(2, 2), "staging", Bounds()),
        Decide(job, PartsDecider("staging"), 0.5, Bounds(), 2),
        AssembleParts(job, "staging", 2),
        ProveRelease(job),
        Arrange(job),
    ):
        items = {item.key: item.value for item in DisplayData.create_from(step).items}
        assert items["dataset"] == "embedded"
        assert "WATCHED_KEY" not in str(items)
        assert "0123456789abcdef" not in str(items)


def test_a_worker_without_the_key_fails_before_it_reads(monkeypatch):
    fields = {"who": "hash", "city": "keep"}
    release = {"purpose": "p", "sharing": "enclave", "fields": fields}
    policy = {**POLICY, "keys": {"key": "env:WATCHED_KEY"}, "releases": {"out": release}}
    monkeypatch.setenv("WATCHED_KEY", "0123456789abcdef" * 4)
    transform = Deidentify({**policy, "register": "none"})
    monkeypatch.delenv("WATCHED_KEY")
    step = MeasureElements(transform._job, Source.collection(True), "", Bounds())
    with pytest.raises(KeyFault, match="WATCHED_KEY"):
        step.setup()
    pipeline = beam.Pipeline(FnApiRunner())
    _ = pipeline | beam.Create(ROWS) | transform
    with pytest.raises(Exception) as raised:  # noqa: PT011 - engines wrap what workers raise
        pipeline.run()
    assert isinstance(from_text(str(raised.value)), KeyFault)


def test_what_is_known_only_while_a_run_runs_shows_no_key():
    given = Given(FingerprintKey(b"0123456789abcdefghijklmnopqrstuv"))
    assert "0123" not in repr(given)


@pytest.mark.parametrize("least", [0, None], ids=["as it goes", "at the end of a bundle"])
def test_what_is_odd_in_a_released_value_is_not_told(least, monkeypatch):
    def fails(rows, parts):
        raise ValueError("the value 13800138000 is odd")

    monkeypatch.setattr(outputs, "parts_of", fails)
    if least is not None:
        monkeypatch.setattr(release, "BATCH_ROWS", least)
    pipeline = beam.Pipeline(FnApiRunner())
    _ = pipeline | beam.Create(ROWS) | Deidentify(POLICY)
    with pytest.raises(Exception) as raised:  # noqa: PT011 - engines wrap what workers raise
        pipeline.run()
    assert isinstance(from_text(str(raised.value)), InternalFault)
    assert "13800138000" not in str(raised.value)
