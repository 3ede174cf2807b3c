"""What a release is for its recipient: constructed cases, each beside the label, which it never changes."""

import copy
import json
import os
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pytest

from beam_deid.transforms.counting.deciding_runs import decide
from beam_deid.transforms.decide.decision import ReleaseDecision
from beam_deid.transforms.label.contradictions import contradictions
from beam_deid.transforms.label.decide_again import decide_again
from beam_deid.transforms.measure.noticing import Noticed
from beam_deid.transforms.register.given_out import GivenOut
from beam_deid.transforms.register.reference import Reference

from ..kit.crowds import Who, crowd, grid, mobile, turn
from ..kit.deciding import measured
from ..kit.policies import KEY, policy, release, roles

ANONYMIZED = "anonymized"
PERSONAL = "still_personal"
HIDDEN = "not_identifiable"
SHOWN = "identifiable"
UNKNOWN = "not_assessed"

AGENCY = {"name": "An agency", "role": "entrusted_processor", "has_keys": "none"}
PRINTER = {"name": "A printer", "role": "other_processor", "has_keys": "none"}
INTERNAL = {"name": "The warehouse", "role": "internal"}
OWN_KEY = {"hash": {"key": f"env:{KEY}"}}


def people(**columns: Any) -> pa.Table:
    """Sixty persons with two orders in each of four cells; shops that everybody in a cell has alike often."""
    made = {
        "category": lambda who: turn("abc", who.person + who.order),
        "shop": lambda who: turn("xy", who.person),
    }
    return crowd(grid(city=["north", "south"], age=[21, 41]), 60, 2, **(made | columns))


def lopsided(who: Who) -> str:
    """Few shops of one kind and many of the other: each occurs as often as no other does."""
    return "x" if who.person < 20 else "y"


def asked(
    fields: dict[str, Any],
    recipient: dict[str, Any] | None,
    *,
    direct: str = "buyer",
    sharing: str = "controlled",
    **more: Any,
) -> dict[str, Any]:
    """A policy of one release to an agency; a release without a recipient goes to nobody who is declared."""
    named = {} if recipient is None else {"recipient": "agency"}
    others = more.pop("others", {})
    return policy(
        roles(direct=direct, quasi="city age shop", sensitive="category"),
        top={"recipients": {"agency": recipient or AGENCY, "printer": PRINTER}},
        a=release(sharing, "city age category", fields, **named, **more),
        **others,
    )


def theirs(key: str) -> dict[str, Any]:
    """A release for the printer, with a key in some variable."""
    hashed = {"shop": {"hash": {"key": f"env:{key}"}}}
    return {"b": release("controlled", "city", hashed, recipient="printer", expect=PERSONAL)}


ALONE = {"b": release("controlled", "city age", recipient="printer", expect=PERSONAL)}
SAME = {"b": release("controlled", "city age", recipient="agency", expect=PERSONAL)}
OPEN = {"b": release("controlled", "city age", recipient="printer")}
HASHED = {"shop": "hash"}
MINE = GivenOut("a.1", "agency", "An agency", is_public=False, is_tested=False)
THEIRS = GivenOut("a.1", "printer", "Ａ  PRINTER", is_public=False, is_tested=False)
NOBODYS = GivenOut("a.1", None, None, is_public=False, is_tested=False)
HELD = {
    "nobody knows to whom": NOBODYS,
    "to a recipient that no policy declared": THEIRS._replace(called=None),
    "to the same, who was called as another is now": THEIRS._replace(called="An agency"),
    "to one of another name then": THEIRS._replace(called="A press"),
    "to the same, who was called otherwise": MINE._replace(called="A press"),
    "to the same under another key": THEIRS._replace(recipient="agncy", called="An agency"),
    "by somebody else to everybody": THEIRS._replace(is_public=True),
}
"""Of what was given before: what the agency may hold."""

