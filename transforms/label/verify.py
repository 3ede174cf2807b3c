"""Check what was published against its manifests: files, hashes, rows, metadata, sums, signatures. Reads no values.

Whoever can write a folder can write manifests that fit each other. So this shows integrity: that nothing was changed since the
manifests were written. Who wrote them only a signature shows, checked with a key that came another way.
"""

import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from beam_deid.transforms.errors import UsageError
from beam_deid.transforms.label.documents import OWN_SHA256, WINDOW, document_sha256
from beam_deid.transforms.label.manifest import SCHEMA_VERSION
from beam_deid.transforms.label.reading import read_manifest
from beam_deid.transforms.label.verify_alone import verify_alone
from beam_deid.transforms.label.verify_files import sha256_or_none
from beam_deid.transforms.label.verify_release import (
    PROVED,
    UNPROVEN,
    Verified,
    label_checked,
    printable,
    signature_checked,
)
from beam_deid.transforms.label.well_formed import label_malformed, run_malformed
from beam_deid.transforms.storage.files import is_file, store_of
from beam_deid.transforms.storage.hidden import place_of
from beam_deid.transforms.storage.paths import POLICY, absolute, is_hidden, is_name, join, name_of, shown
from beam_deid.transforms.storage.sweeping import sweep, waiting
from beam_deid.transforms.terms import LabelName

_COMPOSITION = 8
"""The line of the label rule that is about several releases."""
REJECTED = {"rejected.parquet": "rejected_sha256", "rejected.csv": "rejected_csv_sha256"}
"""The files of rejects, and what ``run.json`` calls their hashes, which are empty once they were removed.

Runs of earlier versions have no CSV, and say nothing of one.
"""
POLICY_HASH = "policy_yaml_sha256"
"""What ``run.json`` calls the hash of ``policy.yaml``; runs of earlier versions have no such file, and say nothing of one."""


def _unheard(rows: int) -> None:
    """Nobody asks how far it is."""


def verify(output: str, key: str | None = None, counted: Callable[[int], None] = _unheard) -> list[Verified]:
    """Check every published release of a run, and the run itself; or releases that a pipeline wrote.

    Args:
        output: The folder of the run, or that of ``WriteRelease``.
        key: Public key in base64 that must have signed all of it.
        counted: Hears of the rows of each file once it is checked, as its label tells them.

    Raises:
        UsageError: The folder holds neither.
    """
    sweep(output)
    output = absolute(output)
    path = join(output, "run.json")
    if not is_file(path):
        return _without_run(output, key, counted)
    run, problem = read_manifest(path)
    if run is None:
        return [Verified("", (problem,))]
    results = [signature_checked(Verified("", tuple(_run_problems(output, run))), run, "run.json", key)]
    for name, release in _mapping(run.get("releases")).items():
        if _mapping(release).get("published") is True:
            results.append(_verify_release(output, run, name, _mapping(release), key, counted))
    results = _together(output, results)
    return _all_or_nothing(results)  # a release stands under the run that lists it


def _without_run(output: str, key: str | None, counted: Callable[[int], None]) -> list[Verified]:
    """Check releases that no run made."""
    results = verify_alone(output, key, counted)
    if not results:
        raise UsageError("there is no run.json here", shown(output), _elsewhere(output))
    return _all_or_nothing(results)


def _all_or_nothing(results: list[Verified]) -> list[Verified]:
    """The results as they can be told: printable, and with an origin that is proved of all or of none."""
    results = [replace(one, problems=tuple(map(printable, one.problems))) for one in results]
    if all(one.origin == PROVED and not one.problems for one in results):
        return results
    return [replace(one, origin=UNPROVEN) for one in results]


def _run_problems(output: str, run: dict[str, Any]) -> Iterator[str]:
    yield from run_malformed(run)
    if run.get("schema_version") != SCHEMA_VERSION:
        yield "run.json has another schema version than this program knows"
    if run.get("sha256") != document_sha256(run):
        yield "run.json was changed after publication"
    releases = _mapping(run.get("releases"))
    known = {name for name, release in releases.items() if _mapping(release).get("published") is True}
    if not known and not any("deleted" in _mapping(release) for release in releases.values()):
        yield "run.json names no published release"
    store = store_of(output)
    for entry in store.entries(output):
        name = name_of(entry.path)
        if entry.is_folder and name not in known and not is_hidden(name) and store.entries(entry.path):
            yield f"the folder {name} is no release of this run"
    kept = {name: run.get(key) or None for name, key in REJECTED.items()}  # empty once it was removed
    yield from changed_beside(output, kept | policy_kept(run))


