"""Published labels decided again after keys were destroyed, and written anew into the folder of their run."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from beam_deid.transforms.clock import now
from beam_deid.transforms.crypto.keyring_file import destroyed_ids
from beam_deid.transforms.errors import KeyFault, UsageError
from beam_deid.transforms.label.decide_again import decide_again
from beam_deid.transforms.label.documents import signer
from beam_deid.transforms.label.manifests_again import (
    check_sound,
    failing,
    manifest_bytes,
    read_manifests,
    signing_again,
)
from beam_deid.transforms.label.reports import Reports, no_reports, replace_published
from beam_deid.transforms.storage.amending import Amending, amending
from beam_deid.transforms.storage.files import is_file
from beam_deid.transforms.storage.paths import absolute, is_local, shown

Document = dict[str, Any]


@dataclass(frozen=True)
class RewrittenLabel:
    """What became of one release.

    Attributes:
        release: Its name.
        before: Its label until now.
        after: Its label from now on.
        fields: The fields whose key is gone.
        failing: The tests that do not hold.
    """

    release: str
    before: str
    after: str
    fields: tuple[str, ...]
    failing: tuple[str, ...]


@dataclass(frozen=True)
class RewrittenRun:
    """What became of a run.

    Attributes:
        changed: The releases whose evidence changed.
        signature: ``renewed`` or ``dropped`` where manifests that were signed changed, else None.
        reason: Why the signature was dropped; "" if it was not.
    """

    changed: tuple[RewrittenLabel, ...]
    signature: str | None = None
    reason: str = ""


def rewrite_labels(output: str, keyring: str | None = None, reports: Reports = no_reports) -> RewrittenRun:
    """Decide the labels of a run again; what does not change is left alone. No label gets better.

    Manifests that were signed are signed anew if the keyring's key for it can be opened and signed all of them; else what
    changes loses its signature.

    Args:
        output: The folder of the run.
        keyring: Path of the keyring; where the run found it if not given.
        reports: Makes the reports of what changes.

    Raises:
        UsageError: The folder holds no run, or the run used no keyring.
        VerificationError: It is not what was published.
        KeyFault: The keyring cannot be read, or is another.
        OutputError: It cannot be written.
    """
    with amending(output) as amend:  # nobody publishes anything else between reading and writing
        return _rewrite(absolute(output), keyring, amend, reports)


def _rewrite(output: str, keyring: str | None, amend: Amending, reports: Reports) -> RewrittenRun:
    check_sound(output)
    manifests = read_manifests(output)
    path = _keyring(output, manifests.run, keyring)
    identity, destroyed = _destroyed(path, manifests.run)
    decided = {name: decide_again(label, identity, destroyed, now()) for name, label in manifests.labels.items()}
    amended = {name: label for name, label in decided.items() if label is not None}
    if not amended:
        return RewrittenRun(())
    key, reason = signing_again(output, path, manifests.all)
    was_signed = any(map(signer, manifests.all))
    # With a key all of them are signed anew, not only those that change.
    written = {name: amended.get(name, label) for name, label in manifests.labels.items() if key or name in amended}
    replace_published(amend, output, manifest_bytes(manifests.run, written, key), manifests.labels, reports)
    changed = tuple(_rewritten(name, manifests.labels[name], label) for name, label in amended.items())
    return RewrittenRun(changed, ("renewed" if key else "dropped") if was_signed else None, reason)


def _keyring(output: str, run: Document, given: str | None) -> str:
    """The path of the run's keyring."""
    if not run.get("keyring"):
        raise UsageError(
            "no release of this run rests on a keyring, so none of its keys can be shown to be destroyed",
            shown(output),
            "Keys of a keyring can: keys: {keyring: PATH}",
        )
    return given or str(run["keyring"]["path"])


def _destroyed(path: str, run: Document) -> tuple[str, Mapping[int, str]]:
    """The id of the keyring, which must be the run's, and its destroyed keys."""
    identity, destroyed = destroyed_ids(path)
    own = run["keyring"]["path"]
    if path != own and is_file(own) and not _same_file(path, own):
        raise UsageError("the run's own keyring is still where the run found it", own, "Leave --keyring out")
    if identity != run["keyring"]["id"]:
        raise KeyFault("this is another keyring than the run's", path, "Name it by --keyring")
    return identity, destroyed


def _rewritten(name: str, before: Document, after: Document) -> RewrittenLabel:
    fields = tuple(after["amendments"][-1]["fields"])
    return RewrittenLabel(name, before["label"], after["label"], fields, failing(after))


def _same_file(one: str, other: str) -> bool:
    if is_local(one) and is_local(other):
        return os.path.samefile(absolute(one), absolute(other))
    return shown(absolute(one)) == shown(absolute(other))
