"""A run of which too much was rejected is refused in the same words, whether files are run, searched or embedded."""

from collections import Counter

import pytest

from beam_deid.transforms.actions.action import Target
from beam_deid.transforms.actions.fpe import Fpe
from beam_deid.transforms.decide.refusing import raise_if_refused, refusals, share_of_rejects
from beam_deid.transforms.errors import InputError, UsageError
from beam_deid.transforms.measure.measured import Measured, ReleaseMeasured
from beam_deid.transforms.policy.reader import policy_from_mapping
from beam_deid.transforms.recognisers.kinds.mobile import MOBILE
from beam_deid.transforms.terms import Reason

FAULTS = Counter({("mobile", "wrong_type"): 2, ("", "malformed_row"): 1})
POLICY = policy_from_mapping(
    {
        "version": 1,
        "dataset": "shop",
        "subject": "each_record",
        "fields": {name: {"role": "quasi_identifier"} for name in ("mobile", "city", "place")},
        "releases": {
            "a": {
                "purpose": "test",
                "sharing": "controlled",
                "fields": {
                    "city": {"generalize": {"hierarchy": "cn_divisions"}},
                    "place": {"generalize": {"hierarchy": "cn_districts"}},
                },
            },
            "b": {"purpose": "test", "sharing": "controlled", "fields": {"city": "keep"}},
        },
    }
)


def measured(rejected, faults=FAULTS):
    return Measured(read=10, releases={"a": ReleaseMeasured(rejected=rejected, faults=faults), "b": ReleaseMeasured()})


def test_a_share_that_is_allowed_refuses_nothing():
    assert refusals(measured(3), 0.3, POLICY) == ()
    raise_if_refused(())


def test_what_is_refused_names_release_field_and_reason_with_counts():
    assert refusals(measured(3), 0.2, POLICY) == (
        "release a: 3 of 10 records rejected (30.00%)",
        "  whole row: malformed_row, 1 record",
        "  mobile: wrong_type, 2 records",
    )


def test_a_refusal_ends_with_an_error_of_the_input_that_lists_every_line():
    lines = refusals(measured(3), 0.0, POLICY)
    with pytest.raises(InputError, match="too many records were rejected") as caught:
        raise_if_refused(lines)
    assert caught.value.what.split("\n")[1:] == list(lines)
    assert "--max-rejects" in caught.value.next_step
    assert "max_rejects of Deidentify" in caught.value.next_step
    assert "beam-deid explain" in caught.value.next_step


def test_whole_addresses_in_a_column_of_cities_are_told_what_fits_them():
    faults = Counter({("city", "outside_hierarchy"): 9, ("place", "outside_hierarchy"): 9, ("mobile", "wrong_type"): 1})
    _, city, mobile, place = refusals(measured(10, faults), 0.2, POLICY)
    assert "hierarchy: cn_districts" in city
    assert "mask: {preset: address, division: city}" in city
    assert place == "  place: outside_hierarchy, 9 records"
    assert mobile == "  mobile: wrong_type, 1 record"


def test_a_few_other_values_are_no_column_of_addresses():
    faults = Counter({("city", "outside_hierarchy"): 4, ("mobile", "wrong_type"): 6})
    assert refusals(measured(10, faults), 0.2, POLICY)[1] == "  city: outside_hierarchy, 4 records"


def test_what_a_preset_of_fpe_does_not_take_is_told_with_the_option_that_takes_it():
    refused = refusals(measured(1, Counter({("tid", str(Reason.OUTSIDE_FORMAT)): 1})), 0.0, POLICY)
    assert refused[1].startswith("  tid: outside_format, 1 record (")
    assert "fpe: {alphabet: alphanumeric}" in refused[1]
    assert Fpe(alphabet="alphanumeric").check(Target("a", "tid", MOBILE)) is None


@pytest.mark.parametrize("share", [5, -1, float("nan"), "5%", "0.05", None])
def test_what_is_no_share_allows_nothing(share):
    with pytest.raises(UsageError, match="a number from 0 to 1"):
        share_of_rejects(share)


@pytest.mark.parametrize("share", [0, 0.05, 1])
def test_a_share_is_what_it_is(share):
    assert share_of_rejects(share) == share
