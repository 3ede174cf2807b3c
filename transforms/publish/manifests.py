"""What a run says of itself: each release's ``label.json``, and ``run.json``."""

import contextlib
import hashlib
import importlib.metadata
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

from beam_deid.transforms.clock import now
from beam_deid.transforms.crypto.signing import SigningKey
from beam_deid.transforms.decide.decision import Decision, ReleaseDecision, Remembered
from beam_deid.transforms.errors import OutputError
from beam_deid.transforms.label.documents import document_sha256, signed, to_bytes
from beam_deid.transforms.label.evidence import SCHEMA_VERSION
from beam_deid.transforms.release.facts import PartFacts, RunFacts
from beam_deid.transforms.release.proof import prove
from beam_deid.transforms.run.job import Job
from beam_deid.transforms.storage.files import open_write, reason, write_all
from beam_deid.transforms.storage.hashing import HashingStream
from beam_deid.transforms.storage.journal import Moved
from beam_deid.transforms.storage.paths import is_name, join, shown
from beam_deid.transforms.storage.sweeping import OUTCOME
from beam_deid.transforms.treat.part import new_attempt
from beam_deid.transforms.treat.rejected import Rejects, write_rejects

_REJECTED = "rejected.parquet"


class InputFacts(NamedTuple):
    """An input file.

    Attributes:
        name: Its name, without its folder.
        size: Bytes.
        sha256: Hash of its bytes, in hex.
    """

    name: str
    size: int
    sha256: str


@dataclass(frozen=True)
class Papers:
    """What is published beside the parts.

    Attributes:
        run: The content of ``run.json``.
        labels: The content of each release's label, also of those that are not published.
        files: The parts and rejects that are published.
        papers: The bytes of each paper, by its path below the output.
    """

    run: dict[str, Any]
    labels: dict[str, dict[str, Any]]
    files: tuple[Moved, ...]
    papers: dict[str, bytes]

    @property
    def publishes(self) -> bool:
        """Whether any release is published."""
        return any(release["published"] for release in self.run["releases"].values())


def conclude(job: Job, decision: Decision, facts: RunFacts, staging: str, inputs: Sequence[InputFacts] = ()) -> str:
    """Prove every release, and leave the driver what it needs to know.

    Args:
        job: The run.
        decision: What was decided.
        facts: What was written.
        staging: The staging folder.
        inputs: The input files, where a register wants to know them.

    Returns:
        The path of the outcome.

    Raises:
        InternalFault: A proof fails.
        OutputError: It cannot be written.
    """
    outcome: dict[str, Any] = {"read": decision.read, "refused": list(decision.refused), "releases": {}}
    outcome["inputs"] = [one._asdict() for one in inputs]
    outcome["persons"] = _remembered(decision.persons)
    if not decision.refused:
        for name, decided in decision.releases.items():
            part = facts.releases.get(name, PartFacts())
            prove(decided, part)
            outcome["releases"][name] = _release_outcome(job, decided, part)
    path = join(staging, OUTCOME)
    try:
        if not decision.refused:
            outcome["rejected"] = _write_rejected(staging, facts.rejects)
        write_all(path, to_bytes(outcome))
    except OSError as error:
        raise OutputError(
            f"the output cannot be written ({reason(error)})", shown(staging), "Free space there"
        ) from None
    return path


def _write_rejected(staging: str, rejects: Rejects) -> list[Any]:
    """Write ``rejected.parquet``, and tell what `Moved` holds of it."""
    source = f"{_REJECTED}.{new_attempt()}"
    with contextlib.closing(HashingStream(open_write(join(staging, source)))) as stream:
        write_rejects(stream, rejects)  # type: ignore[arg-type]
    return [source, _REJECTED, stream.tell(), stream.sha256.hexdigest()]


