"""Releases removed once their retention is over: parts and rejects go, and what was done stays as evidence.

``run.json`` keeps the label of each, with when and why it was removed; so does the register. Only files that the run's own
manifests name are removed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from beam_deid.transforms.clock import now
from beam_deid.transforms.label.documents import signer
from beam_deid.transforms.label.manifests_again import check_sound, manifest_bytes, read_manifests, signing_again
from beam_deid.transforms.label.reports import Reports, no_reports, replace_published
from beam_deid.transforms.label.verify import REJECTED
from beam_deid.transforms.publish.register_current import current_in
from beam_deid.transforms.register.document import Event, State
from beam_deid.transforms.register.folder import hold, read
from beam_deid.transforms.storage.amending import amending
from beam_deid.transforms.storage.hidden import place_of
from beam_deid.transforms.storage.paths import absolute, shown
from beam_deid.transforms.who import Operator


@dataclass(frozen=True)
class DeletedRun:
    """What was removed of an output.

    Attributes:
        output: The output.
        releases: The releases.
        files: How many files went.
        signature: ``renewed`` or ``dropped`` where ``run.json`` was signed, else None.
        note: What the register was not told, and why; empty if it was.
    """

    output: str
    releases: tuple[str, ...]
    files: int
    signature: str | None
    note: str


def delete(
    output: str, releases: Sequence[str], reason: str, operator: Operator, reports: Reports = no_reports
) -> DeletedRun:
    """Remove releases of an output, all of them or none, and tell the register.

    Args:
        output: The output.
        releases: Their names.
        reason: Why.
        operator: Who removes them.
        reports: Makes the reports of what is left.

    Raises:
        VerificationError: What lies there is not what was published.
        OutputError: It cannot be written.
    """
    with amending(output) as amend:
        check_sound(output)
        manifests = read_manifests(absolute(output))
        at = now()
        gone = [name for name in releases if name in manifests.labels]
        run = _without(manifests.run, {name: manifests.labels[name] for name in gone}, at, reason, operator)
        removed = [path for name in gone for path in _paths(name, manifests.labels[name])]
        if not any(release["published"] for release in run["releases"].values()):
            removed += [name for name, key in REJECTED.items() if run.get(key)]
            run |= {key: "" for key in REJECTED.values() if key in run}
        keyring = run.get("keyring")
        key, _ = signing_again(output, None if not keyring else str(keyring["path"]), manifests.all)
        left = {name: label for name, label in manifests.labels.items() if name not in gone} if key else {}
        written = manifest_bytes(run, left, key)
        replace_published(amend, absolute(output), written, manifests.labels, reports, removed=removed)
        was_signed = any(map(signer, manifests.all))
    signature = ("renewed" if key else "dropped") if was_signed else None
    note = _tell(output, run, gone, at, reason)
    return DeletedRun(output, tuple(gone), len(removed), signature, note)


def _without(
    run: Mapping[str, Any], labels: Mapping[str, Mapping[str, Any]], at: str, reason: str, operator: Operator
) -> dict[str, Any]:
    """``run.json`` without some releases, whose labels it keeps."""
    releases = dict(run["releases"])
    for name, label in labels.items():
        deleted = {"at": at, "reason": reason, **operator._asdict(), "label": dict(label)}
        releases[name] = {**releases[name], "published": False, "deleted": deleted}
    return {**run, "releases": releases}


def _paths(name: str, label: Mapping[str, Any]) -> list[str]:
    return [*(f"{name}/{file['path']}" for file in label["files"]), f"{name}/label.json"]


def _tell(output: str, run: Mapping[str, Any], releases: Sequence[str], at: str, reason: str) -> str:
    """Tell the register that releases were removed; why it cannot be told, or empty."""
    register = run.get("register")
    if not register:
        return ""
    path = str(register["path"])
    document = read(path)
    if document is None or document.register != register["id"]:
        return f"the register that knows this run is no longer in {shown(path)}, so it was not told"
    with hold(path) as held:
        document = held.document
        assert document is not None  # noqa: S101 - it was read just now
        changed = {
            entry.name: entry.after(Event(at, State.DELETED, reason=reason))
            for entry in current_in(document, place_of(output))
            if entry.release in releases and entry.run == run["run"]
        }
        held.save(document.with_entries(changed))
    return ""
