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
from beam_deid.transforms.dataset.source_proof import TreatedAgain, find_made_by, open_proof, treat_again
from beam_deid.transforms.errors import UsageError, VerificationError
from beam_deid.transforms.label.amending import Change, MeasuredAgain, amended_label
from beam_deid.transforms.label.manifests_again import check_sound, read_manifests
from beam_deid.transforms.later.by_source import by_source, cells_of
from beam_deid.transforms.later.by_values import ByValues, values_of
from beam_deid.transforms.later.finding import Either, Finder
from beam_deid.transforms.later.measuring import UNSEEN, measured_without
from beam_deid.transforms.later.of_tables import check_of_one_table
from beam_deid.transforms.later.parts import without_rows
from beam_deid.transforms.later.republishing import ChangedRelease, ToldRelease, ToldRun, left_alone, republish
from beam_deid.transforms.later.subjects import Subjects
from beam_deid.transforms.policy.model import Policy
from beam_deid.transforms.register.document import RequestKind
from beam_deid.transforms.run.job import Job
from beam_deid.transforms.storage.amending import Amending, amending
from beam_deid.transforms.storage.paths import absolute, join, shown
from beam_deid.transforms.terms import Withheld

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
    """

    policy: Policy
    subjects: Subjects
    sources: tuple[str, ...] = ()
    workers: int = 1
    by: Mapping[str, Any] = field(default_factory=dict)


def erase(asked: Erasing, output: str, announce: Callable[[], None]) -> ToldRun:
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


def _erased(asked: Erasing, output: str, amend: Amending, announce: Callable[[], None]) -> ToldRun:
    check_sound(output)
    manifests = read_manifests(output)
    at = now()
    found = [_release(asked, output, name, manifests.labels[name], amend.folder, at) for name in manifests.labels]
    announce()
    rows = {one.told.release: one.told.rows for one in found if isinstance(one, ChangedRelease)}
    return republish(asked.policy, output, amend, manifests, found, {"at": at, "erased": rows, **asked.by})


def _release(
    asked: Erasing, output: str, name: str, label: Mapping[str, Any], folder: str, at: str
) -> ToldRelease | ChangedRelease:
    """What becomes of one release; its new parts wait in a folder."""
    alone = left_alone(name, label)
    if alone is not None:
        return alone
    check_of_one_table(output, name, RequestKind.ERASED)
    published = find_made_by(asked.policy, [join(output, name)])
    search = _search(asked, published)
    parts = without_rows(published, search.finder, _formulas_kept(asked.policy, name), folder)
    left = int(label["records"]["released"]) - parts.rows
    if not parts.rows:
        return ToldRelease(name, label["label"], left=left, by=search.finder.by)
    measured = search.measured(left)
    told = ToldRelease(name, label["label"], parts.rows, left, search.finder.by, not_measured=measured.missing)
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
    made = recomputable(job, published, same_files=False)
    values = values_of(made, release, asked.subjects)
    unseen = [name for name in asked.subjects.identities if name not in values.values]
    if not asked.sources:
        if unseen:
            raise _not_found(published, unseen, made.missing, asked)
        return _Search(values, None, asked.subjects)
    opened = open_proof(asked.policy, [published.folder], asked.sources)
    again = treat_again(opened, asked.workers)
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
    _see_source(again, published, whole=bool(unseen))
    by_values: list[Finder] = [values] if values.values else []
    return Either([*by_values, *([] if missing else [by_source(again, theirs, _is_whole(published.label))])])


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


def _is_whole(label: Mapping[str, Any]) -> bool:
    """Whether all sound records of the source were released, but for those that were erased since."""
    records = label["records"]
    erased = records.get("withheld_by", {}).get(str(Withheld.ERASED), 0)
    return not records["suppressed"] and records["withheld"] == erased


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
