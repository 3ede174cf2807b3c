"""Published labels decided again after keys were destroyed, and written anew into the folder of their run."""

import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from beam_deid.transforms.clock import now
from beam_deid.transforms.crypto.keyring_file import destroyed_ids, signing_key_after
from beam_deid.transforms.crypto.signing import SigningKey
from beam_deid.transforms.errors import KeyFault, UsageError, VerificationError
from beam_deid.transforms.label.decide_again import decide_again
from beam_deid.transforms.label.documents import document_sha256, signature_problem, signed, signer, to_bytes
from beam_deid.transforms.label.reading import needed_manifest
from beam_deid.transforms.label.verify import verify
from beam_deid.transforms.storage.amending import Amend, amending
from beam_deid.transforms.storage.files import is_file
from beam_deid.transforms.storage.paths import absolute, is_local, join, shown

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


@dataclass(frozen=True)
class _Manifests:
    """The manifests of a run as they were published.

    Attributes:
        run: The content of ``run.json``.
        labels: The content of the label of each published release, by its name.
    """

    run: Document
    labels: dict[str, Document]

    @property
    def all(self) -> list[Document]:
        return [self.run, *self.labels.values()]


def rewrite_labels(output: str, keyring: str | None = None) -> RewrittenRun:
    """Decide the labels of a run again; what does not change is left alone. No label gets better.

    Manifests that were signed are signed anew if the keyring's key for it can be opened and signed all of them; else what
    changes loses its signature.

    Args:
        output: The folder of the run.
        keyring: Path of the keyring; where the run found it if not given.

    Raises:
        UsageError: The folder holds no run, or the run used no keyring.
        VerificationError: It is not what was published.
        KeyFault: The keyring cannot be read, or is another.
        OutputError: It cannot be written.
    """
    with amending(output) as amend:  # nobody publishes anything else between reading and writing
        return _rewrite(absolute(output), keyring, amend)


def _rewrite(output: str, keyring: str | None, amend: Amend) -> RewrittenRun:
    _check_sound(output)
    manifests = _read(output)
    path = _keyring(output, manifests.run, keyring)
    identity, destroyed = _destroyed(path, manifests.run)
    decided = {name: decide_again(label, identity, destroyed, now()) for name, label in manifests.labels.items()}
    amended = {name: label for name, label in decided.items() if label is not None}
    if not amended:
        return RewrittenRun(())
    key, reason = _signing(output, path, manifests.all)
    was_signed = any(map(signer, manifests.all))
    # With a key all of them are signed anew, not only those that change.
    written = {name: amended.get(name, label) for name, label in manifests.labels.items() if key or name in amended}
    amend(_bytes(manifests.run, written, key))
    changed = tuple(_rewritten(name, manifests.labels[name], label) for name, label in amended.items())
    return RewrittenRun(changed, ("renewed" if key else "dropped") if was_signed else None, reason)


def _check_sound(output: str) -> None:
    problems = [problem for one in verify(output) for problem in one.problems]
    if problems:
        raise VerificationError(
            f"this is not what was published: {problems[0]}", shown(output), "See: beam-deid verify"
        )


def _read(output: str) -> _Manifests:
    run = needed_manifest(join(output, "run.json"))
    published = [name for name, release in run["releases"].items() if release["published"]]
    return _Manifests(run, {name: needed_manifest(join(output, name, "label.json")) for name in published})


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


def _bytes(run: Document, labels: Mapping[str, Document], key: SigningKey | None) -> dict[str, bytes]:
    """The bytes of the manifests that change, by their paths below the output; ``run.json`` is changed to list them."""
    written = {f"{name}/label.json": to_bytes(signed(label, key)) for name, label in labels.items()}
    for name, label in labels.items():
        sha256 = hashlib.sha256(written[f"{name}/label.json"]).hexdigest()
        run["releases"][name].update(label=label["label"], failing=_failing(label), label_sha256=sha256)
    run["sha256"] = document_sha256(run)
    return {**written, "run.json": to_bytes(signed(run, key))}


def _rewritten(name: str, before: Document, after: Document) -> RewrittenLabel:
    fields = tuple(after["amendments"][-1]["fields"])
    return RewrittenLabel(name, before["label"], after["label"], fields, tuple(_failing(after)))


def _failing(label: Document) -> list[str]:
    return [test["name"] for test in label["tests"] if not test["passed"]]


def _signing(output: str, keyring: str, documents: Sequence[Document]) -> tuple[SigningKey | None, str]:
    """What signs a run's manifests anew, or None and why nothing does.

    Only what this keyring's key had signed is signed anew: the manifests fit each other, but whoever can write the folder can
    see to that, and a new signature must not vouch for what somebody else put there.
    """
    signers = {signer(document) for document in documents}
    if signers == {None}:
        return None, ""
    public = next(iter(signers))
    if len(signers) > 1 or public is None:
        return None, "not all of the manifests are signed by one key"
    try:
        key = signing_key_after(keyring, public)
    except KeyFault as fault:
        return None, fault.message
    # The files and what was read of them: nobody may have put others in their place in between.
    sound = not any(one.problems for one in verify(output, public))
    if not sound or any(signature_problem(document, public) for document in documents):
        return None, "the manifests do not fit their signatures"
    return key, ""


def _same_file(one: str, other: str) -> bool:
    if is_local(one) and is_local(other):
        return os.path.samefile(absolute(one), absolute(other))
    return shown(absolute(one)) == shown(absolute(other))
