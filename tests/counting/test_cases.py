"""Every case of the label rule is labelled in buckets as it is over all its records together."""

import pytest

from beam_deid.transforms.counting.classes import MOST_ROWS
from beam_deid.transforms.counting.deciding_runs import decide

from ..kit.as_files import THIRDS, cases_of, of_one_table, third_of
from ..kit.deciding import measured
from ..kit.sampling import sampled
from ..label.cases import (
    test_bad_input,
    test_earlier,
    test_later,
    test_many_releases_and_forgeries,
    test_misleading_sources,
)
from .test_labels import aside, document

BUCKETS = 7
SEVERAL = (test_bad_input, test_earlier, test_later, test_many_releases_and_forgeries, test_misleading_sources)
"""Modules with cases of several releases."""


def unlike(policy, table):
    """What a label says otherwise in buckets, by name, where all groups are heavy and where none is."""
    job, found = measured(policy, table)
    whole = decide(job, found, 0.5)
    set_aside = aside(job, found, BUCKETS)
    unlike = {}
    for most in (0, MOST_ROWS):
        parts = decide(job, set_aside, 0.5, most_rows=most)
        assert parts.refused == whole.refused
        for name, one in whole.releases.items():
            wanted = document(one)
            mine = document(parts.releases[name])
            unlike |= {f"{name}.{key}.{most}": (mine[key], wanted[key]) for key in wanted if mine[key] != wanted[key]}
            if parts.releases[name].proof != one.proof:
                unlike[f"{name}.proof.{most}"] = (parts.releases[name].proof, one.proof)
    return unlike


@pytest.mark.slow("every case of the label rule three times")
@pytest.mark.parametrize("third", sampled(range(THIRDS), THIRDS, 1))
@pytest.mark.parametrize("module", [test_bad_input, test_earlier, test_later, test_misleading_sources])
def test_cases_are_labelled_alike(module, third):
    found = {}
    done = 0
    for name, case, release in third_of(module, third):
        table = of_one_table(case)
        one = dict(case.policy)
        one["releases"] = {release: case.policy["releases"][release]}
        different = unlike(one, table)
        done += 1
        if different:
            found[name] = different
    assert done > 3
    assert found == {}


@pytest.mark.slow("every case of the label rule of several releases three times")
def test_cases_of_several_releases_are_labelled_alike():
    found = {}
    done = 0
    for case in (case for module in SEVERAL for case in cases_of(module)):
        table = of_one_table(case)
        if table is None or len(case.policy["releases"]) == 1:
            continue
        different = unlike(case.policy, table)
        done += 1
        if different:
            found[case.name] = different
    assert done > 1
    assert found == {}
