"""Declared recipients in embedded use: periods are kept, and nothing is stated on what a recipient cannot identify."""

import json
from pathlib import Path
from typing import Any

import apache_beam as beam
import pyarrow as pa
import pytest
from apache_beam.testing.util import assert_that

from beam_deid.transforms.beam.deidentify import Deidentify
from beam_deid.transforms.beam.told import ReleaseLabel
from beam_deid.transforms.errors import UsageError
from beam_deid.transforms.publish.embedded_decision import StrictDecider

from ..kit.deciding import measured
from ..kit.policies import policy, release, roles

ROWS = [{"buyer": f"b{number}", "city": "x"} for number in range(20)]


def asked(folder: Path, **recipient: Any) -> dict[str, Any]:
    """A policy of one release to an agency."""
    agency = {"name": "An agency", "role": "entrusted_processor", "has_keys": "none", **recipient}
    return policy(
        roles(direct="buyer", quasi="city"),
        top={"register": str(folder / "t.register"), "recipients": {"agency": agency}},
        a=release("enclave", "city", {"buyer": {"tokenize": {"domain": "customer"}}}, recipient="agency"),
    )


def test_nothing_is_built_for_a_recipient_whose_period_is_over(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="its period was over on 2020-01-31"):
        Deidentify(asked(tmp_path, until="2020-01-31"))


@pytest.mark.parametrize(
    ("period", "retain", "what"),
    [
        ("2026-01-31", "2999-01-31", "its period was over on 2026-01-31"),
        ("2999-01-31", "2026-01-31", "it may be kept until 2026-01-31 only"),
    ],
    ids=["period", "retain"],
)
def test_what_was_over_before_a_pipeline_decides_is_given_to_nobody(
    tmp_path: Path, period: str, retain: str, what: str
) -> None:
    made = asked(tmp_path, until=period)
    made["releases"]["a"]["retain"] = retain
    job, found = measured(made, pa.table({name: [row[name] for row in ROWS] for name in ROWS[0]}))
    with pytest.raises(UsageError, match=what):
        StrictDecider("").decide(job, found, 0.0, 1)


def test_of_windows_that_are_released_one_by_one_nothing_is_stated(tmp_path: Path) -> None:
    def is_not_assessed(labels: list[ReleaseLabel]) -> None:
        label = json.loads(labels[0].document)
        assert label["for_recipient"]["statement"] == "not_assessed"
        assert "windows of a pipeline" in label["for_recipient"]["unknown"][0]

    with beam.Pipeline() as pipeline:
        released = pipeline | beam.Create(ROWS) | Deidentify(asked(tmp_path))
        assert_that(released.label, is_not_assessed)
