"""The gate of a release inside somebody else's pipeline."""

import apache_beam as beam
from apache_beam.testing.util import BeamAssertException, assert_that, equal_to

from beam_deid.transforms import Deidentify

from ..consent.ledgers import PURPOSE, policy, write

ROWS = [{"buyer": f"b{number}", "city": "AB"[number % 2]} for number in range(40)]


def test_records_that_are_withheld_do_not_leave_and_are_counted(tmp_path):
    granted = [(f"b{number}", PURPOSE, "是", "2026-01-01 10:00:00") for number in range(0, 40, 3)]
    ledger = write(tmp_path / "ledger.csv", "subject,purpose,granted,time", granted)
    made = policy(ledger, where={"city": "A"}, as_of="2026-06-01T00:00:00Z")
    passing = [{"city": "A"} for number in range(0, 40, 6)]

    def counted(labels):
        (label,) = labels
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
