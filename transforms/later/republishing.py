"""A run published anew once some of its releases were changed: all of them or none."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from beam_deid.transforms.label.documents import signer
from beam_deid.transforms.label.manifests_again import PublishedManifests, manifest_bytes, signing_again
from beam_deid.transforms.label.reports import Reports, no_reports, replace_published
from beam_deid.transforms.policy.model import Policy
from beam_deid.transforms.storage.amending import Amending
from beam_deid.transforms.storage.journal import Moved
from beam_deid.transforms.terms import LabelName

ANONYMIZED = "nobody can be found in it: its label says that no natural person can be identified"
EMPTY = "no row was published"


@dataclass(frozen=True)
class ToldRelease:
    """What became of one release.

    Attributes:
        release: Its name.
        label: Its label, which no change of its rows changes.
        rows: How many rows were changed.
        left: How many there are now.
        by: How they were found; empty where none was looked for.
        untouched: Why none was looked for; empty where some were.
        not_measured: Why the release could not be measured again, or not all of it; empty where it was, or need not be.
        unsure: How many of the rows that were taken out may be others' equal ones.
        secretless: How many of the persons have no secret: if tokens of theirs are left in it, nobody can tell which.
    """

    release: str
    label: str
    rows: int = 0
    left: int = 0
    by: str = ""
    untouched: str = ""
    not_measured: str = ""
    unsure: int = 0
    secretless: int = 0


@dataclass(frozen=True)
class ToldRun:
    """What became of an output.

    Attributes:
        output: The output.
        releases: What became of each published release.
        signature: ``renewed`` or ``dropped`` where manifests that were signed changed, else None.
        reason: Why the signature was dropped; empty if it was not.
    """

    output: str
    releases: tuple[ToldRelease, ...]
    signature: str | None = None
    reason: str = ""

    @property
    def rows(self) -> dict[str, int]:
        """How many rows of each release were changed."""
        return {one.release: one.rows for one in self.releases}


@dataclass(frozen=True)
class ChangedRelease:
    """A release whose parts were written anew.

    Attributes:
        told: What is told of it.
        label: The content of its label as it is to be.
        moved: Its new parts, which wait in the hidden folder of the output.
        removed: Parts that go, by their path below the output.
    """

    told: ToldRelease
    label: dict[str, Any]
    moved: tuple[Moved, ...]
    removed: tuple[str, ...] = ()


Found = Sequence[ToldRelease | ChangedRelease]


def left_alone(name: str, label: Mapping[str, Any]) -> ToldRelease | None:
    """What is told of a release in which nobody is looked for; None if somebody is."""
    released = int(label["records"]["released"])
    if label["label"] != LabelName.STILL_PERSONAL:
        return ToldRelease(name, label["label"], left=released, untouched=ANONYMIZED)
    return None if released else ToldRelease(name, label["label"], untouched=EMPTY)


def republish(
    policy: Policy,
    output: str,
    amend: Amending,
    manifests: PublishedManifests,
    found: Found,
    event: Mapping[str, Any],
    reports: Reports = no_reports,
) -> ToldRun:
    """Replace what changed of a run, with its manifests.

    Args:
        policy: Its policy.
        output: The output, absolute.
        amend: What replaces it.
        manifests: Its manifests until now.
        found: What became of each of its releases.
        event: What ``run.json`` tells of the change.
        reports: Makes the reports of what changes.

    Raises:
        OSError: The store fails.
        OutputError: It cannot be written.
    """
    changed = {one.told.release: one for one in found if isinstance(one, ChangedRelease)}
    releases = tuple(one.told if isinstance(one, ChangedRelease) else one for one in found)
    if not changed:
        return ToldRun(output, releases)
    key, reason = signing_again(output, _keyring(policy, manifests), manifests.all)
    # With a key all of them are signed anew, not only those that change.
    labels = {name: changed[name].label if name in changed else label for name, label in manifests.labels.items()}
    written = {name: label for name, label in labels.items() if key or name in changed}
    was_signed = any(map(signer, manifests.all))
    run = {**manifests.run, "amendments": [*manifests.run.get("amendments", ()), dict(event)]}
    moved = [one for each in changed.values() for one in each.moved]
    removed = [path for each in changed.values() for path in each.removed]
    replace_published(amend, output, manifest_bytes(run, written, key), manifests.labels, reports, moved, removed)
    return ToldRun(output, releases, ("renewed" if key else "dropped") if was_signed else None, reason)


def _keyring(policy: Policy, manifests: PublishedManifests) -> str | None:
    told = manifests.run.get("keyring")
    own = policy.keys.keyring if policy.keys is not None else None
    return own or (str(told["path"]) if told else None)
