"""Published labels decided again after keys were destroyed, from their evidence alone."""

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from beam_deid.transforms.clock import now
from beam_deid.transforms.crypto.keyring_file import destroyed_ids
from beam_deid.transforms.errors import KeyFault, OutputError, UsageError, VerificationError
from beam_deid.transforms.label.again import decide_again
from beam_deid.transforms.label.documents import document_sha256, to_bytes
from beam_deid.transforms.verify import verify


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


def relabel(output: str, keyring: str | None = None) -> list[Relabelled]:
    """Decide the labels of a run again; what does not change is left alone.

    Args:
        output: The folder of the run.
        keyring: Path of the keyring; where the run found it if not given.

    Returns:
        The releases whose evidence changed.

    Raises:
        UsageError: The folder holds no run, or the run used no keyring.
        VerificationError: It is not what was published.
        KeyFault: The keyring cannot be read, or is another.
        OutputError: It cannot be written.
    """
    _finish(output)
    problems = [problem for one in verify(output) for problem in one.problems]
    if problems:
        raise VerificationError(f"this is not what was published: {problems[0]}", output, "See: beam-deid verify")
    run = _read(os.path.join(output, "run.json"))
    if not run.get("keyring"):
        raise UsageError(
            "no release of this run rests on a keyring, so none of its keys can be shown to be destroyed", output,
            "Keys of a keyring can: keys: {keyring: PATH}",
        )  # fmt: skip
    identity, destroyed = destroyed_ids(keyring or run["keyring"]["path"])
    own = run["keyring"]["path"]
    if keyring and os.path.exists(own) and not os.path.samefile(keyring, own):
        raise UsageError("the run's own keyring is still where the run found it", own, "Leave --keyring out")
    if identity != run["keyring"]["id"]:
        raise KeyFault("this is another keyring than the run's", keyring or run["keyring"]["path"], "Name it by --keyring")
    changed, documents = [], {}
    for name, release in run["releases"].items():
        if not release["published"]:
            continue
        label = _read(os.path.join(output, name, "label.json"))
        again = decide_again(label, identity, destroyed, now())
        if again is None:
            continue
        failing = [test["name"] for test in again["tests"] if not test["passed"]]
        documents[name] = to_bytes(again)
        release.update(label=again["label"], failing=failing, label_sha256=_sha256(documents[name]))
        fields = tuple(again["amendments"][-1]["fields"])
        changed.append(Relabelled(name, label["label"], again["label"], fields, tuple(failing)))
    if changed:
        run["sha256"] = document_sha256(run)
        _write(output, {**{f"{name}/label.json": data for name, data in documents.items()}, "run.json": to_bytes(run)})
    return changed


def reliances(outputs: Iterable[str], identities: Iterable[int]) -> list[Reliance]:
    """The published releases that rest on any of these keys.

    Args:
        outputs: Folders of runs.
        identities: Ids of keys.

    Raises:
        UsageError: A folder holds no run.
    """
    wanted, found = set(identities), []
    for output in outputs:
        for name, release in _read(os.path.join(output, "run.json"))["releases"].items():
            if release["published"]:
                label = _read(os.path.join(output, name, "label.json"))
                fields = tuple(f for f, facts in label["fields"].items() if (facts.get("key") or {}).get("id") in wanted)
                if fields:
                    found.append(Reliance(output, name, label["label"], fields))
    return found


def _finish(output: str) -> None:
    """Finish what a call that was killed had begun: all new papers stood there before the first took its place."""
    waiting = Path(output, ".run.json.new")
    left = [waiting, *Path(output).glob("*/.label.json.new")]
    try:
        json.loads(waiting.read_bytes())
    except (OSError, ValueError):
        for path in left:
            path.unlink(missing_ok=True)
        return
    for path in reversed(left):
        os.replace(path, path.with_name(path.name[1:].removesuffix(".new")))


def _read(path: str) -> dict[str, Any]:
    try:
        document: dict[str, Any] = json.loads(Path(path).read_bytes())
    except (OSError, ValueError):
        raise UsageError("this cannot be read", path, "Name the folder that was --output of a run") from None
    return document


def _write(output: str, documents: Mapping[str, bytes]) -> None:
    """Replace papers: all new ones stand beside the old before the first takes its place."""
    paths = {os.path.join(output, name): data for name, data in documents.items()}
    try:
        for path, data in paths.items():
            Path(f"{os.path.dirname(path)}/.{os.path.basename(path)}.new").write_bytes(data)
        for path in paths:
            os.replace(f"{os.path.dirname(path)}/.{os.path.basename(path)}.new", path)
    except OSError as error:
        raise OutputError(f"the label cannot be written ({error.strerror})", output) from None


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
