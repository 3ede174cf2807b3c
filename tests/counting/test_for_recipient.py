"""What a release is for its recipient, and what others link, is the same in buckets as over all records together."""

import pytest

from beam_deid.transforms.counting.classes import MOST_ROWS
from beam_deid.transforms.counting.deciding_runs import decide

from ..kit.deciding import measured
from ..label.test_for_recipient import CASES
from .test_labels import aside, document


@pytest.mark.parametrize("most", [0, MOST_ROWS])
@pytest.mark.parametrize("case", ["tokens that many share, and no key", "another release for somebody else"])
def test_statements_and_joins_are_the_same_in_buckets(case: str, most: int) -> None:
    said, table, *_ = CASES[case]
    job, found = measured(said, table)
    whole = decide(job, found, 1.0).releases
    parts = decide(job, aside(job, found, 7), 1.0, most_rows=most).releases
    for name, one in whole.items():
        assert document(parts[name]) == document(one)
        assert parts[name].shuffled == one.shuffled
    stated = {name: one.label.for_recipient.to_document()["statement"] for name, one in parts.items()}
    assert stated["a"] == "not_identifiable"