def policy_kept(run: Mapping[str, Any]) -> dict[str, Any]:
    """The policy's file with its hash as ``run.json`` says it; nothing where an earlier version kept none."""
    return {POLICY: run[POLICY_HASH]} if POLICY_HASH in run else {}


def changed_beside(output: str, hashes: Mapping[str, str | None]) -> Iterator[str]:
    """What of the files beside ``run.json`` is not as it was published, a sentence each.

    Args:
        output: The output.
        hashes: SHA-256 of each, in hex; None of one that is not there.
    """
    for name, told in hashes.items():
        if sha256_or_none(join(output, name)) != told:
            yield f"{name} is missing or was changed"


def _verify_release(
    output: str,
    run: dict[str, Any],
    name: str,
    release: dict[str, Any],
    key: str | None,
    counted: Callable[[int], None],
) -> Verified:
    if not is_name(name):
        return Verified(printable(name), ("this is no name of a release",))
    folder = join(output, name)
    path = join(folder, "label.json")
    label, problem = read_manifest(path)
    if label is None:
        return Verified(printable(name), (problem,))
    problems = label_malformed(label)
    if sha256_or_none(path) != release.get("label_sha256"):
        problems.append("label.json was changed after publication")
    if OWN_SHA256 in label or WINDOW in label:
        problems.append("label.json is that of a release which no run made")
    if problems:  # what else is in it is not worth a look
        return signature_checked(Verified(printable(name), tuple(problems)), label, "label.json", key)
    differing = _run_differs(run, name, release, label)
    verified = label_checked(name, folder, label, differing, counted)
    return signature_checked(verified, label, "label.json", key)


def _run_differs(run: dict[str, Any], name: str, release: dict[str, Any], label: dict[str, Any]) -> Iterator[str]:
    """What the two manifests of a release say, and not alike."""
    for one in ("run", "policy_sha256", "schema_version"):
        if label.get(one) != run.get(one):
            yield f"label.json names another {one} than run.json"
    if label["label"] != release.get("label") or label["release"] != name:
        yield "label.json and run.json do not bear the same label"


def _together(output: str, results: list[Verified]) -> list[Verified]:
    """Add what the labels of one run say of each other, and not alike."""
    sound = [one for one in results if one.release and not one.problems]
    labels = {one.release: read_manifest(join(output, one.release, "label.json"))[0] or {} for one in sound}
    found = {one.release: list(_said_of_others(one.release, labels)) for one in sound}
    return [
        replace(one, problems=(*one.problems, *found[one.release])) if found.get(one.release) else one
        for one in results
    ]


def _said_of_others(name: str, labels: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """Releases that are anonymized together were tested together, and both labels tell the same of it."""
    mine = labels[name]
    tests = _composed(labels[name])
    for other, label in labels.items():
        listed = other in mine["asked"]["siblings"]
        if other == name or (not listed and LabelName.STILL_PERSONAL in (mine["label"], label["label"])):
            continue
        if not listed:
            yield f"it is anonymized, as {other} is, and the label does not say that the two were tested together"
            continue
        theirs = _composed(label)
        prefix = (f"composition:{other}", f"common_values:{other}:")
        if _was_changed(mine) or _was_changed(label):
            continue  # what they say together was not measured since
        about = {key: test for key, test in tests.items() if key == prefix[0] or key.startswith(prefix[1])}
        if any(theirs.get(key.replace(f":{other}", f":{name}", 1)) != test for key, test in about.items()):
            yield f"the label says something else of {other} and this release together than the label of {other} does"


def _was_changed(label: Mapping[str, Any]) -> bool:
    """Whether rows of a release were erased or replaced after it was published."""
    return any("erased" in one for one in label.get("amendments") or [])


def _composed(label: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """What a label measured with other releases, and its limits."""
    return {
        test["name"]: (test["measured"], test["limit"]) for test in label["tests"] if test.get("line") == _COMPOSITION
    }


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _elsewhere(output: str) -> str:
    """What to do where nothing is published."""
    with contextlib.suppress(OSError):
        for folder in waiting(place_of(output)):
            return f"A run whose process died waits to be published: beam-deid publish {shown(folder)}"
    return "Name the folder that was --output of a run, or that of WriteRelease"
