"""What a run came to goes through JSON unchanged, and nothing that somebody else wrote into it leads elsewhere."""

import json
from dataclasses import replace

import pytest

from beam_deid.transforms.decide.decision import Remembered, Written
from beam_deid.transforms.label.documents import plain, to_bytes
from beam_deid.transforms.publish.run_outcome import InputFacts, ReleaseOutcome, RunOutcome, TablePersons
from beam_deid.transforms.storage.journal import Moved

SHA256 = "0" * 64
REMEMBERED = Remembered(Written("register/a", 3, 96, SHA256), "field:tid", ("buyer",), {"category": 2}, ("a.1",))
RELEASE = ReleaseOutcome(
    label={"label": "anonymized", "tests": [{"name": "k", "passed": True}]},
    published=True,
    expect="anonymized",
    remembered=REMEMBERED,
    parts=(Moved("parts/a/part-00000.parquet.1", "a/part-00000.parquet", 9, SHA256),),
)
OUTCOME = RunOutcome(
    read=4,
    inputs=(InputFacts("orders.csv", 12, SHA256),),
    persons=(TablePersons(REMEMBERED),),
    releases={"a": RELEASE, "b": replace(RELEASE, published=False, expect=None, remembered=None, parts=())},
    rejected=(
        Moved("rejected.parquet.1", "rejected.parquet", 5, SHA256),
        Moved("rejected.csv.1", "rejected.csv", 5, SHA256),
    ),
    notes=("1 of 2 files has no row: b.csv",),
)


def written(outcome):
    return json.loads(to_bytes(plain(outcome)))


@pytest.mark.parametrize("outcome", [OUTCOME, RunOutcome(4, refused=("release a: 3 of 4 records rejected",))])
def test_an_outcome_is_read_as_it_was_written(outcome):
    assert RunOutcome.from_document(written(outcome)) == outcome


@pytest.mark.parametrize(
    "change",
    [
        lambda document: document["releases"].update({"../a": document["releases"]["a"]}),
        lambda document: document["rejected"][0].update(target="../rejected.parquet"),
        lambda document: document["releases"]["a"]["parts"][0].update(source="/etc/passwd"),
    ],
    ids=["a release", "the rejects", "a part"],
)
def test_an_outcome_whose_paths_lead_elsewhere_is_none(change):
    document = written(OUTCOME)
    change(document)
    with pytest.raises(ValueError, match="elsewhere"):
        RunOutcome.from_document(document)
