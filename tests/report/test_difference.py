"""What a page says of the release that came before."""

import copy

import pytest

from beam_deid.pipelines.language.words import said, spoken_in
from beam_deid.pipelines.report.blocks import Callout, Tone, Verbatim
from beam_deid.pipelines.report.evidence import Evidence
from beam_deid.pipelines.report.sections.difference import section as difference
from beam_deid.transforms.register.comparing import differing_labels

from ..kit.every_label import EveryLabel
from .said import rows, texts


def section(label, previous):
    found = difference(Evidence(label, previous=previous))
    assert found is not None
    return found


def test_without_a_previous_release_nothing_is_said(every_label: EveryLabel):
    assert difference(Evidence(every_label("anonymized")["out"])) is None


def test_the_same_label_differs_in_nothing(every_label: EveryLabel):
    label = every_label("anonymized")["out"]
    found = differing_labels(label, label)
    assert found.pop("tests") == []
    assert not [name for name, part in found.items() if any(part.values())]
    told = [*texts(section(label, label))]
    assert "Label, fields and levels do not differ." in told
    assert "The tests do not differ." in told


def test_everything_that_changed_is_told(every_label: EveryLabel):
    before = every_label("personal")["out"]
    now = every_label("searched, with all that can be asked")["out"]
    shown = rows(section(now, before))
    assert shown["Label"] == ("still_personal", "anonymized")
    assert shown["Grade"] == (str(before["grade"]), str(now["grade"]))
    assert shown["field buyer"] == ("Released", "Not released")
    assert shown["field day"] == ("Not released", "Released")
    assert shown["action of city"] == ("hash", "keep")
    assert shown["recoverability of city"] == ("keyed", "clear")
    assert shown["level of day"] == ("–", now["search"]["levels"]["day"])
    assert shown["direct_identifiers"][1] == f"✗ {before['tests'][0]['measured']} (0)"
    assert shown["direct_identifiers"][2] == "✓ 0 (0)"


def test_what_is_the_business_of_the_other_recipient_is_not_told(every_label: EveryLabel):
    now = every_label("searched, with all that can be asked")["out"]
    before = copy.deepcopy(every_label("personal")["out"])
    before.update(
        purpose="for the other recipient", sharing="theirs_alone", policy_sha256="ab" * 32, entry="entry-of-theirs"
    )
    before["records"] = {**before["records"], "read": 98_765, "released": 98_765}
    before["risk"] = {**before["risk"], "subjects": 87_654}
    told = " ".join(texts(section(now, before)))
    for one in ("for the other recipient", "theirs_alone", "abababab", "entry-of-theirs", "98,765", "87,654"):
        assert one not in told


def test_a_label_that_is_worse_now_stands_out(every_label: EveryLabel):
    good = every_label("anonymized")["out"]
    bad = every_label("personal")["out"]

    def tones(label, previous):
        return [one.tone for one in section(label, previous).blocks if isinstance(one, Callout)]

    assert tones(bad, good) == [Tone.BAD]
    assert tones(good, bad) == [Tone.NOTE]
    assert tones(good, good) == []


@pytest.mark.parametrize(
    "left", [("label", "sharing", "purpose"), ("label", "fields", "records", "search"), ("label",)]
)
def test_what_is_not_known_of_the_previous_release_is_not_compared(every_label: EveryLabel, left):
    label = every_label("searched, with all that can be asked")["out"]
    previous = {name: copy.deepcopy(label[name]) for name in left}
    told = [*texts(section(label, previous))]
    assert "Label, fields and levels do not differ." in told
    assert "The tests of the previous release are not known any more, and cannot be compared." in told


def test_fields_of_which_only_roles_are_known_are_compared_by_these(every_label: EveryLabel):
    label = every_label("anonymized")["out"]
    previous = {"label": label["label"], "fields": {"city": {"role": ["sensitive"]}, "item": {"role": ["sensitive"]}}}
    shown = rows(section(label, previous))
    assert shown["roles of city"] == ("sensitive", "quasi_identifier")
    assert "action of city" not in shown


def test_all_of_it_is_said_in_chinese(every_label: EveryLabel):
    before = every_label("personal")["out"]
    now = every_label("searched, with all that can be asked")["out"]
    found = section(now, before)
    with spoken_in("zh"):
        unsaid = [
            one
            for one in texts([found.title, *found.blocks])
            if not isinstance(one, Verbatim) and one and said(one) == one
        ]
    assert not [one for one in unsaid if " " in one]
