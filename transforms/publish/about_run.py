"""What ``run.json`` says of a run before it begins."""

import importlib.metadata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from beam_deid.transforms.run.job import Job
from beam_deid.transforms.storage.paths import shown


@dataclass(frozen=True)
class Place:
    """A keyring or a register that a run uses.

    Attributes:
        id: Its id.
        path: Where it is.
    """

    id: str
    path: str


@dataclass(frozen=True)
class AboutRun:
    """What is known of a run before it begins; with it another process can publish the run.

    Attributes:
        run: The run, in hex.
        dataset: The dataset's name.
        policy_sha256: Hash of the policy, in hex.
        versions: Versions of what decides the bytes of a run, by package.
        keyring: The keyring; None where keys come from none.
        signed: Whether the policy has the manifests signed.
        register: The register; None where none is kept.
    """

    run: str
    dataset: str
    policy_sha256: str
    versions: Mapping[str, str]
    keyring: Place | None
    signed: bool
    register: Place | None

    @classmethod
    def of(cls, job: Job) -> "AboutRun":
        """What is known of a run."""
        places = job.policy.keys
        return cls(
            run=job.run,
            dataset=job.policy.dataset,
            policy_sha256=job.policy_sha256,
            versions=versions(),
            keyring=None if job.keyring is None or places is None else Place(job.keyring, str(places.keyring)),
            signed=job.policy.sign is not None,
            register=None if job.register is None else Place(job.register.register, shown(job.register.path)),
        )

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "AboutRun":
        """Read it from what a run left, which somebody else may have written.

        Raises:
            LookupError, TypeError: It has another shape.
        """
        places = {name: _place(document[name]) for name in ("keyring", "register")}
        return cls(**{**document, **places})


def _place(document: Mapping[str, Any] | None) -> Place | None:
    return None if document is None else Place(**document)


def versions() -> dict[str, str]:
    """Versions of what decides the bytes of a run."""
    names = ("beam-deid", "apache-beam", "pyarrow", "numpy", "cryptography", "Faker")
    return {name: importlib.metadata.version(name) for name in names}
