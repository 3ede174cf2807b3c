"""Persons erased from what a run published: their rows are taken out of its parts, and its labels decided again.

Only a release that is `still_personal` is changed. In one that is `anonymized` nobody can be found, which is what its label says:
whoever took rows out of it would have to guess whose they are.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from beam_deid.transforms.clock import now
from beam_deid.transforms.dataset.published_rows import Published
from beam_deid.transforms.dataset.recomputable import recomputable
from beam_deid.transforms.dataset.source_proof import TreatedAgain, find_made_by, open_proof, treat_again, with_new_key
from beam_deid.transforms.errors import UsageError, VerificationError
from beam_deid.transforms.label.amending import Change, MeasuredAgain, amended_label
from beam_deid.transforms.label.documents import signer
from beam_deid.transforms.label.manifests_again import (
    PublishedManifests,
    check_sound,
    manifest_bytes,
    read_manifests,
    signing_again,
)
from beam_deid.transforms.later.by_source import BySource, cells_of
from beam_deid.transforms.later.by_values import ByValues, values_of
from beam_deid.transforms.later.finding import Either, Finder
from beam_deid.transforms.later.measuring import UNSEEN, measured_without
from beam_deid.transforms.later.parts import RewrittenParts, without_rows
from beam_deid.transforms.later.subjects import Subjects
from beam_deid.transforms.policy.model import Policy
from beam_deid.transforms.run.job import Job
from beam_deid.transforms.storage.amending import Amending, amending
from beam_deid.transforms.storage.paths import absolute, join, shown
from beam_deid.transforms.terms import LabelName, Withheld

ANONYMIZED = "nobody can be found in it: its label says that no natural person can be identified"
EMPTY = "no row was published"


@dataclass(frozen=True)
class Erasing:
    """What somebody asks to have erased.

    Attributes:
        policy: The policy that the outputs were made by.
        subjects: The persons.
        sources: Globs of the files that the outputs were made of; none where they are not at hand.
        workers: Processes that read them.
        by: Who asks, for ``run.json``: ``operator`` and what else is told.
    """

    policy: Policy
    subjects: Subjects
    sources: tuple[str, ...] = ()
    workers: int = 1
    by: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class ErasedRelease:
    """What became of one release.

    Attributes:
        release: Its name.
        label: Its label, which no erasure changes.
        rows: How many rows were taken out.
        left: How many are left.
        by: How they were found; empty where none was looked for.
        untouched: Why none was looked for; empty where some were.
        not_measured: Why the release could not be measured again, or not all of it; empty where it was, or need not be.
    """

    release: str
    label: str
    rows: int = 0
    left: int = 0
    by: str = ""
    untouched: str = ""
    not_measured: str = ""


@dataclass(frozen=True)
class ErasedRun:
    """What became of an output.

    Attributes:
        output: The output.
        releases: What became of each published release.
        signature: ``renewed`` or ``dropped`` where manifests that were signed changed, else None.
        reason: Why the signature was dropped; empty if it was not.
    """

    output: str
    releases: tuple[ErasedRelease, ...]
    signature: str | None = None
    reason: str = ""

    @property
    def rows(self) -> int:
        """How many rows were taken out of all releases."""
        return sum(one.rows for one in self.releases)


@dataclass(frozen=True)
class _Emptied:
    """A release whose parts were written anew."""

    told: ErasedRelease
    label: dict[str, Any]
    parts: RewrittenParts


def erase(asked: Erasing, output: str, announce: Callable[[], None]) -> ErasedRun:
    """Erase persons from what a run published, all of it or nothing.

    Args:
        asked: What is asked.
        output: The output of the run.
        announce: Called once it is known that these persons can be found, before anything is changed.

    Raises:
        UsageError: There is no run, another policy made it, or in one of its releases these persons cannot be found.
        VerificationError: It is not what was published, or was not made by the policy.
        KeyFault: A key cannot be had.
        OutputError: It cannot be written.
    """
    with amending(output) as amend:
        return _erased(asked, absolute(output), amend, announce)


def _erased(asked: Erasing, output: str, amend: Amending, announce: Callable[[], None]) -> ErasedRun:
    check_sound(output)
    manifests = read_manifests(output)
    at = now()
    found = [_release(asked, output, name, manifests.labels[name], amend.folder, at) for name in manifests.labels]
    announce()
    changed = {one.told.release: one for one in found if isinstance(one, _Emptied)}
    releases = tuple(one.told if isinstance(one, _Emptied) else one for one in found)
    if not changed:
        return ErasedRun(output, releases)
    key, reason = signing_again(output, _keyring(asked.policy, manifests), manifests.all)
    # With a key all of them are signed anew, not only those that change.
    labels = {name: changed[name].label if name in changed else label for name, label in manifests.labels.items()}
    written = {name: label for name, label in labels.items() if key or name in changed}
    was_signed = any(map(signer, manifests.all))
    event = {"at": at, "erased": {name: one.parts.rows for name, one in changed.items()}, **asked.by}
    run = {**manifests.run, "amendments": [*manifests.run.get("amendments", ()), event]}
    amend.replace(manifest_bytes(run, written, key), [one for each in changed.values() for one in each.parts.moved])
    return ErasedRun(output, releases, ("renewed" if key else "dropped") if was_signed else None, reason)


def _keyring(policy: Policy, manifests: PublishedManifests) -> str | None:
    told = manifests.run.get("keyring")
    own = policy.keys.keyring if policy.keys is not None else None
    return own or (str(told["path"]) if told else None)


def _release(
    asked: Erasing, output: str, name: str, label: Mapping[str, Any], folder: str, at: str
) -> ErasedRelease | _Emptied:
    """What becomes of one release; its new parts wait in a folder."""
    released = int(label["records"]["released"])
    if label["label"] != LabelName.STILL_PERSONAL:
        return ErasedRelease(name, label["label"], left=released, untouched=ANONYMIZED)
    if not released:
        return ErasedRelease(name, label["label"], untouched=EMPTY)
    published = find_made_by(asked.policy, [join(output, name)])
    search = _search(asked, published)
    parts = without_rows(published, search.finder, _formulas_kept(asked.policy, name), folder)
    left = released - parts.rows
    if not parts.rows:
        return ErasedRelease(name, label["label"], left=left, by=search.finder.by)
    measured = search.measured(left)
    told = ErasedRelease(name, label["label"], parts.rows, left, search.finder.by, not_measured=measured.missing)
    return _Emptied(told, amended_label(label, Change(at, parts.files, parts.rows), measured), parts)


def _formulas_kept(policy: Policy, release: str) -> bool:
    return policy.releases[release].output.formulas == "kept"


@dataclass(frozen=True)
class _Search:
    """How the persons' rows of a release are found.

    Attributes:
        finder: What tells them.
        again: The source, treated again; None without one.
        subjects: The persons.
    """

    finder: Finder
    again: TreatedAgain | None
    subjects: Subjects

    def measured(self, left: int) -> MeasuredAgain:
        """What can be measured of the release once so many rows are left."""
        if self.again is None:
            return MeasuredAgain(missing=UNSEEN)
        return measured_without(self.again, cells_of(self.again, self.subjects.identities), left)


def _search(asked: Erasing, published: Published) -> _Search:
    """How the persons' rows of a release are found.

    Raises:
        UsageError: They cannot be.
    """
    release = published.release
    job = Job(asked.policy, (release,), run=str(published.label["run"]), policy_sha256=published.label["policy_sha256"])
    values = values_of(recomputable(job, published, same_files=False), release, asked.subjects)
    unseen = [name for name in asked.subjects.identities if name not in values.values]
    if not asked.sources:
        if unseen:
            raise _not_found(published, unseen, asked)
        return _Search(values, None, asked.subjects)
    opened = open_proof(asked.policy, [published.folder], asked.sources)
    again = treat_again(opened, with_new_key(opened), asked.workers)
    return _Search(_finder(again, values, unseen, published, asked), again, asked.subjects)


def _finder(
    again: TreatedAgain, values: ByValues, unseen: Sequence[str], published: Published, asked: Erasing
) -> Finder:
    """What tells rows by their source, and by their values where they have some."""
    missing = again.source.recomputable.missing
    theirs = cells_of(again, asked.subjects.identities)
    if missing and unseen:
        # Rows that are equal in what is joined may differ in the rest, and be different persons'.
        why = "; ".join(f"{name}: {reason}" for name, reason in missing.items())
        raise UsageError(
            f"whose rows are whose cannot be told in the release {published.release} without {', '.join(missing)} ({why})",
            published.where,
            "Run it where the keys are, on the files that the run read; or delete the release",
        )
    if not _is_source(again):
        raise VerificationError(
            "no released row is one that the source gives: this is another source",
            published.where,
            "Name the files that the run read by --input",
        )
    by_values: list[Finder] = [values] if values.values else []
    return Either([*by_values, *([] if missing else [BySource(again, theirs, _is_whole(published.label))])])


def _is_source(again: TreatedAgain) -> bool:
    """Whether any row of the release is one that the source gives."""
    keys = again.source.keys(again.source.joined, again.levels)
    return bool(np.isin(again.kinds[0], keys).any())


def _is_whole(label: Mapping[str, Any]) -> bool:
    """Whether all sound records of the source were released, but for those that were erased since."""
    records = label["records"]
    erased = records.get("withheld_by", {}).get(str(Withheld.ERASED), 0)
    return not records["suppressed"] and records["withheld"] == erased


def _not_found(published: Published, unseen: Sequence[str], asked: Erasing) -> UsageError:
    names = ", ".join(unseen)
    return UsageError(
        f"no column of the release {published.release} shows whose a row is by {names}, so these persons' rows cannot be found",
        shown(published.folder),
        f"Name the files that the run read by --input, or leave {names} out of {asked.subjects.path}",
    )
