"""What is known of the releases of a run, read from its output alone, wherever that is."""

from collections.abc import Iterator
from typing import Any

from beam_deid.pipelines.report.evidence import Evidence
from beam_deid.pipelines.report.papers import evidences
from beam_deid.transforms.errors import UsageError
from beam_deid.transforms.label.documents import document_sha256
from beam_deid.transforms.label.manifests_again import PublishedManifests, not_as_published, read_manifests
from beam_deid.transforms.label.reports import policy_text
from beam_deid.transforms.label.verify import changed_beside, policy_kept
from beam_deid.transforms.label.verify_files import sha256_or_none
from beam_deid.transforms.label.well_formed import label_malformed, run_malformed
from beam_deid.transforms.storage.files import is_file
from beam_deid.transforms.storage.paths import absolute, join, shown
from beam_deid.transforms.storage.sweeping import sweep


def read_evidence(folder: str) -> list[Evidence]:
    """Read what is known of the releases of a run: its manifests and its policy, and no part.

    What is read must be what was published, as far as the manifests say it of each other: a report of another label would be
    believed as well. Only `verify` looks at the parts, and only a signature shows who wrote all of it.

    Args:
        folder: The output of the run, local or in a store.

    Returns:
        One for each published release, in the order of ``run.json``.

    Raises:
        UsageError: There is no run in the folder.
        VerificationError: A manifest or the policy is not what was published.
    """
    sweep(folder)  # what a dead process began there is finished first
    output = absolute(folder)
    if not is_file(join(output, "run.json")):
        raise UsageError("there is no run.json here", shown(output), "Name the folder that was --output of a run")
    found = read_manifests(output)
    problem = next(_problems(output, found), None)
    if problem is not None:
        raise not_as_published(problem, output)
    return evidences(found.run, found.labels, policy_text(output, found.run))


def _problems(output: str, found: PublishedManifests) -> Iterator[str]:
    """What of the evidence does not fit the rest of it."""
    run = found.run
    yield from run_malformed(run)
    if run.get("sha256") != document_sha256(run):
        yield "run.json was changed after publication"
    for name, label in found.labels.items():
        yield from _of_release(output, name, run["releases"][name], label)
    yield from changed_beside(output, policy_kept(run))


def _of_release(output: str, name: str, told: dict[str, Any], label: dict[str, Any]) -> Iterator[str]:
    yield from label_malformed(label)
    if sha256_or_none(join(output, name, "label.json")) != told.get("label_sha256"):
        yield "label.json was changed after publication"
    if label.get("release") != name or label.get("label") != told.get("label"):
        yield "label.json and run.json do not bear the same label"
