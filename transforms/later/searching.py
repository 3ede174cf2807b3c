"""How the rows of persons are found in one release: by what the policy makes of their identities, or by the source's records."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from beam_deid.transforms.columns.arrays import Bools
from beam_deid.transforms.dataset.published_rows import Published
from beam_deid.transforms.dataset.recomputable import recomputable
from beam_deid.transforms.dataset.source_proof import Opened, TreatedAgain, run_of, treat_again
from beam_deid.transforms.errors import UsageError, VerificationError
from beam_deid.transforms.label.amending import MeasuredAgain
from beam_deid.transforms.label.reports import Reports, no_reports
from beam_deid.transforms.later.by_source import by_source, cells_of, met_in_source
from beam_deid.transforms.later.by_values import ByValues, values_of
from beam_deid.transforms.later.erased_before import ErasedBefore
from beam_deid.transforms.later.finding import Either, Finder
from beam_deid.transforms.later.lent_names import unseen_names
from beam_deid.transforms.later.measuring import UNSEEN, measured_without
from beam_deid.transforms.later.seen import Seen
from beam_deid.transforms.later.sources import Sources
from beam_deid.transforms.later.subjects import Listed, Subjects
from beam_deid.transforms.policy.model import Policy
from beam_deid.transforms.policy.tables import table_in
from beam_deid.transforms.run.job import Job
from beam_deid.transforms.storage.paths import shown

_SOURCE = "Name the files that the run read by --input"


@dataclass(frozen=True)
class Erasing:
    """What somebody asks to have erased.

    Attributes:
        policies: The policy that the outputs were made by: that of each table, by its name.
        listed: The persons.
        sources: The files that the outputs were made of.
        seen: Is told who of the list is found.
        workers: Processes that read the source.
        by: Who asks, for ``run.json``: ``operator`` and what else is told.
        reports: Makes the reports of what changes.
    """

    policies: Mapping[str, Policy]
    listed: Listed
    sources: Sources
    seen: Seen
    workers: int = 1
    by: Mapping[str, Any] = field(default_factory=dict)
    reports: Reports = no_reports

    def policy(self, release: str) -> Policy:
        """The policy of the table that a release is of.

        Raises:
            UsageError: The policy has no such table.
        """
        table = table_in(release)
        if table not in self.policies:
            what = (
                f"the release {release} is of a table"
                if table
                else f"the release {release} is of a dataset of one table"
            )
            raise UsageError(
                f"{what}, and the policy that was named has none such",
                "POLICY",
                "Name the policy as it was when the run was made",
            )
        return self.policies[table]


@dataclass(frozen=True)
class Search:
    """How the persons' rows of a release are found.

    Attributes:
        finder: What tells them.
        values: What tells them by values alone.
        again: The source, treated again; None without one.
        subjects: The persons.
        unsure: How many of the rows may be others' equal ones.
    """

    finder: Finder
    values: ByValues
    again: TreatedAgain | None
    subjects: Subjects
    unsure: int = 0

    @property
    def met(self) -> Bools:
        """Which of the persons were found, once all rows were looked at, shape (subjects.records,)."""
        return self.values.met if self.again is None else self.values.met | met_in_source(self.again, self.subjects)

    def measured(self, left: int) -> MeasuredAgain:
        """What can be measured of the release once so many rows are left."""
        if self.again is None:
            return MeasuredAgain(missing=UNSEEN)
        return measured_without(self.again, cells_of(self.again, self.subjects), left)


def search(asked: Erasing, published: Published, before: ErasedBefore) -> Search:
    """How the persons' rows of a release are found.

    Args:
        asked: What is asked.
        published: The release.
        before: Who was erased from it before.

    Raises:
        UsageError: They cannot be.
        VerificationError: The source is another one.
    """
    release = published.release
    policy = asked.policy(release)
    subjects = asked.listed.of[table_in(release)]
    job = Job(policy, (release,), run=str(published.label["run"]), policy_sha256=published.label["policy_sha256"])
    made = recomputable(job, published, same_files=False)
    values = values_of(made, release, subjects)
    unseen = unseen_names(policy, [*subjects.spelt], [*values.values], run_of(published))
    if not asked.sources:
        if unseen:
            raise _not_found(published, unseen, made.missing, asked)
        return Search(values, values, None, subjects)
    if unseen:
        _see_uncorrected(published, unseen)
    again = treat_again(_whoever_consents(asked.sources.opened(published), before), asked.workers)
    _see_columns(again, unseen, published)
    _see_source(again, published, whole=bool(unseen))
    if again.source.recomputable.missing:
        return Search(values, values, again, subjects)
    rows = by_source(again, cells_of(again, subjects))
    if unseen and rows.unsure and not before.all_known:
        raise _whose(published)
    finders: list[Finder] = [values] if values.values else []
    return Search(Either([*finders, rows.finder]), values, again, subjects, rows.unsure)


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
        f"Name the files that the run read by --input, or leave {names} out of {asked.listed.path}",
    )
