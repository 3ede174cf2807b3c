"""What would change a label, what it takes away again, and on which condition it holds."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from beam_deid.pipelines.report.amounts import amount, measured_and_limit, requirement_of, share
from beam_deid.pipelines.report.blocks import Block, Bullets, Paragraph
from beam_deid.pipelines.report.evidence import Evidence
from beam_deid.pipelines.views.changes import by_text, reasons
from beam_deid.transforms.label.condition import CONDITION
from beam_deid.transforms.label.requirements.requirement import Compare
from beam_deid.transforms.terms import LabelName

_NEAR = 0.9
"""From which share of a limit on a figure is told to be close to it."""

_NEW_RUN = "A new run, which measures what was not measured; what it finds may be better or worse."
_RISK = "overall_risk"
_ORDER = "order"

Label = Mapping[str, Any]


def figure_of(test: Label) -> str:
    """A test with what was measured and what was asked, in signs."""
    measured, limit = measured_and_limit(test["name"], test["measured"], test["limit"])
    return f"{test['name']} = {measured} ({limit})"


def changes(label: Label) -> Iterator[Block]:
    """What would make a personal release anonymized."""
    found = label.get("changes") or ()
    ways = _needed(found)
    blocked = reasons((label.get("search") or {}).get("blocked"))
    if not ways and not blocked:
        unmeasured = any(one["measured"] is None for one in label["tests"])
        yield Paragraph(_NEW_RUN if unmeasured else "Nothing was found that would change it.")
        return
    yield Paragraph("To become anonymized it would take all of this together, and a new run that measures it:")
    yield Bullets([*blocked, *ways, *_without_way(label["tests"], found)])


def _needed(found: Sequence[Label]) -> list[str]:
    """The ways without those that another one brings with it: all are to be gone together."""
    ways = by_text(found)
    drops = {one["text"]: {*(one.get("drop") or ())} for one in found}
    return [way for way in ways if not any(_brings(other, way, drops) for other in ways if other != way)]


def _brings(other: str, way: str, drops: Mapping[str, set[str]]) -> bool:
    """Whether a way is one of two that a longer text offers, or drops more columns than another one."""
    return way.partition("; or ")[0] == other or (bool(drops[way]) and drops[way] < drops[other])


def _without_way(tests: Sequence[Label], found: Sequence[Label]) -> Iterator[str]:
    """Failing tests of which no way says how they would hold."""
    told = {one["test"] for one in found}
    failing = [one["name"] for one in tests if not one["passed"]]
    if _ORDER in failing and len(failing) > 1:
        yield "The order of the rows follows from the rest: rows are shuffled as soon as every other test holds."
    left = [name for name in failing if name not in told and name != _ORDER]
    if left:
        names = ", ".join(left)
        yield f"For these tests nothing was found that would make them hold: {names}."


def endings(label: Label) -> Iterator[str]:
    """What would take the label of an anonymized release away."""
    yield "Another release of the same records, with other columns or at other levels: both say more together than each alone."
    yield from _without_room(label["tests"])
    yield (
        "The erasure or correction of one person's records: a group may then have too few persons, and the label is decided "
        "anew."
    )
    yield from _surroundings(label)
    until = (label.get("environment") or {}).get("valid_until")
    if until is not None:
        yield f"The end of {until}: until then the recipient's surroundings are stated; after it the worst counts."
    if label.get("review_by") is not None:
        yield f"What becomes known meanwhile, such as new ways of finding persons: it is to be reviewed by {label['review_by']}."


def _without_room(tests: Sequence[Label]) -> Iterator[str]:
    """Every test that is at its limit, or close to it."""
    used = [(one, _used(one)) for one in tests]
    at = "; ".join(figure_of(one) for one, share_used in used if share_used >= 1)
    near = "; ".join(figure_of(one) for one, share_used in used if _NEAR <= share_used < 1)
    if at:
        yield f"Slightly different data, as these tests stand at their limits, with no room left: {at}."
    if near:
        yield f"Slightly different data, as these tests have little room left: {near}."


def _used(test: Label) -> float:
    """How much of the room up to a limit is used up, from 0 to 1; 0 where a limit leaves no room at all."""
    measured = test["measured"]
    limit = test["limit"]
    requirement = requirement_of(test["name"])
    if not measured or not limit or requirement is None:
        return 0.0
    return float(limit / measured if requirement.compare is Compare.AT_LEAST else measured / limit)


def _surroundings(label: Label) -> Iterator[str]:
    """From which environment risk on the overall risk is above its limit."""
    stated = (label.get("environment") or {}).get("E")
    risk = next((one for one in label["tests"] if one["name"] == _RISK), None)
    if risk is None or not risk["measured"] or not risk["limit"] or not stated or stated >= 1:
        return
    most = risk["limit"] / (risk["measured"] / stated)
    if most < 1:
        yield (
            f"Worse surroundings at the recipient than stated: from an environment risk E above {amount(most)} on, the overall "
            f"risk R is above its limit of {share(risk['limit'])}."
        )


def conditions(evidence: Evidence) -> Iterator[str]:
    """On which condition an anonymized release is so labelled."""
    label = evidence.label
    personal = personal_beside(evidence)
    if label.get("condition") == CONDITION and personal:
        yield "It holds only if this is the only release of these records that is given out as anonymized."
    elif label.get("condition"):
        yield f"It holds {label['condition']}."
    if personal:
        names = ", ".join(personal)
        yield f"The same run made releases of the same source that are personal information, as the policy expects: {names}."
        yield (
            "They were not tested together with this one: they stay personal information under the law with whoever is given "
            "them, and whoever holds one of them holds these persons' data anyway. Whoever gives both to one recipient gives "
            "personal information."
        )
    if label.get("sharing"):
        yield f"It holds for the sharing that was tested ({label['sharing']}), and for no wider one."
    environment = label.get("environment") or {}
    if environment.get("E") is not None:
        risk = amount(environment["E"])
        yield f"It rests on what is stated of the recipient's surroundings, which nobody has checked (E = {risk})."


def personal_beside(evidence: Evidence) -> list[str]:
    """The other releases of the run that the policy expects to be personal."""
    releases = (evidence.run or {}).get("releases", {})
    return [
        name
        for name, one in releases.items()
        if name != evidence.name and one.get("expect") == LabelName.STILL_PERSONAL
    ]
