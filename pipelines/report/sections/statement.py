"""What a label is bound to: sharing, surroundings, dates, and where it comes from."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from beam_deid.pipelines.report.amounts import amount, count, share
from beam_deid.pipelines.report.blocks import Bullets, Facts, Grid, Paragraph, Part, Section, Verbatim
from beam_deid.pipelines.report.evidence import Evidence
from beam_deid.pipelines.report.wording import moment
from beam_deid.transforms.label.documents import SIGNATURE, signer
from beam_deid.transforms.terms import Sharing

_SETTING = {
    "controls": "Controls at the recipient that keep it from misuse",
    "motive": "Motive and means of somebody there to find persons",
    "security": "Security where it is kept",
}
_LEVELS = {"low": "Low", "medium": "Medium", "high": "High"}
_FILES = 50
"""Files that are named; labels name all."""
Pair = tuple[str, str]


def section(evidence: Evidence) -> Section:
    """All that the label is bound to."""
    parts = [
        Part("What it is for", [Facts(list(_purpose(evidence.label)))]),
        Part("The recipient's surroundings", _surroundings(evidence)),
        Part("Dates", [Facts(list(_dates(evidence.label)))]),
        *_amendments(evidence.label.get("amendments") or ()),
        Part("Origin", [Facts(list(_origin(evidence)))]),
        *_files(evidence.label.get("files") or ()),
    ]
    return Section("statement", "What the label is bound to", parts)


def _purpose(label: Mapping[str, Any]) -> Iterator[Pair]:
    if label.get("purpose"):
        yield "Purpose, as the policy writes it", Verbatim(label["purpose"])
    if label.get("sharing"):
        yield "Sharing model", Sharing(label["sharing"]).meaning


def _surroundings(evidence: Evidence) -> list[Facts | Paragraph]:
    told = Paragraph(
        "How likely it is that somebody there tries to find persons, E, follows from what the policy states of the recipient. "
        "Nobody has checked it. Where nothing is stated, and in public sharing, the worst counts (E = 1)."
    )
    return [told, Facts([*_setting(evidence.label.get("environment") or {}), *_stated(evidence)])]


def _setting(environment: Mapping[str, Any]) -> Iterator[Pair]:
    if environment.get("E") is not None:
        yield "Environment risk (E)", amount(environment["E"])
    for name, meaning in _SETTING.items():
        if environment.get(name) is not None:
            yield meaning, _LEVELS.get(environment[name], Verbatim(environment[name]))
    if environment.get("prevalence") is not None:
        yield "Share of the population that is in such data", share(environment["prevalence"])
    if environment.get("acquaintances") is not None:
        yield "Persons whom somebody at the recipient knows", count(environment["acquaintances"])


def _stated(evidence: Evidence) -> Iterator[Pair]:
    # Who states it is a person, and stands on the page of the run, which does not go with the data.
    environment = evidence.label.get("environment") or {}
    is_said = bool((evidence.declared.get("environment") or {}).get("stated_by"))
    yield "Stated by", "the person named in the report of the run" if is_said else "nobody says who states it"
    until = environment.get("valid_until")
    if until is None:
        yield "Stated until", "nobody says until when"
    elif environment.get("lapsed"):
        yield "Stated until", f"{until}, which was past when it was measured: the worst counts"
    else:
        yield "Stated until", Verbatim(until)


def _dates(label: Mapping[str, Any]) -> Iterator[Pair]:
    for name, meaning in (
        ("assessed_at", "Measured, as of"),
        ("decided_at", "Label decided"),
        ("review_by", "To be reviewed by"),
    ):
        if label.get(name) is not None:
            yield meaning, moment(label[name])
    retain = label.get("retain_until")
    yield "May be kept until", "the policy does not say" if retain is None else Verbatim(retain)


def _amendments(amendments: Sequence[Mapping[str, Any]]) -> Iterator[Part]:
    if amendments:
        yield Part(
            "What was changed after it was published", [Bullets([said for one in amendments for said in _amended(one)])]
        )


def _amended(one: Mapping[str, Any]) -> Iterator[str]:
    """What was done to a published release, a sentence each."""
    day = one["at"][:10]
    if one.get("erased"):
        yield f"On {day} {one['erased']:,} rows were taken out, as persons asked to have their data erased."
    if one.get("corrected"):
        yield f"On {day} {one['corrected']:,} rows were replaced by corrected ones."
    if one.get("destroyed"):
        yield f"On {day} it was decided again, after {len(one['destroyed'])} of its keys were destroyed."
    if one.get("not_measured"):
        yield f"It was not measured again then: {one['not_measured']}."


def _files(files: Sequence[Mapping[str, Any]]) -> Iterator[Part]:
    """The files of the release, so that a page is known to be about those that were delivered."""
    if files:
        rows = [(Verbatim(one["path"]), count(one["rows"]), Verbatim(one["sha256"])) for one in files[:_FILES]]
        told = f"{len(rows):,} of {len(files):,} files; the others stand in label.json. Delivered files have the same hashes."
        grid = Grid(("The file", "Rows", "Its hash (SHA-256)"), rows, told, numbers=(1,))
        yield Part("The files that it is about", [grid])


def _origin(evidence: Evidence) -> Iterator[Pair]:
    label = evidence.label
    if label.get(SIGNATURE) is None:
        yield "Signature", "none: nothing proves who made it"
    else:
        yield "Signed by the key", Verbatim(signer(label) or "")
    for name, meaning in (("run", "Run"), ("policy_sha256", "Policy, its hash (SHA-256)")):
        if label.get(name) is not None:
            yield meaning, Verbatim(label[name])
    for name, version in (evidence.run or {}).get("versions", {}).items():
        yield f"Version of {name}", Verbatim(version)
