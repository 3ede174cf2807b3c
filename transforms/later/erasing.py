"""Persons erased from what a run published: their rows are taken out of its parts, and its labels decided again.

Only a release that is `still_personal` is changed. In one that is `anonymized` nobody can be found, which is what its label says:
whoever took rows out of it would have to guess whose they are.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from beam_deid.transforms.clock import now
from beam_deid.transforms.dataset.published_rows import Published
from beam_deid.transforms.dataset.recomputable import recomputable
from beam_deid.transforms.dataset.source_proof import Opened, TreatedAgain, find_made_by, open_proof, treat_again
from beam_deid.transforms.errors import UsageError, VerificationError
from beam_deid.transforms.label.amending import Change, MeasuredAgain, amended_label
from beam_deid.transforms.label.manifests_again import check_sound, read_manifests
from beam_deid.transforms.label.reports import Reports, no_reports
from beam_deid.transforms.later.by_source import by_source, cells_of
from beam_deid.transforms.later.by_values import values_of
from beam_deid.transforms.later.erased_before import ErasedBefore
from beam_deid.transforms.later.finding import Either, Finder
from beam_deid.transforms.later.measuring import UNSEEN, measured_without
from beam_deid.transforms.later.of_tables import check_of_one_table
from beam_deid.transforms.later.parts import without_rows
from beam_deid.transforms.later.remembering import Remembering
from beam_deid.transforms.later.republishing import ChangedRelease, ToldRelease, ToldRun, left_alone, republish
from beam_deid.transforms.later.subjects import Subjects
from beam_deid.transforms.policy.model import Policy
from beam_deid.transforms.register.document import RequestKind
from beam_deid.transforms.run.job import Job
from beam_deid.transforms.storage.amending import Amending, amending
from beam_deid.transforms.storage.paths import absolute, join, shown

_SOURCE = "Name the files that the run read by --input"


@dataclass(frozen=True)
class Erasing:
    """What somebody asks to have erased.

    Attributes:
        policy: The policy that the outputs were made by.
        subjects: The persons.
        sources: Globs of the files that the outputs were made of; none where they are not at hand.
        workers: Processes that read them.
        by: Who asks, for ``run.json``: ``operator`` and what else is told.
        reports: Makes the reports of what changes.
    """

    policy: Policy
    subjects: Subjects
    sources: tuple[str, ...] = ()
    workers: int = 1
    by: Mapping[str, Any] = field(default_factory=dict)
    reports: Reports = no_reports


def erase(asked: Erasing, output: str, register: Remembering) -> ToldRun:
    """Erase persons from what a run published, all of it or nothing.

    Args:
        asked: What is asked.
        output: The output of the run.
        register: The register of the output, which is told once it is known that these persons can be found, before anything is
            changed.

    Raises:
        UsageError: There is no run, another policy made it, or in one of its releases these persons cannot be found.
        VerificationError: It is not what was published, or was not made by the policy.
        KeyFault: A key cannot be had.
        OutputError: It cannot be written.
    """
    with amending(output) as amend:
        return _erased(asked, absolute(output), amend, register)


def _erased(asked: Erasing, output: str, amend: Amending, register: Remembering) -> ToldRun:
    check_sound(output)
    manifests = read_manifests(output)
    at = now()
    found = [
        _release(asked, output, name, label, register.erased_before(output, label), amend.folder, at)
        for name, label in manifests.labels.items()
    ]
    register.announce()
    rows = {one.told.release: one.told.rows for one in found if isinstance(one, ChangedRelease)}
    return republish(
        asked.policy, output, amend, manifests, found, {"at": at, "erased": rows, **asked.by}, asked.reports
    )


def _release(
    asked: Erasing, output: str, name: str, label: Mapping[str, Any], before: ErasedBefore, folder: str, at: str
) -> ToldRelease | ChangedRelease:
    """What becomes of one release; its new parts wait in a folder."""
    alone = left_alone(name, label)
    if alone is not None:
        return alone
    check_of_one_table(output, name, RequestKind.ERASED)
    published = find_made_by(asked.policy, [join(output, name)])
    search = _search(asked, published, before)
    parts = without_rows(published, search.finder, _formulas_kept(asked.policy, name), folder)
    left = int(label["records"]["released"]) - parts.rows
    if not parts.rows:
        return ToldRelease(name, label["label"], left=left, by=search.finder.by)
    measured = search.measured(left)
    told = ToldRelease(
        name,
        label["label"],
        parts.rows,
        left,
        search.finder.by,
        not_measured=measured.missing,
        unsure=min(search.unsure, parts.rows),
    )
    return ChangedRelease(told, amended_label(label, Change(at, parts.files, parts.rows), measured), parts.moved)


def _formulas_kept(policy: Policy, release: str) -> bool:
    return policy.releases[release].output.formulas == "kept"


@dataclass(frozen=True)
class _Search:
    """How the persons' rows of a release are found.

    Attributes:
        finder: What tells them.
        again: The source, treated again; None without one.
        subjects: The persons.
        unsure: How many of the rows may be others' equal ones.
    """

    finder: Finder
    again: TreatedAgain | None
    subjects: Subjects
    unsure: int = 0

    def measured(self, left: int) -> MeasuredAgain:
        """What can be measured of the release once so many rows are left."""
        if self.again is None:
            return MeasuredAgain(missing=UNSEEN)
        return measured_without(self.again, cells_of(self.again, self.subjects.identities), left)


def _search(asked: Erasing, published: Published, before: ErasedBefore) -> _Search:
    """How the persons' rows of a release are found.

    Raises:
        UsageError: They cannot be.
    """
    release = published.release
    job = Job(asked.policy, (release,), run=str(published.label["run"]), policy_sha256=published.label["policy_sha256"])
    made = recomputable(job, published, same_files=False)
    values = values_of(made, release, asked.subjects)
    unseen = [name for name in asked.subjects.identities if name not in values.values]
    if not asked.sources:
        if unseen:
            raise _not_found(published, unseen, made.missing, asked)
        return _Search(values, None, asked.subjects)
    if unseen:
        _see_uncorrected(published, unseen)
    opened = open_proof(asked.policy, [published.folder], asked.sources)
    again = treat_again(_whoever_consents(opened, before), asked.workers)
    _see_columns(again, unseen, published)
    _see_source(again, published, whole=bool(unseen))
    if again.source.recomputable.missing:
        return _Search(values, again, asked.subjects)
    rows = by_source(again, cells_of(again, asked.subjects.identities))
    if unseen and rows.unsure and not before.all_known:
        raise _whose(published)
    finders: list[Finder] = [values] if values.values else []
    return _Search(Either([*finders, rows.finder]), again, asked.subjects, rows.unsure)


def _whoever_consents(opened: Opened, before: ErasedBefore) -> Opened:
    """A source whose records are all treated, whoever consents by now, but for those of persons who were erased before.

    Who withdraws is to be found by what was released, and then the consent was there.
    """
    job = opened.prepared.job
    releases = {name: spec.model_copy(update={"consent": None}) for name, spec in job.policy.releases.items()}
    policy = job.policy.model_copy(update={"releases": releases})
    return replace(opened, prepared=replace(opened.prepared, job=replace(job, policy=policy, left_out=before.persons)))


def _see_uncorrected(published: Published, unseen: Sequence[str]) -> None:
    """See that the rows of a release are still those of its source.

    Raises:
        UsageError: Some were corrected.
    """
    if any(one.get("corrected", 0) for one in published.label.get("amendments", ())):
        raise UsageError(
            f"rows of the release {published.release} were corrected, so they are not those of its source, and no column shows "
            f"whose they are by {', '.join(unseen)}",
            published.where,
            "Run again with the corrected source and --overwrite, then erase; or delete the release",
        )


def _whose(published: Published) -> UsageError:
    return UsageError(
        f"an earlier erasure took rows from the release {published.release} that are equal to these persons', and no register "
        "tells whose they were",
        published.where,
        "Run again without these persons' records and with --overwrite; or delete the release",
    )


def _see_columns(again: TreatedAgain, unseen: Sequence[str], published: Published) -> None:
    """See that what is made again tells rows apart where no value shows whose they are.

    Raises:
        UsageError: Rows that are equal in what is joined may differ in the rest, and be different persons'.
    """
    missing = again.source.recomputable.missing
    if missing and unseen:
        why = "; ".join(f"{name}: {reason}" for name, reason in missing.items())
        raise UsageError(
            f"whose rows are whose cannot be told in the release {published.release} without {', '.join(missing)} ({why})",
            published.where,
            "Run it where the keys are, on the files that the run read; or delete the release",
        )


def _see_source(again: TreatedAgain, published: Published, whole: bool) -> None:
    """See that a source is the one of a release: all of it where nothing else tells whose rows are whose.

    Raises:
        VerificationError: It is not.
    """
    keys = again.source.keys(again.source.joined, again.levels)
    read = int(published.label["records"]["read"])
    if not np.isin(again.kinds[0], keys).any():
        what = "no released row is one that the source gives: this is another source"
        raise VerificationError(what, published.where, _SOURCE)
    if whole and again.source.read != read:
        what = f"the source has {again.source.read:,} records, the label says that {read:,} were read"
        raise VerificationError(what, published.where, _SOURCE)
    strange = int(again.kinds[1][~np.isin(again.kinds[0], keys[again.source.data.everything > 0])].sum())
    if whole and strange:
        what = f"{strange:,} released rows are none that the source gives, so whose they are is not known"
        raise VerificationError(what, published.where, _SOURCE)


def _not_found(published: Published, unseen: Sequence[str], missing: Mapping[str, str], asked: Erasing) -> UsageError:
    names = ", ".join(unseen)
    lost = "; ".join(f"{name}: {missing[name]}" for name in unseen if name in missing)
    if lost:
        return UsageError(
            f"tokens in the release {published.release} cannot be made again ({lost}), so these persons' rows cannot be found",
            shown(published.folder),
            "Run it where the keys are, or name the files that the run read by --input",
        )
    return UsageError(
        f"no column of the release {published.release} shows whose a row is by {names}, so these persons' rows cannot be found",
        shown(published.folder),
        f"Name the files that the run read by --input, or leave {names} out of {asked.subjects.path}",
    )
