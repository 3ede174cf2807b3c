"""What was written is compared with what was decided: any count that differs stops the run."""

from dataclasses import replace

import numpy as np
import pytest

from beam_deid.transforms.errors import InternalFault
from beam_deid.transforms.release.proof import prove

from ..kit.small import SHUFFLED, table, two_releases
from ..kit.without_engine import decided_on, released


@pytest.fixture(scope="module")
def proved(tmp_path_factory):
    """The decision on the release that is shuffled, and the facts of its parts."""
    folder = tmp_path_factory.mktemp("proof")
    prepared, decision = decided_on(table(), two_releases(), folder)
    facts = released(prepared, decision, folder / "staging")
    return decision.releases[SHUFFLED], facts.releases[SHUFFLED]


def one_more(classes):
    keys, counts = classes
    return keys, counts + (np.arange(len(counts)) == 0)


def another(classes):
    keys, counts = classes
    return keys ^ np.uint64(1), counts


def longer(files):
    return [replace(files[0], rows=files[0].rows + 1), *files[1:]]


def test_what_was_written_is_what_was_decided(proved):
    decision, facts = proved
    assert decision.shuffled
    prove(decision, facts)


@pytest.mark.parametrize(
    ("what", "change"),
    [
        ("classes", one_more),
        ("classes", another),
        ("digest", lambda digest: digest + 1),
        ("files", longer),
        ("read", lambda count: count + 1),
        ("suppressed", lambda count: count + 1),
        ("rejected", lambda count: count + 1),
    ],
    ids=["a count", "a class", "a record", "rows of a part", "read", "suppressed", "rejected"],
)
def test_a_count_that_changed_between_the_passes_stops_the_run(proved, what, change):
    decision, facts = proved
    with pytest.raises(InternalFault, match="The input may have changed") as raised:
        prove(decision, replace(facts, **{what: change(getattr(facts, what))}))
    assert SHUFFLED in str(raised.value)
