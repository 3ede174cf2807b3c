"""Releases that no run made, but somebody's own pipeline: each has its label alone, which bears its own hash.

They stand as ``WriteRelease`` writes them: ``RELEASE`` or ``WINDOW/RELEASE`` below the folder that is asked about.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from beam_deid.transforms.label.condition import CONDITION
from beam_deid.transforms.label.documents import OWN_SHA256, WINDOW, document_sha256
from beam_deid.transforms.label.manifest import SCHEMA_VERSION
from beam_deid.transforms.label.reading import read_manifest
from beam_deid.transforms.label.verify_release import Verified, label_checked, printable, signature_checked
from beam_deid.transforms.label.well_formed import label_malformed
from beam_deid.transforms.storage.files import is_file, store_of
from beam_deid.transforms.storage.paths import is_hidden, join, name_of, parent
from beam_deid.transforms.terms import LabelName

LABEL = "label.json"
_DEPTH = 2
"""How many folders a release is below the one that is asked about: a window's, and its own."""


def verify_alone(output: str, key: str | None, counted: Callable[[int], None]) -> list[Verified]:
    """Check every release in a folder; none where no label is.

    Args:
        output: The folder, absolute.
        key: Public key in base64 that must have signed all labels.
        counted: Hears of the rows of each file once it is checked.

    Returns:
        What was found of each, called by its path below the folder; a folder without a label is told as one that is none.
    """
    found = list(_releases_in(output, (), _DEPTH))
    if not any(is_file(join(folder, LABEL)) for _, folder in found):
        return []
    verified = [_verified("/".join(names), folder, key, counted) for names, folder in found]
    return _beside_each_other([folder for _, folder in found], verified)


def _releases_in(folder: str, names: tuple[str, ...], depth: int) -> Iterator[tuple[tuple[str, ...], str]]:
    """The folders that are releases, or should be, with their names from the one that is asked about."""
    entries = store_of(folder).entries(folder)
    below = [entry.path for entry in entries if entry.is_folder and not is_hidden(name_of(entry.path))]
    files = [entry for entry in entries if not entry.is_folder and not is_hidden(name_of(entry.path))]
    if depth == 0 or (names and files) or is_file(join(folder, LABEL)):
        yield names or (name_of(folder),), folder
        return
    for path in below:
        yield from _releases_in(path, (*names, name_of(path)), depth - 1)


def _verified(name: str, folder: str, key: str | None, counted: Callable[[int], None]) -> Verified:
    if not is_file(join(folder, LABEL)):
        return Verified(printable(name), ("it has no label.json: it is no release, or not yet",))
    label, problem = read_manifest(join(folder, LABEL))
    if label is None:
        return Verified(printable(name), (problem,))
    problems = label_malformed(label) or list(_differs(label, folder))
    if problems:  # what else is in it is not worth a look
        return signature_checked(Verified(printable(name), tuple(problems)), label, LABEL, key)
    return signature_checked(label_checked(name, folder, label, (), counted), label, LABEL, key)


def _differs(label: dict[str, Any], folder: str) -> Iterator[str]:
    """What of a label is not what stands in this folder, as it was published."""
    if OWN_SHA256 not in label:
        yield "label.json has no sha256 of its own, and there is no run.json that says it"
    elif label[OWN_SHA256] != document_sha256(label):
        yield "label.json was changed after publication"
    if label["schema_version"] != SCHEMA_VERSION:
        yield "label.json has another schema version than this program knows"
    if label["release"] != name_of(folder):
        yield "label.json is that of another release"
    if label.get(WINDOW, name_of(parent(folder))) != name_of(parent(folder)):
        yield "label.json is that of another window"


def _beside_each_other(folders: list[str], verified: list[Verified]) -> list[Verified]:
    """Add which releases of one folder hold only if there is no other: whoever has both may join them."""
    alone: dict[str, list[str]] = {}
    for folder, one in zip(folders, verified, strict=True):
        if one.label == LabelName.ANONYMIZED and not one.problems:
            label = read_manifest(join(folder, LABEL))[0] or {}
            if label["condition"].startswith(CONDITION):
                alone.setdefault(parent(folder), []).append(one.release)
    several = {name: names for names in alone.values() if len(names) > 1 for name in names}
    return [
        replace(one, problems=tuple(_not_alone(one.release, several[one.release]))) if one.release in several else one
        for one in verified
    ]


def _not_alone(name: str, names: list[str]) -> Iterator[str]:
    for other in names:
        if other != name:
            yield f"it is anonymized only if it is the only release of its records, and {other} is here as well"
