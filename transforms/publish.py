"""The facts of all parts to the papers of a run: prove, then write ``label.json``, ``rejected.parquet``, ``run.json``."""

import hashlib
import importlib.metadata
from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO

import apache_beam as beam
import pyarrow as pa

from beam_deid.transforms import files
from beam_deid.transforms.clock import now
from beam_deid.transforms.crypto.signing import SigningKey
from beam_deid.transforms.errors import OutputError
from beam_deid.transforms.formats import format_named
from beam_deid.transforms.label.documents import document_sha256, signed, to_bytes
from beam_deid.transforms.label.evidence import SCHEMA_VERSION
from beam_deid.transforms.progress import PROGRESS
from beam_deid.transforms.records.deciding import Decision, ReleaseDecision
from beam_deid.transforms.records.job import Job
from beam_deid.transforms.records.proving import prove
from beam_deid.transforms.records.releasing import PartFacts, Rejects, RunFacts
from beam_deid.transforms.workers import guarded

WHERE = "proving"
OUTCOME = "outcome.json"
"""Where a worker leaves what the driver needs to know; removed before publication."""

REJECTED = pa.schema(
    [("file", pa.string()), ("row", pa.int64()), ("field", pa.string()), ("reason", pa.string()),
     ("release", pa.string())]
)  # fmt: skip


class Prove(beam.DoFn):
    """Compare what was written with what was decided, and write the papers into staging."""

    def __init__(self, job: Job, staging: str) -> None:
        self._job, self._staging = job, staging

    def process(self, facts: RunFacts, decision: Decision, assembled: Iterable[RunFacts]) -> Iterator[str]:
        """The end of a run; yields the path of the outcome."""
        PROGRESS.start(WHERE)
        whole = RunFacts.merge([facts, *assembled])
        yield guarded(WHERE, conclude, self._job, decision, whole, self._staging)


def conclude(job: Job, decision: Decision, facts: RunFacts, staging: str) -> str:
    """Prove every release and write the papers.

    Raises:
        InternalFault: A proof fails.
        OutputError: A paper cannot be written.
    """
    outcome: dict[str, Any] = {"read": decision.read, "refused": list(decision.refused), "releases": {}}
    if not decision.refused:
        for name, decided in decision.releases.items():
            part = facts.releases.get(name, PartFacts())
            prove(decided, part)
            outcome["releases"][name] = release_outcome(job, decided, part)
    try:
        if not decision.refused:
            write_rejected(f"{staging}/rejected.parquet", facts.rejects)
        files.write_all(f"{staging}/{OUTCOME}", to_bytes(outcome))
    except OSError as error:
        raise OutputError(f"the output cannot be written ({error.strerror})", WHERE, "Free space there") from None
    return f"{staging}/{OUTCOME}"


def release_outcome(job: Job, decided: ReleaseDecision, part: PartFacts) -> dict[str, Any]:
    """The content of a release's ``label.json``, with ``published`` and ``expect`` beside it."""
    spec = job.policy.releases[decided.release]
    label = {
        "schema_version": SCHEMA_VERSION, "run": job.run, "release": decided.release,
        "purpose": spec.purpose, "sharing": str(spec.sharing),
        **{key: value for key, value in decided.label.to_json().items() if key in ("label", "sensitive", "grade")},
        "decided_at": now(), "policy_sha256": job.policy_sha256,
        **{key: value for key, value in decided.label.to_json().items() if key not in ("label", "sensitive", "grade")},
        "records": decided.records, "files": part.files,
    }  # fmt: skip
    unmet = spec.expect is not None and spec.expect != decided.label.label
    return {"label": label, "published": not unmet, "expect": str(spec.expect) if spec.expect else None}


def write_papers(
    job: Job, outcome: dict[str, Any], staging: str, facts: dict[str, Any], key: SigningKey | None = None
) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """Write each published release's ``label.json``, and ``run.json``; the driver's last act before publication.

    Args:
        job: The run.
        outcome: What `conclude` left.
        staging: The staging folder.
        facts: Engine, times and input, for ``run.json``.
        key: What signs them, if the policy asks for it; it never leaves the driver.

    Returns:
        The content of ``run.json``, and of each release's label, also of those that are not published.
    """
    releases, labels = {}, {}
    for name, release in outcome["releases"].items():
        label, published = release["label"], release["published"]
        if not published:
            records = label["records"]
            records["withheld"], records["released"] = records["released"], 0
        labels[name] = label = signed(label, key if published else None)
        releases[name] = {
            "label": label["label"], "expect": release["expect"], "published": published,
            "records": label["records"],
            "failing": [test["name"] for test in label["tests"] if not test["passed"]],
        }  # fmt: skip
        if published:
            data = to_bytes(label)
            files.write_all(f"{staging}/{name}/label.json", data)
            releases[name]["label_sha256"] = hashlib.sha256(data).hexdigest()
    document = {
        "schema_version": SCHEMA_VERSION, "run": job.run, "dataset": job.policy.dataset,
        "policy_sha256": job.policy_sha256, "versions": versions(), **facts,
        "records": {"read": outcome["read"]}, "releases": releases, "keyring": _keyring(job),
        "rejected_sha256": hashlib.sha256(files.read_all(f"{staging}/rejected.parquet")).hexdigest(),
    }  # fmt: skip
    document["sha256"] = document_sha256(document)
    document = signed(document, key)
    files.write_all(f"{staging}/run.json", to_bytes(document))
    return document, labels


def _keyring(job: Job) -> dict[str, str] | None:
    """The policy's keyring, so that a label can be decided again once keys in it are destroyed."""
    places = job.policy.keys
    return None if job.keyring is None or places is None else {"id": job.keyring, "path": str(places.keyring)}


def write_rejected(path: str, rejects: Rejects) -> None:
    """Write ``rejected.parquet``: where each rejected value was and why, never the value."""
    with files.open_write(path) as stream:
        write_rejects(stream, rejects)


def write_rejects(stream: BinaryIO, rejects: Rejects) -> None:
    """The same into a file that is open."""
    arrays = [pa.array([reject[i] for reject in rejects], kind) for i, kind in enumerate(REJECTED.types)]
    writer = format_named("parquet").writer(stream, REJECTED)
    writer.write(pa.RecordBatch.from_arrays(arrays, schema=REJECTED))
    writer.close()


def versions() -> dict[str, str]:
    """Versions of what decides the bytes of a run."""
    names = ("beam-deid", "apache-beam", "pyarrow", "numpy", "cryptography", "Faker")
    return {name: importlib.metadata.version(name) for name in names}
