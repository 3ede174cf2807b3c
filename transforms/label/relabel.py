"""Published labels decided again after keys were destroyed, from their evidence alone."""

import hashlib
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from beam_deid.transforms.clock import now
from beam_deid.transforms.crypto.keyring_file import destroyed_ids, signing_key_after
from beam_deid.transforms.crypto.signing import SigningKey
from beam_deid.transforms.errors import InputError, KeyFault, UsageError, VerificationError
from beam_deid.transforms.label.again import decide_again
from beam_deid.transforms.label.documents import document_sha256, signature_problem, signed, signer, to_bytes
from beam_deid.transforms.label.verify import verify
from beam_deid.transforms.storage.amending import Amend, amending
from beam_deid.transforms.storage.files import is_file, read_all
from beam_deid.transforms.storage.paths import absolute, is_local, join, shown


@dataclass(frozen=True)
class Relabelled:
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
class Relabelling:
    """What became of a run.

    Attributes:
        changed: The releases whose evidence changed.
        signature: ``renewed`` or ``dropped`` where papers that were signed changed, else None.
        reason: Why the signature was dropped; "" if it was not.
    """

    changed: tuple[Relabelled, ...]
    signature: str | None = None
    reason: str = ""


@dataclass(frozen=True)
class Reliance:
    """A published release that rests on a key.

    Attributes:
        output: The folder of the run.
        release: The release.
        label: Its label.
        fields: The fields that the key made.
    """

    output: str
    release: str
    label: str
    fields: tuple[str, ...]


def relabel(output: str, keyring: str | None = None) -> Relabelling:
    """Decide the labels of a run again; what does not change is left alone. No label gets better.

    Papers that were signed are signed anew if the keyring's key for it can be opened and signed all of them; else what
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
        return _relabelled_run(absolute(output), keyring, amend)


def _relabelled_run(output: str, keyring: str | None, amend: Amend) -> Relabelling:
    problems = [problem for one in verify(output) for problem in one.problems]
    if problems:
        raise VerificationError(
            f"this is not what was published: {problems[0]}", shown(output), "See: beam-deid verify"
        )
    run = _read(join(output, "run.json"))
    if not run.get("keyring"):
        raise UsageError(
            "no release of this run rests on a keyring, so none of its keys can be shown to be destroyed",
            shown(output),
            "Keys of a keyring can: keys: {keyring: PATH}",
        )
    identity, destroyed = destroyed_ids(keyring or run["keyring"]["path"])
    own = run["keyring"]["path"]
    if keyring and is_file(own) and not _same_file(keyring, own):
        raise UsageError("the run's own keyring is still where the run found it", own, "Leave --keyring out")
    if identity != run["keyring"]["id"]:
        raise KeyFault(
            "this is another keyring than the run's", keyring or run["keyring"]["path"], "Name it by --keyring"
        )
    published = {name: release for name, release in run["releases"].items() if release["published"]}
    labels = {name: _read(join(output, name, "label.json")) for name in published}
    amended = {name: decide_again(label, identity, destroyed, now()) for name, label in labels.items()}
    changed = tuple(_relabelled(name, labels[name], again) for name, again in amended.items() if again is not None)
    if not changed:
        return Relabelling(())
    key, reason = _signing(output, keyring or own, [run, *labels.values()])
    documents = {}
    for name, release in published.items():
        again = amended[name]
        if again is None and key is None:
            continue
        label = labels[name] if again is None else again
        documents[name] = to_bytes(signed(label, key))
        failing = [test["name"] for test in label["tests"] if not test["passed"]]
        release.update(label=label["label"], failing=failing, label_sha256=_sha256(documents[name]))
    was_signed = any(signer(document) for document in (run, *labels.values()))
    run["sha256"] = document_sha256(run)
    papers = {f"{name}/label.json": data for name, data in documents.items()}
    amend({**papers, "run.json": to_bytes(signed(run, key))})
    return Relabelling(changed, ("renewed" if key else "dropped") if was_signed else None, reason)


def _relabelled(name: str, before: Mapping[str, Any], again: Mapping[str, Any]) -> Relabelled:
    amendment = again["amendments"][-1]
    failing = tuple(test["name"] for test in again["tests"] if not test["passed"])
    return Relabelled(name, before["label"], again["label"], tuple(amendment["fields"]), failing)


def _signing(output: str, keyring: str, documents: Sequence[dict[str, Any]]) -> tuple[SigningKey | None, str]:
    """What signs a run's papers anew, or None and why nothing does.

    Only what this keyring's key had signed is signed anew: the papers fit each other, but whoever can write the folder can
    see to that, and a new signature must not vouch for what somebody else put there.
    """
    signers = {signer(document) for document in documents}
    if signers == {None}:
        return None, ""
    public = next(iter(signers))
    if len(signers) > 1 or public is None:
        return None, "not all of the papers are signed by one key"
    try:
        key = signing_key_after(keyring, public)
    except KeyFault as fault:
        return None, fault.message
    # The files and what was read of them: nobody may have put others in their place in between.
    sound = not any(one.problems for one in verify(output, public))
    if not sound or any(signature_problem(document, public) for document in documents):
        return None, "the papers do not fit their signatures"
    return key, ""


def reliances(outputs: Iterable[str], identities: Iterable[int]) -> list[Reliance]:
    """The published releases that rest on any of these keys.

    Args:
        outputs: Folders of runs.
        identities: Ids of keys.

    Raises:
        UsageError: A folder holds no run.
    """
    wanted = set(identities)
    return [one for output in outputs for one in _relying(absolute(output), wanted)]


def _relying(output: str, wanted: set[int]) -> list[Reliance]:
    found = []
    try:
        for name, release in _read(join(output, "run.json"))["releases"].items():
            if release["published"]:
                label = _read(join(output, name, "label.json"))
                fields = tuple(
                    f for f, facts in label["fields"].items() if (facts.get("key") or {}).get("id") in wanted
                )
                if fields:
                    found.append(Reliance(output, name, label["label"], fields))
    except (AttributeError, KeyError, TypeError):
        raise UsageError(
            "its papers are none of a run", shown(output), "Name the folder that was --output of a run"
        ) from None
    return found


def _read(path: str) -> dict[str, Any]:
    try:
        document: dict[str, Any] = json.loads(read_all(path))
    except (InputError, ValueError):
        raise UsageError("this cannot be read", shown(path), "Name the folder that was --output of a run") from None
    return document


def _same_file(one: str, other: str) -> bool:
    if is_local(one) and is_local(other):
        return os.path.samefile(absolute(one), absolute(other))
    return shown(absolute(one)) == shown(absolute(other))


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
