"""Releases that were tested together are written together, or the run ends."""

import pyarrow as pa
import pytest

from beam_deid.transforms.errors import InternalFault
from beam_deid.transforms.policy.reader import policy_from_mapping
from beam_deid.transforms.release.releaser import tables_of
from beam_deid.transforms.run.job import Job

RELEASE = {"purpose": "test", "sharing": "controlled", "fields": {"city": "keep"}}
POLICY = {
    "version": 1,
    "dataset": "orders",
    "subject": "who",
    "fields": {"who": {"role": "direct_identifier"}, "city": {"role": "quasi_identifier"}},
    "releases": {
        "a": RELEASE,
        "b": RELEASE,
        "c": {**RELEASE, "expect": "still_personal"},
    },
}


def job():
    return Job(policy_from_mapping(POLICY), ("a", "b", "c"), types={"who": pa.string(), "city": pa.string()})


def test_who_is_tested_together_is_written_together():
    (together, alone) = job().tables
    assert tables_of(job(), (*together, *alone)) == [together, alone]
    assert tables_of(job(), together) == [together]
    assert tables_of(job(), alone) == [alone]


def test_a_part_of_them_ends_the_run():
    (together, _) = job().tables
    with pytest.raises(InternalFault, match="tested together"):
        tables_of(job(), together[:1])
