"""What changed since the release of the same name that came before it: its label, tests, levels and fields.

The other one may have gone to another recipient, so its purpose, policy, counts and entry in the register are not told here.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from beam_deid.pipelines.differing import NOT_RELEASED, RELEASED, differing_rows
from beam_deid.pipelines.report.blocks import Block, Callout, Facts, Grid, Paragraph, Section, Tone, Verbatim
from beam_deid.pipelines.report.evidence import Evidence
from beam_deid.transforms.label.explaining import explanation_of
from beam_deid.transforms.register.comparing import differing_labels
from beam_deid.transforms.terms import LabelName

_NOTHING = Verbatim("–")
_BEFORE = ("Before", "Now")
_WHAT = {
    "label": "Label",
    "grade": "Grade",
    "sensitive": "Whether anything in it is sensitive",
}
_OF_RELEASE = ("purpose", "sharing", "policy_sha256")
"""What is the business of whoever got the other release."""
_SAID = {RELEASED: "Released", NOT_RELEASED: "Not released", True: "Yes", False: "Not so"}


def section(evidence: Evidence) -> Section | None:
    """The differences from the previous release, as far as it is known; None where there is none."""
    previous = evidence.previous
    if not previous:
        return None
    found = _as_told(differing_labels(previous, evidence.label))
    blocks: list[Block] = [
        Facts(list(_which(previous, evidence.label))),
        *_of_label(found["plain"].get("label")),
        *_differing(found),
        *_tests(found["tests"]),
    ]
    return Section("difference", "What changed since the previous release", blocks)


def _as_told(found: Mapping[str, Any]) -> dict[str, Any]:
    """What is compared here of what differs."""
    of_label = {name: pair for name, pair in found["plain"].items() if name not in _OF_RELEASE}
    return {**found, "plain": of_label, "records": {}}


def _which(previous: Mapping[str, Any], label: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    made = previous.get("made_at") or previous.get("assessed_at") or previous.get("decided_at")
    if made:
        yield "Made", Verbatim(f"{made[:16].replace('T', ' ')} UTC")
    yield "Label before", str(previous.get("label", _NOTHING))
    yield "Label now", str(label["label"])


def _of_label(pair: list[Any] | None) -> Iterator[Block]:
    """What must not be overlooked: the label is another one."""
    if pair is None:
        return
    if pair[1] == LabelName.ANONYMIZED:
        yield Callout(
            Tone.NOTE, "The label changed", "The previous release counts as personal data, and this one is anonymized."
        )
    else:
        yield Callout(
            Tone.BAD, "The label changed", "The previous release was anonymized, and this one counts as personal data."
        )


def _differing(found: Mapping[str, Any]) -> Iterator[Block]:
    rows = [
        (_WHAT.get(row.what, row.what), _said(row.what, row.one), _said(row.what, row.other))
        for row in differing_rows(found)
    ]
    if rows:
        yield Grid(("What differs", *_BEFORE), rows, "Label, fields and levels that differ.")
    else:
        yield Paragraph("Label, fields and levels do not differ.")


def _tests(differing: list[Mapping[str, Any]] | None) -> Iterator[Block]:
    if differing is None:
        yield Paragraph("The tests of the previous release are not known any more, and cannot be compared.")
    elif not differing:
        yield Paragraph("The tests do not differ.")
    else:
        rows = [
            (Verbatim(one["name"]), _meaning(one["name"]), _outcome(one["one"]), _outcome(one["other"]))
            for one in differing
        ]
        yield Grid(("Test", "What is measured", *_BEFORE), rows, "Tests that differ: what was measured, and its limit.")


def _meaning(code: str) -> str:
    """What a test or a figure is, in words; its name where this version does not know it."""
    one = explanation_of(code)
    return Verbatim(code) if one is None else one.words


def _outcome(test: Mapping[str, Any] | None) -> str:
    if test is None:
        return "Not made"
    return Verbatim(f"{'✓' if test['passed'] else '✗'} {_value(test['measured'])} ({_value(test['limit'])})")


def _said(what: str, given: Any) -> str:
    """A value of a row: what others have written is as they wrote it, and our own words are said in the reader's language."""
    if isinstance(given, bool) or given in (RELEASED, NOT_RELEASED):
        return _SAID[given]
    return str(given) if what == "label" and given is not None else _value(given)


def _value(given: Any) -> str:
    if given is None or given == []:
        return _NOTHING
    if isinstance(given, int | float):
        return Verbatim(f"{given:,}" if isinstance(given, int) else f"{given:.4g}")
    if isinstance(given, list):
        return Verbatim(", ".join(map(str, given)))
    return Verbatim(given)
