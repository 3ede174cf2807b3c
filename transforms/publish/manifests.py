"""The manifests of a run: each release's ``label.json``, and ``run.json``, which lists them; and what is published beside them."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from beam_deid.transforms.crypto.signing import SigningKey
from beam_deid.transforms.label.documents import document_sha256, plain, signed, to_bytes
from beam_deid.transforms.label.manifest import DATES, SCHEMA_VERSION
from beam_deid.transforms.label.record_counts import RecordCounts
from beam_deid.transforms.label.reports import Reports, made_of, no_reports
from beam_deid.transforms.label.verify import POLICY_HASH
from beam_deid.transforms.policy.accountability import record_kept_until
from beam_deid.transforms.publish.about_run import AboutRun
from beam_deid.transforms.publish.run_outcome import ReleaseOutcome, RunOutcome
from beam_deid.transforms.storage.journal import Moved
from beam_deid.transforms.storage.paths import POLICY


@dataclass(frozen=True)
class Beside:
    """What is published beside the label and the parts of a release.

    Attributes:
        policy: The text of the policy as it was read; None where nobody kept it.
        previous: What is told of the release before each one, by its name: see `publish.previous`.
        reports: Makes the reports.
    """

    policy: str | None = None
    previous: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    reports: Reports = no_reports


@dataclass(frozen=True)
class Manifests:
    """The manifests of a run, and the files that they name.

    Attributes:
        run: The content of ``run.json``.
        labels: The content of each release's label, also of those that are not published.
        files: The parts and rejects that are published.
        written: The bytes of each manifest that is published, and of the policy and the reports, by their paths below the output.
    """

    run: dict[str, Any]
    labels: dict[str, dict[str, Any]]
    files: tuple[Moved, ...]
    written: dict[str, bytes]

    @property
    def publishes(self) -> bool:
        """Whether any release is published."""
        return any(release["published"] for release in self.run["releases"].values())


def make_manifests(
    about: AboutRun,
    outcome: RunOutcome,
    facts: Mapping[str, Any],
    key: SigningKey | None,
    beside: Beside = Beside(),
) -> Manifests:
    """Put the manifests of a run together; the driver's last act before publication.

    Args:
        about: What was known of the run before it began.
        outcome: What it came to.
        facts: Engine, times and input, for ``run.json``.
        key: What signs them, if the policy asks for it; it never leaves the driver.
        beside: What is published beside them.

    Raises:
        ValueError: The run was refused, so that there is nothing to publish.
    """
    if not outcome.rejected:
        raise ValueError("the run left no file of rejects")
    published = {name: one for name, one in outcome.releases.items() if one.published}
    run, labels = describe(about, outcome, facts, key)
    written = {f"{name}/label.json": to_bytes(labels[name]) for name in published}
    for name in published:
        run["releases"][name]["label_sha256"] = hashlib.sha256(written[f"{name}/label.json"]).hexdigest()
        run["releases"][name] |= _previous(name, beside)
    if beside.policy is not None:
        written[POLICY] = beside.policy.encode()
        run[POLICY_HASH] = hashlib.sha256(written[POLICY]).hexdigest()
    run["sha256"] = document_sha256(run)
    run = signed(run, key)
    written["run.json"] = to_bytes(run)
    parts = [part for one in published.values() for part in one.parts]
    reports = made_of(beside.reports, written, beside.policy) if published else {}
    return Manifests(run, labels, (*parts, *outcome.rejected), {**written, **reports})


def _previous(name: str, beside: Beside) -> dict[str, Any]:
    return {"previous": plain(beside.previous[name])} if name in beside.previous else {}


def describe(
    about: AboutRun, outcome: RunOutcome, facts: Mapping[str, Any], key: SigningKey | None = None
) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """What ``run.json`` says of a run, without hashes, and each release's ``label.json``.

    Args:
        about: See `make_manifests`; so are all others.
        outcome: What it came to.
        facts: Engine, times and input.
        key: What signs the labels.
    """
    labels = {name: _label(one, key) for name, one in outcome.releases.items()}
    releases = {name: _entry(one, labels[name]) for name, one in outcome.releases.items()}
    return _run(about, outcome, facts, releases), labels


def _label(outcome: ReleaseOutcome, key: SigningKey | None) -> dict[str, Any]:
    """The label of a release: signed, or with all its records withheld."""
    if outcome.published:
        return signed(outcome.label, key)
    withheld = RecordCounts.from_document(outcome.label["records"]).all_withheld()
    return signed({**outcome.label, "records": withheld.to_document()}, None)


def _entry(outcome: ReleaseOutcome, label: Mapping[str, Any]) -> dict[str, Any]:
    """What ``run.json`` says of a release."""
    return {
        "label": label["label"],
        "sensitive": label["sensitive"],
        "categories": _categories(label),
        "expect": outcome.expect,
        "published": outcome.published,
        **{name: label[name] for name in DATES},
        **outcome.declared,
        "records": label["records"],
        **({"rejected_by": dict(outcome.rejected_by)} if outcome.rejected_by else {}),
        "failing": [test["name"] for test in label["tests"] if not test["passed"]],
        **({} if outcome.consent is None else {"consent": outcome.consent}),
    }


def _categories(label: Mapping[str, Any]) -> dict[str, list[str]]:
    """The released fields by their category of personal information, in the order of their columns."""
    found: dict[str, list[str]] = {}
    for name, facts in label["fields"].items():
        if "category" in facts:
            found.setdefault(facts["category"], []).append(name)
    return found


def _counted(outcome: RunOutcome) -> Any:
    """How many persons the run was about; of several tables those of each, for a person may be in all of them."""
    counted = [plain(one.counted) for one in outcome.persons if one.counted is not None]
    return counted if len(outcome.persons) > 1 else next(iter(counted), None)


def _corrections(outcome: RunOutcome, facts: Mapping[str, Any]) -> dict[str, Any]:
    """The file of corrected records that the run was given, and in place of how many records one of them stands."""
    given = facts.get("corrections")
    return {} if given is None else {"corrections": {**given, "used": outcome.replaced}}


def _run(about: AboutRun, outcome: RunOutcome, facts: Mapping[str, Any], releases: Mapping[str, Any]) -> dict[str, Any]:
    """The content of ``run.json`` without its own hash."""
    hashes = {one.target: one.sha256 for one in outcome.rejected}
    return {
        "schema_version": SCHEMA_VERSION,
        "run": about.run,
        "dataset": about.dataset,
        "policy_sha256": about.policy_sha256,
        "versions": plain(about.versions),
        **facts,
        "kept_until": record_kept_until(facts["finished_at"] or facts["started_at"]),
        "inputs": plain(outcome.inputs),
        "register": plain(about.register),
        "records": {"read": outcome.read},
        **_corrections(outcome, facts),
        "persons": _counted(outcome),
        "releases": releases,
        "keyring": plain(about.keyring),
        "rejected_sha256": hashes.get("rejected.parquet"),  # a dry run writes none
        "rejected_csv_sha256": hashes.get("rejected.csv"),
        **({"notes": list(outcome.notes)} if outcome.notes else {}),
    }
