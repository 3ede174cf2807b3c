"""Manifests of a published run read, and written anew once something in them has changed: their hashes and their signatures."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from beam_deid.transforms.crypto.keyring_file import signing_key_after
from beam_deid.transforms.crypto.signing import SigningKey
from beam_deid.transforms.errors import KeyFault, VerificationError
from beam_deid.transforms.label.documents import document_sha256, signature_problem, signed, signer, to_bytes
from beam_deid.transforms.label.reading import needed_manifest
from beam_deid.transforms.label.verify import verify
from beam_deid.transforms.storage.paths import join, shown

Document = dict[str, Any]


@dataclass(frozen=True)
class PublishedManifests:
    """The manifests of a run as they were published.

    Attributes:
        run: The content of ``run.json``.
        labels: The content of the label of each published release, by its name.
    """

    run: Document
    labels: dict[str, Document]

    @property
    def all(self) -> list[Document]:
        """All of them."""
        return [self.run, *self.labels.values()]


def check_sound(output: str) -> None:
    """See that what lies in an output is what was published.

    Raises:
        UsageError: The folder holds no run.
        VerificationError: It is not.
    """
    problems = [problem for one in verify(output) for problem in one.problems]
    if problems:
        raise not_as_published(problems[0], output)


def not_as_published(problem: str, output: str) -> VerificationError:
    """The error for an output that is not what was published.

    Args:
        problem: What is wrong, a sentence.
        output: The output.
    """
    return VerificationError(f"this is not what was published: {problem}", shown(output), "See: beam-deid verify")


def read_manifests(output: str) -> PublishedManifests:
    """Read the manifests of a run.

    Raises:
        UsageError: One is missing or cannot be read.
    """
    run = needed_manifest(join(output, "run.json"))
    published = [name for name, release in run["releases"].items() if release["published"]]
    return PublishedManifests(run, {name: needed_manifest(join(output, name, "label.json")) for name in published})


def manifest_bytes(run: Document, labels: Mapping[str, Document], key: SigningKey | None) -> dict[str, bytes]:
    """The bytes of the manifests that change, by their paths below the output; ``run`` is changed to list them."""
    written = {f"{name}/label.json": to_bytes(signed(label, key)) for name, label in labels.items()}
    for name, label in labels.items():
        sha256 = hashlib.sha256(written[f"{name}/label.json"]).hexdigest()
        told = {"label": label["label"], "records": label["records"], "failing": list(failing(label))}
        run["releases"][name].update(**told, label_sha256=sha256)
    run["sha256"] = document_sha256(run)
    return {**written, "run.json": to_bytes(signed(run, key))}


def failing(label: Mapping[str, Any]) -> tuple[str, ...]:
    """The tests of a label that do not hold."""
    return tuple(test["name"] for test in label["tests"] if not test["passed"])


def signing_again(output: str, keyring: str | None, documents: Sequence[Document]) -> tuple[SigningKey | None, str]:
    """What signs a run's manifests anew, or None and why nothing does.

    Only what this keyring's key had signed is signed anew: the manifests fit each other, but whoever can write the folder can
    see to that, and a new signature must not vouch for what somebody else put there.

    Args:
        output: The output.
        keyring: Path of the keyring; None where there is none.
        documents: The manifests.
    """
    signers = {signer(document) for document in documents}
    if signers == {None}:
        return None, ""
    public = next(iter(signers))
    if len(signers) > 1 or public is None:
        return None, "not all of the manifests are signed by one key"
    if keyring is None:
        return None, "the policy names no keyring"
    try:
        key = signing_key_after(keyring, public)
    except KeyFault as fault:
        return None, fault.message
    # The files and what was read of them: nobody may have put others in their place in between.
    sound = not any(one.problems for one in verify(output, public))
    if not sound or any(signature_problem(document, public) for document in documents):
        return None, "the manifests do not fit their signatures"
    return key, ""
