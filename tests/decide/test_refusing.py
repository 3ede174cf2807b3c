"""A run of which too much was rejected is refused in the same words, whether files are run, searched or embedded."""

from collections import Counter

import pytest

from beam_deid.transforms.actions.action import Target
from beam_deid.transforms.actions.fpe import Fpe
from beam_deid.transforms.decide.refusing import raise_if_refused, refusals
from beam_deid.transforms.errors import InputError
from beam_deid.transforms.measure.measured import Measured, ReleaseMeasured
from beam_deid.transforms.recognisers.kinds.mobile import MOBILE
from beam_deid.transforms.terms import Reason

FAULTS = Counter({("mobile", "not_a_mobile"): 2, ("", "bad_row"): 1})


def measured(rejected, faults=FAULTS):
    return Measured(read=10, releases={"a": ReleaseMeasured(rejected=rejected, faults=faults), "b": ReleaseMeasured()})


def test_a_share_that_is_allowed_refuses_nothing():
    assert refusals(measured(3), 0.3) == ()
    raise_if_refused(())


def test_what_is_refused_names_release_field_and_reason_with_counts():
    assert refusals(measured(3), 0.2) == (
        "release a: 3 of 10 records rejected (30.00%)",
        "  whole row: bad_row, 1 record",
        "  mobile: not_a_mobile, 2 records",
    )


def test_a_refusal_ends_with_an_error_of_the_input_that_lists_every_line():
    lines = refusals(measured(3), 0.0)
    with pytest.raises(InputError, match="too many records were rejected") as caught:
        raise_if_refused(lines)
    assert caught.value.what.split("\n")[1:] == list(lines)
    assert "--max-rejects" in caught.value.next_step
    assert "max_rejects of Deidentify" in caught.value.next_step


def test_what_a_preset_of_fpe_does_not_take_is_told_with_the_option_that_takes_it():
    refused = refusals(measured(1, Counter({("tid", str(Reason.OUTSIDE_FORMAT)): 1})), 0.0)
    assert refused[1].startswith("  tid: outside_format, 1 record (")
    assert "fpe: {alphabet: alphanumeric}" in refused[1]
    assert Fpe(alphabet="alphanumeric").check(Target("a", "tid", MOBILE)) is None