CASES: dict[str, tuple[dict[str, Any], pa.Table, tuple[GivenOut, ...], str, str, set[str]]] = {
    "tokens that many share, and no key": (asked(HASHED, AGENCY), people(), (), PERSONAL, HIDDEN, set()),
    "the same, and all keys": (
        asked(HASHED, {**AGENCY, "has_keys": "all"}),
        people(),
        (),
        PERSONAL,
        SHOWN,
        {"restorable", "order"},
    ),
    "the same, and this key": (
        asked({"shop": OWN_KEY}, {**AGENCY, "has_keys": [f"env:{KEY}"]}),
        people(),
        (),
        PERSONAL,
        SHOWN,
        {"restorable", "order"},
    ),
    "the same, and another key": (
        asked(
            {"shop": OWN_KEY},
            {**AGENCY, "has_keys": ["env:OTHER"]},
            others=theirs("OTHER"),
        ),
        people(),
        (),
        PERSONAL,
        HIDDEN,
        set(),
    ),
    "the same key under another name": (
        asked({"shop": OWN_KEY}, {**AGENCY, "has_keys": ["env:ALIAS"]}, others=theirs("ALIAS")),
        people(),
        (),
        PERSONAL,
        UNKNOWN,
        {"order"},
    ),
    "nobody says which keys": (
        asked(HASHED, {name: said for name, said in AGENCY.items() if name != "has_keys"}),
        people(),
        (),
        PERSONAL,
        UNKNOWN,
        {"restorable", "order"},
    ),
    "a part of whoever has the keys": (asked(HASHED, INTERNAL), people(), (), PERSONAL, SHOWN, {"restorable", "order"}),
    "no field under a key": (asked({}, AGENCY), people(), (), ANONYMIZED, HIDDEN, set()),
    "tokens of persons": (
        asked({"buyer": {"tokenize": {"domain": "customer"}}}, AGENCY),
        people(),
        (),
        PERSONAL,
        SHOWN,
        {"k", "k_composite", "order"},
    ),
    "a clear identifier": (
        asked({**HASHED, "phone": "keep"}, AGENCY, direct="buyer phone:mobile"),
        people(phone=lambda who: mobile(who.number)),
        (),
        PERSONAL,
        SHOWN,
        {"direct_identifiers", "order"},
    ),
    "tokens that their frequencies give away": (
        asked(HASHED, AGENCY),
        people(shop=lopsided),
        (),
        PERSONAL,
        SHOWN,
        {"keyless:shop", "order"},
    ),
    "the public": (asked({}, None, sharing="public"), people(), (), ANONYMIZED, UNKNOWN, set()),
    "another release for somebody else": (asked(HASHED, AGENCY, others=ALONE), people(), (), PERSONAL, HIDDEN, set()),
    "another release for the same": (asked(HASHED, AGENCY, others=SAME), people(), (), PERSONAL, UNKNOWN, {"order"}),
    "tested with no other, though there is one": (
        asked(HASHED, AGENCY, expect=PERSONAL, others=OPEN),
        people(),
        (),
        PERSONAL,
        UNKNOWN,
        {"order"},
    ),
    "given something before": (asked(HASHED, AGENCY), people(), (MINE,), PERSONAL, UNKNOWN, {"order"}),
    **{
        f"something given before, {whom}": (asked(HASHED, AGENCY), people(), (entry,), PERSONAL, UNKNOWN, {"order"})
        for whom, entry in HELD.items()
    },
    "something given before to somebody else": (asked(HASHED, AGENCY), people(), (THEIRS,), PERSONAL, HIDDEN, set()),
}


def decided(case: str) -> ReleaseDecision:
    """The decision of the release of a case. No registered release is tested with it, so that no register is read."""
    said, table, before, *_ = CASES[case]
    job, found = measured(said, table)
    if before:
        job = replace(job, register=Reference("", "r", None, 1, "c0ffee", given_out=before))
    return decide(job, replace(found, noticed=Noticed()), 0.0).releases["a"]


def document(case: str) -> dict[str, Any]:
    """The label of a case as ``label.json`` has it, as far as it can be decided again."""
    one = decided(case)
    head = {"release": "a", "sharing": CASES[case][0]["releases"]["a"]["sharing"], "decided_at": "then"}
    made: dict[str, Any] = json.loads(
        json.dumps({**head, **one.label.to_document(), "records": one.records.to_document()})
    )
    return made


