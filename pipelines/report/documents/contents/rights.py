"""Whom an effect could reach: the cases of PIPL Art. 55, and what of the data bears on a person's rights."""

from collections.abc import Iterator, Sequence

from beam_deid.pipelines.language.bilingual import Bilingual
from beam_deid.pipelines.report.blocks import Block, Grid, Paragraph, Verbatim
from beam_deid.pipelines.report.documents.whole_run import WholeRun
from beam_deid.pipelines.report.evidence import Evidence
from beam_deid.pipelines.report.given_to import given_to
from beam_deid.pipelines.report.policy_text import source_fields
from beam_deid.pipelines.report.source_special import sensitive_in_source
from beam_deid.transforms.terms import LabelName, RecipientRole, Role, Sharing

TO_CONFIRM = Bilingual("[To be filled in by a person]", "【需人工填写】")
"""What stands where a person must write something."""

_REPUTATION = ("health", "sexual_life", "religion", "specific_identity", "credit", "biometric", "minor")
_PROPERTY = ("financial_account", "track", "identity", "basic", "property", "contacts", "communication")
_TREATMENT = ("transaction", "location", "education_work", "browsing", "device", "property")


def triggers(whole: WholeRun) -> Iterator[Block]:
    """The five cases of Art. 55, with what a run shows of each."""
    yield Grid(
        ("Case of Art. 55", "What this run shows of it", "Does it apply?"),
        [
            ("(1) sensitive personal information is handled", _sensitive(whole), TO_CONFIRM),
            ("(2) personal information is used for automated decisions", "a run cannot show it", TO_CONFIRM),
            (
                "(3) handling is entrusted, or information is given to another processor or made public",
                _given(whole),
                TO_CONFIRM,
            ),
            ("(4) personal information is given abroad", _abroad(whole), TO_CONFIRM),
            ("(5) other handling with major effects on personal rights", "a run cannot show it", TO_CONFIRM),
        ],
        "When an impact assessment comes first, and its record is kept",
    )


def _sensitive(whole: WholeRun) -> str:
    releases = ", ".join(one.name for one in whole.evidences if one.label.get("sensitive"))
    policy = whole.evidences[0].policy
    fields = ", ".join(sensitive_in_source(policy))
    if fields and releases:
        return f"sensitive fields of the source: {fields}; releases with sensitive fields or values: {releases}"
    if fields:
        return f"sensitive fields of the source: {fields}; no release is known to have one, or a sensitive value"
    if releases:
        return f"releases with sensitive fields or values: {releases}"
    if source_fields(policy) is None:
        return (
            "no released field and no released value is known to be sensitive; what else the source holds is not known"
        )
    return (
        "no field of the source and no released value is known to be sensitive; fields without a category are not known"
    )


def _given(whole: WholeRun) -> str:
    found = [one.name for one in whole.evidences if _is_given(one)]
    if not found:
        return "no personal release says a recipient outside"
    return f"personal releases with a recipient outside, or public: {', '.join(found)}"


def _is_given(one: Evidence) -> bool:
    """Whether a release that is still personal leaves whoever made it, as far as is known."""
    if one.label["label"] == LabelName.ANONYMIZED:
        return False
    given = given_to(one)
    return one.label["sharing"] == Sharing.PUBLIC or (given is not None and given.role != RecipientRole.INTERNAL)


def _abroad(whole: WholeRun) -> str:
    found = [
        one.name
        for one in whole.evidences
        if _is_given(one) and (given := given_to(one)) is not None and given.role == RecipientRole.ABROAD
    ]
    if not found:
        return "no personal release says a recipient abroad"
    return f"personal releases with a recipient abroad: {', '.join(found)}"


def rights(whole: WholeRun) -> Iterator[Block]:
    """What of the releases bears on each of the four kinds of effect of GB/T 39335."""
    yield Paragraph(
        "The table names the fields whose category bears on each kind of effect, in releases that are still personal. How grave an "
        "effect would be, no run can tell."
    )
    yield Grid(
        ("Kind of effect", "What of the releases bears on it", "How grave is it?"),
        [
            ("limits the freedom to decide for oneself", _choice(whole), TO_CONFIRM),
            ("leads to differential treatment", _fields(whole, _TREATMENT), TO_CONFIRM),
            ("damages reputation, or causes mental pressure", _fields(whole, _REPUTATION, Role.SENSITIVE), TO_CONFIRM),
            ("harms person or property", _fields(whole, _PROPERTY, Role.DIRECT), TO_CONFIRM),
        ],
        "Effects on the rights of persons",
    )


def _choice(whole: WholeRun) -> str:
    without = [one.name for one in _personal(whole) if (one.label.get("ground") or {}).get("kind") != "consent"]
    if not without:
        return "every personal release rests on consent, which can be withdrawn"
    return f"personal releases that do not rest on consent: {', '.join(without)}"


def _fields(whole: WholeRun, of: Sequence[str], role: Role | None = None) -> str:
    """The released fields of some categories, those of a role, and those that have values on a list of such a category."""
    found: dict[str, None] = {}
    for one in _personal(whole):
        fields = one.label["fields"].items()
        found |= {name: None for name, facts in fields if facts.get("category") in of or role in facts["role"]}
        for value in one.label.get("sensitive_values", ()):
            if value["category"] in of:
                found |= dict.fromkeys(value["fields"])
    return Verbatim(", ".join(found)) if found else "no released field is known to"


def _personal(whole: WholeRun) -> list[Evidence]:
    return [one for one in whole.evidences if one.label["label"] != LabelName.ANONYMIZED]
