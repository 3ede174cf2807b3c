"""How many persons a run was about, beside the thresholds of the law: figures, of which a person decides."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from beam_deid.pipelines.language.bilingual import Bilingual
from beam_deid.pipelines.report.blocks import Block, Facts, Grid, Paragraph, Section, Verbatim
from beam_deid.pipelines.report.evidence import Evidence
from beam_deid.pipelines.report.given_to import given_to
from beam_deid.pipelines.report.sources import source
from beam_deid.pipelines.report.wording import number
from beam_deid.transforms.register.thresholds import Threshold, thresholds
from beam_deid.transforms.terms import LabelName, RecipientRole

_ABROAD = "abroad"
_PERSONS = "persons"
_WHOSE: Mapping[tuple[str, str], str] = {
    ("handled", "persons"): "persons handled",
    ("handled", "sensitive"): "persons handled, with sensitive information",
    (_ABROAD, "persons"): "persons given abroad, without sensitive information",
    (_ABROAD, "sensitive"): "persons given abroad, with sensitive information",
}


def section(evidences: Sequence[Evidence]) -> Section | None:
    """The persons of a run, and the thresholds; None of what no run made."""
    if not evidences or evidences[0].run is None:
        return None
    return Section("persons", "How many persons it is about", list(_blocks(evidences)))


def _blocks(evidences: Sequence[Evidence]) -> Iterator[Block]:
    run = evidences[0].run or {}
    counted = counts(run)
    if not counted:
        yield Paragraph(
            "The run did not count the distinct persons of its source: it keeps no register, or nobody says whose the records are."
        )
        subjects = dict.fromkeys(
            str(subject) for one in evidences if (subject := (one.label.get("asked") or {}).get("subject"))
        )
        if subjects:
            yield Paragraph(
                f"The persons of a whole run are counted only with a register. What the reports of the releases count is the "
                f"values of {', '.join(subjects)}."
            )
    for one in counted:
        yield Facts(
            (
                ("Distinct persons whose records were read", number(one["persons"])),
                ("Of these, with sensitive information", number(one.get("sensitive"))),
                ("Of these, under 14", number(one.get("under_14"))),
                ("They were counted by", Verbatim(one["subject"])),
            )
        )
    yield Grid(
        ("The threshold", "Whose persons", "By this run alone", "What it would require", "The source"),
        [_threshold(one, counted, _given_abroad(evidences)) for one in thresholds()],
        "Numbers of persons from which on the law asks for more",
        numbers=(0,),
    )
    unread = [one.source.partition(" (")[0] for one in thresholds() if not one.checked]
    if unread:
        yield Paragraph(
            f"Told from secondary sources, the articles themselves were not read: {', '.join(dict.fromkeys(unread))}"
        )
    yield Paragraph(
        "These are figures. Whether a duty holds, and whether an exemption does, is for a person to decide."
    )
    yield Paragraph(
        "The thresholds count the persons of all runs, and those given abroad since 1 January. This run is one of them: the "
        "persons of all runs are counted from the register, by: beam-deid releases persons REGISTER"
    )


def counts(run: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """The persons that a run counted, of each of its tables; empty where it counted none."""
    counted = run.get("persons")
    if counted is None:
        return ()
    return counted if isinstance(counted, list) else (counted,)


def _given_abroad(evidences: Sequence[Evidence]) -> bool:
    """Whether a release that is still personal is given abroad."""
    return any(
        (given := given_to(one)) is not None
        and given.role == RecipientRole.ABROAD
        and one.label["label"] == LabelName.STILL_PERSONAL
        for one in evidences
    )


def _threshold(one: Threshold, counted: Sequence[Mapping[str, Any]], abroad: bool) -> tuple[str, ...]:
    asks = Bilingual(one.asks["en"], one.asks.get("zh", one.asks["en"]))
    return number(one.least), _WHOSE[one.of, one.group], _state(one, counted, abroad), asks, source(one.source)


def _state(one: Threshold, counted: Sequence[Mapping[str, Any]], abroad: bool) -> str:
    """How a run's own persons compare with a threshold. Persons of several tables may be the same: the most of one table count."""
    if one.of == _ABROAD and not abroad:
        return "the policy declares no recipient abroad of what is still personal; nobody has checked it"
    known = [found for table in counted if (found := table.get(one.group)) is not None]
    if not known:
        return "it is not known"
    persons = max(known)
    if one.is_reached(persons):
        return "it is reached"
    return "it is near" if one.is_near(persons) else "it is not reached"