def label_document(job: Job, decided: ReleaseDecision, part: PartFacts) -> dict[str, Any]:
    """The content of a release's ``label.json``."""
    spec = job.policy.releases[decided.release]
    told = decided.label.to_json()
    first = ("label", "sensitive", "grade")
    return {
        "schema_version": SCHEMA_VERSION,
        "run": job.run,
        "release": decided.release,
        "purpose": spec.purpose,
        "sharing": str(spec.sharing),
        **{key: told[key] for key in told if key in first},
        "decided_at": now(),
        "policy_sha256": job.policy_sha256,
        **{key: told[key] for key in told if key not in first},
        "records": decided.records,
        "files": [{"path": file.path, "rows": file.rows, "sha256": file.sha256} for file in part.files],
    }


def _release_outcome(job: Job, decided: ReleaseDecision, part: PartFacts) -> dict[str, Any]:
    """What the driver needs to know of a release: its label, whether it is published, and its parts as `Moved` has them."""
    expect = job.policy.releases[decided.release].expect
    return {
        "label": label_document(job, decided, part),
        "published": expect is None or expect == decided.label.label,
        "expect": str(expect) if expect else None,
        "remembered": _remembered(decided.remembered),
        "parts": [[file.source, f"{decided.release}/{file.path}", file.size, file.sha256] for file in part.files],
    }


def _remembered(told: Remembered | None) -> dict[str, Any] | None:
    return None if told is None else asdict(told)


def about(job: Job) -> dict[str, Any]:
    """What ``run.json`` says of a run before it begins; another process can publish the run with it."""
    places = job.policy.keys
    keyring = None if job.keyring is None or places is None else {"id": job.keyring, "path": str(places.keyring)}
    return {
        "run": job.run,
        "dataset": job.policy.dataset,
        "policy_sha256": job.policy_sha256,
        "versions": versions(),
        "keyring": keyring,
        "signed": job.policy.sign is not None,
        "register": None if job.register is None else {"id": job.register.register, "path": shown(job.register.path)},
    }


def make_papers(
    about: Mapping[str, Any], outcome: Mapping[str, Any], facts: Mapping[str, Any], key: SigningKey | None
) -> Papers:
    """Put the papers of a run together; the driver's last act before publication.

    Args:
        about: See `about`.
        outcome: What `conclude` left.
        facts: Engine, times and input, for ``run.json``.
        key: What signs them, if the policy asks for it; it never leaves the driver.
    """
    releases = {}
    labels = {}
    papers = {}
    files = []
    for name, release in outcome["releases"].items():
        if not is_name(name):  # somebody else may have written it
            raise ValueError
        label = release["label"]
        published = release["published"]
        if not published:
            records = label["records"]
            records["withheld"] = records["released"]
            records["released"] = 0
        labels[name] = label = signed(label, key if published else None)
        releases[name] = {
            "label": label["label"],
            "expect": release["expect"],
            "published": published,
            "records": label["records"],
            "failing": [test["name"] for test in label["tests"] if not test["passed"]],
        }
        if published:
            files += [Moved(*part) for part in release["parts"]]
            papers[f"{name}/label.json"] = data = to_bytes(label)
            releases[name]["label_sha256"] = hashlib.sha256(data).hexdigest()
    rejected = Moved(*outcome["rejected"])
    document = {
        "schema_version": SCHEMA_VERSION,
        "run": about["run"],
        "dataset": about["dataset"],
        "policy_sha256": about["policy_sha256"],
        "versions": about["versions"],
        **facts,
        "register": about["register"],
        "records": {"read": outcome["read"]},
        "releases": releases,
        "keyring": about["keyring"],
        "rejected_sha256": rejected.sha256,
    }
    document["sha256"] = document_sha256(document)
    document = signed(document, key)
    papers["run.json"] = to_bytes(document)
    return Papers(document, labels, (*files, rejected), papers)


def versions() -> dict[str, str]:
    """Versions of what decides the bytes of a run."""
    names = ("beam-deid", "apache-beam", "pyarrow", "numpy", "cryptography", "Faker")
    return {name: importlib.metadata.version(name) for name in names}
