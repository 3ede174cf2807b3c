"""How many persons a run was about, beside the thresholds of the law: figures, of which a person decides."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from beam_deid.pipelines.language.bilingual import Bilingual
from beam_deid.pipelines.report.blocks import Block, Facts, Grid, Paragraph, Section, Verbatim
from beam_deid.pipelines.report.evidence import Evidence
from beam_deid.pipelines.report.source_special import sensitive_in_source
from beam_deid.pipelines.report.sources import source
from beam_deid.pipelines.report.wording import number
from beam_deid.transforms.register.thresholds import Threshold, thresholds
from beam_deid.transforms.terms import LabelName, RecipientRole

_ABROAD = "abroad"
_SENSITIVE = "sensitive"
_NOT_KNOWN = "it is not known"
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
    unread = _unread(evidences[0].policy, counted)
    for one in counted:
        yield Facts(
            (
                ("Distinct persons whose records were read", number(one["persons"])),
                ("Of these, with sensitive information", _known(one.get("sensitive"), unread)),
                ("Of these, under 14", _known(one.get("under_14"))),
                ("They were counted by", Verbatim(one["subject"])),
            )
        )
    if counted and unread:
        yield Paragraph(f"The run did not read these sensitive fields of its source: {', '.join(unread)}")
    abroad = _abroad(run)
    yield Grid(
        ("The threshold", "Whose persons", "By this run alone", "What it would require", "The source"),
        [_threshold(one, _state(one, counted, abroad, unread)) for one in thresholds()],
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


def _known(found: int | None, unread: Sequence[str] = ()) -> str:
    """How many persons were found, which are no more than some where fields were not read that tell of further ones."""
    if found is None or (unread and not found):
        return _NOT_KNOWN
    return f"{found:,} at least" if unread else number(found)


def _unread(policy: str | None, counted: Sequence[Mapping[str, Any]]) -> Sequence[str]:
    """The sensitive fields of the source by which nobody was counted, for the run did not read them."""
    read = Counter(_bare(name) for one in counted for name in (one.get("by") or {}).get("sensitive", ()))
    names = sensitive_in_source(policy)
    those = Counter(map(_bare, names)) - read  # a field of this name may be in several tables
    return [name for name in names if _bare(name) in those]


def _bare(name: str) -> str:
    return name.rpartition(".")[2]


def _abroad(run: Mapping[str, Any]) -> str:
    """Why nobody was given a personal release abroad, as far as is known; empty where somebody was.

    All releases of the run count that were ever published, those as well that were removed.
    """
    given = [
        run.get("recipients", {}).get(name, {}).get("role")
        for name, told in run.get("releases", {}).items()
        if (told.get("published") or "deleted" in told) and told.get("label") != LabelName.ANONYMIZED
    ]
    if RecipientRole.ABROAD in given:
        return ""
    return "the policy declares none abroad; nobody has checked" if all(given) else _NOT_KNOWN


def _threshold(one: Threshold, state: str) -> tuple[str, ...]:
    asks = Bilingual(one.asks["en"], one.asks.get("zh", one.asks["en"]))
    return number(one.least), _WHOSE[one.of, one.group], state, asks, source(one.source)


def _state(one: Threshold, counted: Sequence[Mapping[str, Any]], abroad: str, unread: Sequence[str]) -> str:
    """How a run's own persons compare with a threshold. Persons of several tables may be the same: the most of one table count."""
    if one.of == _ABROAD and abroad:
        return abroad
    known = [found for table in counted if (found := table.get(one.group)) is not None]
    if not known:
        return _NOT_KNOWN
    persons = max(known)
    if one.is_reached(persons):
        return "it is reached"
    if one.is_near(persons):
        return "it is near"
    return _NOT_KNOWN if _may_be_more(one, counted, unread) else "it is not reached"


def _may_be_more(one: Threshold, counted: Sequence[Mapping[str, Any]], unread: Sequence[str]) -> bool:
    """Whether more persons than were found may be of a threshold's group, and with them reach it."""
    is_whole = not unread and all(table.get(one.group) is not None for table in counted)
    return one.group == _SENSITIVE and not is_whole and one.is_near(max(table["persons"] for table in counted))
