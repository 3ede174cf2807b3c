import json

import apache_beam as beam
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from apache_beam.testing.util import BeamAssertException, assert_that

from beam_deid.pipelines.cli import call
from beam_deid.transforms import AssessReidentification
from beam_deid.transforms.errors import UsageError, from_text

ROWS = [
    {"who": f"p{row // 2}", "city": "AB"[row % 2], "age": 20 + row % 7, "item": "xyz"[row % 3]} for row in range(60)
]


def equal_to_one(expected):
    def check(found):
        if found != [expected]:
            raise BeamAssertException("another evidence")

    return check


@pytest.fixture
def expected(tmp_path, capsys):
    """What the command says of the same rows."""
    pq.write_table(pa.Table.from_pylist(ROWS), tmp_path / "rows.parquet")
    arguments = [
        "assess",
        "-i",
        str(tmp_path / "rows.parquet"),
        "--quasi",
        "city,age",
        "--sensitive",
        "item",
        "--subject",
        "who",
    ]
    assert call([*arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def as_json(evidence):
    return json.loads(evidence.document)


@pytest.mark.parametrize("kind", ["dicts", "rows", "batches"])
def test_every_kind_of_record_has_the_evidence_that_the_command_gives(kind, expected):
    given = {
        "dicts": ROWS,
        "rows": [beam.Row(**row) for row in ROWS],
        "batches": [pa.RecordBatch.from_pylist(ROWS[at : at + 20]) for at in range(0, 60, 20)],
    }[kind]
    with beam.Pipeline(runner="FnApiRunner") as pipeline:
        evidence = pipeline | beam.Create(given) | AssessReidentification(["city", "age"], ["item"], "who")
        assert_that(evidence | beam.Map(as_json), equal_to_one(expected))


def test_an_empty_collection_has_evidence_too():
    with beam.Pipeline(runner="FnApiRunner") as pipeline:
        empty = pipeline | beam.Create([{}]) | beam.Filter(lambda row: False) | beam.Map(dict).with_output_types(dict)
        labels = empty | AssessReidentification(["city"]) | beam.Map(lambda evidence: evidence.label)
        assert_that(labels, equal_to_one("still_personal"))


def test_a_missing_field_stops_the_pipeline():
    with pytest.raises(Exception) as raised, beam.Pipeline(runner="FnApiRunner") as pipeline:  # noqa: PT011 - engines wrap it
        _ = pipeline | beam.Create(ROWS) | AssessReidentification(["town"])
    assert "no field town" in from_text(str(raised.value)).message


@pytest.mark.parametrize(("quasi", "options"), [([], {}), (["city"], {"colour": 1})])
def test_wrong_use_is_told_at_once(quasi, options):
    with pytest.raises(UsageError):
        AssessReidentification(quasi, **options)