@pytest.mark.parametrize("case", CASES)
def test_a_release_is_for_its_recipient_what_is_declared_and_measured(
    case: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTHER", "6b" * 32)
    monkeypatch.setenv("ALIAS", os.environ[KEY])
    *_, label, statement, failing = CASES[case]
    one = decided(case)
    stated = one.label.for_recipient
    assert (str(one.label.label), str(stated.statement)) == (label, statement)
    assert failing <= {*stated.failing}
    assert bool(stated.failing) == bool(failing)
    # Whoever must not be found by the place of a row is not.
    assert one.shuffled == (statement == HIDDEN or label == ANONYMIZED)


def test_a_key_of_the_recipient_that_is_not_here_may_be_any(monkeypatch: pytest.MonkeyPatch) -> None:
    said = asked({"shop": OWN_KEY}, {**AGENCY, "has_keys": ["env:OTHER"]}, others=theirs("OTHER"))
    monkeypatch.setenv("OTHER", "6b" * 32)
    job, _ = measured(said, people())
    sure = job.declared_of("a")
    monkeypatch.delenv("OTHER")
    unsure = job.declared_of("a")
    assert sure is not None
    assert unsure is not None
    assert (sure.absent, sure.unknown) == (("shop",), ())
    assert "the key of shop is one that the recipient has" in unsure.unknown[0]


@pytest.fixture(scope="module")
def hidden() -> dict[str, Any]:
    """The label of a release in which nobody is identifiable for its recipient."""
    return document("tokens that many share, and no key")


def test_a_statement_says_what_it_rests_on_and_that_the_duties_remain_and_names_nobody(hidden: dict[str, Any]) -> None:
    stated = hidden["for_recipient"]
    assert (stated["role"], stated["absent"], stated["held"], stated["unknown"]) == (
        "entrusted_processor",
        ["shop"],
        [],
        [],
    )
    assert "declaration that the recipient has not the keys of shop" in stated["rests_on"]
    assert "EDPS v SRB" in stated["duties"]
    assert [test["name"] for test in stated["tests"]] == ["direct_identifiers", "restorable", "keyless:shop"]
    assert "agency" not in json.dumps(hidden).lower()


@pytest.mark.parametrize(
    "change",
    [
        {"statement": SHOWN},
        {"absent": []},
        {"absent": ["shop", "city"]},
        {"held": ["shop"]},
        {"role": "abroad", "rests_on": "hearsay"},
        {"unknown": ["something"]},
        {"failing": ["k"]},
        {"tests": []},
        {"duties": "none"},
    ],
    ids=str,
)
def test_a_statement_that_does_not_follow_from_its_label_is_found(
    hidden: dict[str, Any], change: dict[str, Any]
) -> None:
    assert contradictions(hidden) == []
    assert contradictions({**hidden, "for_recipient": {**hidden["for_recipient"], **change}})


def test_a_statement_does_not_stand_once_a_test_of_the_label_is_changed(hidden: dict[str, Any]) -> None:
    changed = copy.deepcopy(hidden)
    (k,) = (test for test in changed["tests"] if test["name"] == "k")
    k["measured"], k["passed"] = 1, False
    assert any("for_recipient" in one for one in contradictions(changed))


def in_a_ring(label: dict[str, Any]) -> tuple[dict[str, Any], int]:
    """The label with its keys in a keyring, and the id of the one key."""
    changed = copy.deepcopy(label)
    keys = [facts["key"] for facts in changed["fields"].values() if facts["key"]]
    for key in keys:
        key["keyring"] = "ring"
    (identity,) = {key["id"] for key in keys}
    return changed, identity


def test_what_was_measured_as_without_a_key_stands_once_the_key_is_gone(hidden: dict[str, Any]) -> None:
    label, key = in_a_ring(hidden)
    again = decide_again(label, "ring", {key: "2026"}, "now")
    assert again is not None
    assert (again["label"], again["for_recipient"]["statement"]) == (PERSONAL, HIDDEN)
    assert again["for_recipient"]["absent"] == []
    assert contradictions(again) == []


def test_the_destruction_of_a_key_that_the_recipient_had_makes_no_statement_better() -> None:
    label, key = in_a_ring(document("the same, and all keys"))
    again = decide_again(label, "ring", {key: "2026"}, "now")
    assert again is not None
    assert again["for_recipient"]["statement"] != HIDDEN
    assert contradictions(again) == []
