"""One release checked against its own label: what the label says of itself, and the files in its folder. Reads no values."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from beam_deid.transforms.clock import now
from beam_deid.transforms.label.contradictions import contradictions
from beam_deid.transforms.label.documents import signature_problem, signer
from beam_deid.transforms.label.ground import ground_after
from beam_deid.transforms.label.overdue import overdue
from beam_deid.transforms.label.record_counts import RECORD_COUNTS
from beam_deid.transforms.label.verify_files import file_problems
from beam_deid.transforms.storage.files import store_of
from beam_deid.transforms.storage.paths import REPORT, name_of
from beam_deid.transforms.terms import LabelName

PROVED = "proved"
UNPROVEN = "unproven"


@dataclass(frozen=True)
class Verified:
    """What was checked.

    Attributes:
        release: The release; "" for the run as a whole.
        problems: What is wrong, a sentence each; empty if nothing is.
        files: How many files were checked.
        label: The label it bears.
        origin: ``proved`` if the key that was given signed it and nothing is wrong, else ``unproven``.
        signed_by: The public key, in base64, whose signature it bears; None without one, or where that does not hold.
        overdue: What is past of what its label says until a day, a sentence each; nothing is wrong with it for that.
    """

    release: str
    problems: tuple[str, ...]
    files: int = 0
    label: str = ""
    origin: str = UNPROVEN
    signed_by: str | None = None
    overdue: tuple[str, ...] = ()


def label_checked(
    name: str, folder: str, label: dict[str, Any], others: Iterable[str], counted: Callable[[int], None]
) -> Verified:
    """Check a label that has the shape of one, and the files in its folder.

    Args:
        name: What the release is called.
        folder: Its folder.
        label: The content of its ``label.json``.
        others: What else is wrong with it, a sentence each.
        counted: Hears of the rows of each file once it is checked, as the label tells them.
    """
    problems = (
        *others,
        *_label_problems(label),
        *_decided_again(label),
        *_folder_problems(folder, label, counted),
    )
    past = tuple(map(printable, overdue(label, now())))
    return Verified(name, problems, len(label["files"]), label["label"], overdue=past)


def _folder_problems(folder: str, label: dict[str, Any], counted: Callable[[int], None]) -> Iterator[str]:
    """What is wrong with the files of a release, and which its label does not list."""
    for file in label["files"]:
        yield from file_problems(folder, file, label)
        counted(file["rows"])
    names = [file["path"] for file in label["files"]]
    if len(set(names)) < len(names):
        yield "a file is listed twice in the label"
    listed = {*names, "label.json", REPORT}  # which is made of the label, and is no evidence
    yield from (f"{entry} is not listed in the label" for entry in _names_in(folder) if entry not in listed)


def signature_checked(found: Verified, document: Mapping[str, Any], name: str, key: str | None) -> Verified:
    """What was found, with the signature's part in it.

    Args:
        found: What was found.
        document: The document.
        name: The document's file, as a sentence calls it.
        key: The key in base64 that must have signed it; None if any may have, or none.
    """
    problem = signature_problem(document, key)
    wrong = signature_problem(document)
    problems = (*found.problems, f"{name} {problem}") if problem else found.problems
    origin = PROVED if key is not None and not problems else UNPROVEN
    return replace(found, problems=problems, origin=origin, signed_by=None if wrong else signer(document))


def _label_problems(label: dict[str, Any]) -> Iterator[str]:
    if (label["label"] == LabelName.ANONYMIZED) != all(test["passed"] for test in label["tests"]):
        yield "the label does not follow from its tests"
    records = label["records"]
    if records["read"] != sum(records.get(part, 0) for part in RECORD_COUNTS[1:]):
        yield "read is not released + suppressed + withheld + rejected"
    if sum(records.get("withheld_by", {}).values()) not in (0, records.get("withheld", 0)):
        yield "the reasons for which records are withheld do not add up to those that are"
    if records["released"] != sum(file["rows"] for file in label["files"]):
        yield "the files do not hold as many rows as were released"
    if label.get("ground") != ground_after(LabelName(label["label"]), label.get("ground")):
        yield "it rests on being anonymized, and is not"
    amendments = label.get("amendments")
    if label["label"] == LabelName.ANONYMIZED and amendments and amendments[-1].get("destroyed"):
        yield "the label became anonymized by the destruction of a key; only a new run can show that"


def _decided_again(label: dict[str, Any]) -> list[str]:
    """What in a label does not follow from the evidence that it gives."""
    try:
        return contradictions(label)
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
        return ["the evidence of the label is not such that it can be decided again"]


def printable(text: str) -> str:
    """A text without what cannot be written as UTF-8, which JSON may hold."""
    return text.encode("utf-8", "backslashreplace").decode()


def _names_in(folder: str) -> list[str]:
    return [name_of(entry.path) for entry in store_of(folder).entries(folder)]
