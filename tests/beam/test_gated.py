"""The gate of a release inside somebody else's pipeline."""

import json
import time

import apache_beam as beam
import pytest
from apache_beam.testing.util import BeamAssertException, assert_that, equal_to

from beam_deid.transforms import Deidentify
from beam_deid.transforms.clock import moment_of
from beam_deid.transforms.errors import UsageError

from ..consent.ledgers import PURPOSE, policy, write

ROWS = [{"buyer": f"b{number}", "city": "AB"[number % 2]} for number in range(40)]


def test_records_that_are_withheld_do_not_leave_and_are_counted(tmp_path):
    granted = [(f"b{number}", PURPOSE, "是", "2026-01-01 10:00:00") for number in range(0, 40, 3)]
    ledger = write(tmp_path / "ledger.csv", "subject,purpose,granted,time", granted)
    made = policy(ledger, where={"city": "A"}, as_of="2026-06-01T00:00:00Z")
    passing = [{"city": "A"} for number in range(0, 40, 6)]

    def counted(labels):
        label = json.loads(labels[0].document)
        expected = {"read": 40, "released": 7, "suppressed": 0, "withheld": 33, "rejected": 0}
        if label["records"] != {**expected, "withheld_by": {"no_consent": 13, "where": 20}}:
            raise BeamAssertException(str(label["records"]))
        if label["ground"]["consent"]["persons"]["own"] != len(granted):
            raise BeamAssertException(str(label["ground"]))

    with beam.Pipeline(runner="FnApiRunner") as p:
        result = p | beam.Create(ROWS) | Deidentify(made)
        assert_that(result.released, equal_to(passing), "released")
        assert_that(result.label, counted, "label")
        assert_that(result.rejected, equal_to([]), "rejected")


def grants(path, ended=""):
    """A ledger in which all buyers consent, and the first twenty withdraw at some time."""
    rows = [(f"b{number}", PURPOSE, "2026-01-01T00:00:00Z", ended if number < 20 else "") for number in range(40)]
    return write(path, "subject,purpose,granted,withdrawn", rows)


def test_who_withdraws_between_building_and_running_a_pipeline_does_not_leave(tmp_path, monkeypatch):
    ledger = grants(tmp_path / "ledger.csv")
    monkeypatch.setattr(time, "time", lambda: moment_of("2026-06-01T00:00:00Z") / 1e6)
    transform = Deidentify(policy(ledger))
    monkeypatch.undo()
    grants(ledger, "2026-06-01T00:00:01Z")

    def counted(labels):
        label = json.loads(labels[0].document)
        if (
            label["records"]["withheld_by"] != {"withdrawn": 20}
            or label["ground"]["consent"]["as_of"] < "2026-06-01T00:00:01"
        ):
            raise BeamAssertException(str(label))

    with beam.Pipeline(runner="FnApiRunner") as p:
        result = p | beam.Create(ROWS) | transform
        assert_that(result.released, equal_to([{"city": "AB"[number % 2]} for number in range(20, 40)]), "released")
        assert_that(result.label, counted, "label")


def test_an_unbounded_collection_is_no_release_that_needs_consent(tmp_path):
    transform = Deidentify(policy(grants(tmp_path / "ledger.csv")))
    rows = beam.Pipeline() | beam.Create(ROWS)
    rows.is_bounded = False
    with pytest.raises(UsageError, match="unbounded") as refused:
        rows | transform
    assert "batch" in refused.value.next_step
