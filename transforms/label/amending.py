"""A label once records were taken out of its release, or replaced in it: measured again as far as that can be, never better."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from beam_deid.transforms.label.condition import condition_of
from beam_deid.transforms.label.documents import plain
from beam_deid.transforms.label.evidence import Test
from beam_deid.transforms.label.read_scope import read_scope
from beam_deid.transforms.label.record_counts import RecordCounts
from beam_deid.transforms.label.requirements import planned
from beam_deid.transforms.label.requirements.filtered import Filtered
from beam_deid.transforms.label.requirements.register import Register
from beam_deid.transforms.label.requirements.requirement import Figure, Planned, Requirement
from beam_deid.transforms.label.rule import grade, name_of, test_of
from beam_deid.transforms.label.scope import Scope
from beam_deid.transforms.label.stating import stated_again
from beam_deid.transforms.label.told_release import ToldRelease
from beam_deid.transforms.terms import LabelName, Withheld

_BY_TREATMENT = (1, 2, 9)
"""Lines whose figures follow from how fields are given out, and in which order, whosever records are there."""
_NOT_MEASURED = "not measured since the release was changed; only a new run can"
_NEVER_BETTER = "it did not hold when the release was made, and only a new run can show that it does"


@dataclass(frozen=True)
class MeasuredAgain:
    """What was measured of a release as it is now.

    Attributes:
        how: How, in words for a person; empty where nothing could be.
        figures: What each test measures, by its name; no others were measured.
        risk: The figures of all measures; empty where they were not measured.
        missing: Why nothing, or not all, could be measured; empty if all could.
    """

    how: str = ""
    figures: Mapping[str, Figure] | None = None
    risk: Mapping[str, Any] | None = None
    missing: str = ""


@dataclass(frozen=True)
class Change:
    """What a release's rows became.

    Attributes:
        at: When.
        files: Its parts as they are now, as a label lists them.
        erased: How many rows were taken out.
        corrected: How many rows were replaced.
    """

    at: str
    files: Sequence[Mapping[str, Any]]
    erased: int = 0
    corrected: int = 0


def amended_label(label: Mapping[str, Any], change: Change, measured: MeasuredAgain) -> dict[str, Any]:
    """Decide a label again that is `still_personal` and stays so.

    What rests on the treatment of fields stands as it was measured. All else is what was measured now, or does not hold; and what
    did not hold before does not begin to.

    Args:
        label: The content of ``label.json``.
        change: What the release's rows became.
        measured: What was measured of it as it is now.

    Returns:
        The new content, with what it was before under ``amendments``.

    Raises:
        ValueError: The label is another.
    """
    if label["label"] != LabelName.STILL_PERSONAL:
        raise ValueError("only what is still_personal is changed after it was published")
    scope = read_scope(label)
    tests = tuple(_tests(scope, label, measured))
    records = _without(RecordCounts.from_document(label["records"]), change.erased)
    after = name_of(tests)
    amended = {
        **label,
        "label": str(after),
        "condition": condition_of(after, scope),
        "grade": grade(scope, tests),
        "tests": plain(tests),
        "changes": [],
        "limits": {test.name: test.limit for test in tests},
        "risk": dict(measured.risk or {}),
        "attacks": [],
        "history": [],
        "base_rates": {},
        "combinations": [],
        "contributions": {},
        "decided_at": change.at,
        "records": records.to_document(),
        "files": [dict(file) for file in change.files],
        "amendments": [*label.get("amendments", ()), _amendment(label, change, measured)],
    }
    if "for_recipient" in label:
        release = ToldRelease.from_document(scope, amended)
        amended["for_recipient"] = plain(stated_again(release, tests, label["for_recipient"]))
    return {key: amended[key] for key in (*label, "amendments") if key in amended}


def _without(records: RecordCounts, erased: int) -> RecordCounts:
    """The counts once so many released records were withheld after all."""
    by = {**records.withheld_by, Withheld.ERASED: records.withheld_by.get(Withheld.ERASED, 0) + erased}
    return RecordCounts.counted(
        read=records.read,
        released=records.released - erased,
        suppressed=records.suppressed,
        rejected=records.rejected,
        withheld_by={str(reason): count for reason, count in by.items()},
    )


def _tests(scope: Scope, label: Mapping[str, Any], measured: MeasuredAgain) -> Iterator[Test]:
    made = {str(test["name"]): test for test in label["tests"]}
    for requirement, asked in planned(scope):
        before = made[asked.name]
        test = test_of(asked, _figure(requirement, asked, before, measured))
        yield test_of(asked, Figure(None, _NEVER_BETTER)) if test.passed and not before["passed"] else test


def _figure(requirement: Requirement, asked: Planned, before: Mapping[str, Any], measured: MeasuredAgain) -> Figure:
    if asked.line in _BY_TREATMENT or isinstance(requirement, (Filtered, Register)):
        return Figure(before["measured"], str(before["detail"]))
    found = (measured.figures or {}).get(asked.name)
    return Figure(None, _NOT_MEASURED) if found is None else found


def _amendment(label: Mapping[str, Any], change: Change, measured: MeasuredAgain) -> dict[str, Any]:
    """What the label was before."""
    return {
        "at": change.at,
        "decided_at": label["decided_at"],
        "label": label["label"],
        "limits": dict(label["limits"]),
        "condition": label["condition"],
        "fields": {},
        "erased": change.erased,
        "corrected": change.corrected,
        "measured": measured.how,
        "not_measured": measured.missing,
    }
