"""A published release proved against its source: the source is treated again, and joined with what was released."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa

from beam_deid.transforms.candidate.openings import RowLevels
from beam_deid.transforms.clock import moment_of
from beam_deid.transforms.columns.fingerprint import FingerprintKey
from beam_deid.transforms.dataset.published_rows import Kinds, Published, count_kinds, find_published
from beam_deid.transforms.dataset.recomputable import Recomputable, recomputable
from beam_deid.transforms.dataset.same_source import SameSource, same_source
from beam_deid.transforms.dataset.source_figures import ProvedFigures, prove_figures
from beam_deid.transforms.dataset.source_join import JoinedRows, join_rows
from beam_deid.transforms.dataset.source_records import (
    Levels,
    SourceRecords,
    grouped,
    levels_of_cells,
    measure_source,
    told_rounds,
)
from beam_deid.transforms.dataset.source_secrets import with_secrets
from beam_deid.transforms.dataset.told_facts import told_otherwise
from beam_deid.transforms.errors import UsageError, VerificationError
from beam_deid.transforms.label.documents import plain
from beam_deid.transforms.label.reading import read_manifest
from beam_deid.transforms.label.record_counts import RecordCounts
from beam_deid.transforms.policy.model import Policy
from beam_deid.transforms.policy.reader import policy_sha256
from beam_deid.transforms.policy.roles import released_fields
from beam_deid.transforms.run.consents import with_consents
from beam_deid.transforms.run.job import Job
from beam_deid.transforms.run.shards import Prepared, prepare
from beam_deid.transforms.run.spill_folder import SpillFolder
from beam_deid.transforms.storage.paths import join, parent
from beam_deid.transforms.terms import Withheld

_THIS_POLICY = (
    "Name the policy as it was when the run was made: policy.yaml beside its run.json is a copy of it, whose paths start where the "
    "policy was, and policy_sha256 of label.json tells it"
)
_BY_REGISTER = (Withheld.ERASED, Withheld.CORRECTED)
_NOT_BY_SOURCE = (*_BY_REGISTER, Withheld.EXPECTATION)
"""Reasons for which records are withheld that a source and a policy do not show."""


@dataclass(frozen=True)
class Opened:
    """A release and its source, before rows are read.

    Attributes:
        published: The release.
        prepared: The source, cut into shards, with a job of this release alone.
        same: What of the source is as the run read it.
    """

    published: Published
    prepared: Prepared
    same: SameSource


@dataclass(frozen=True)
class SourceProof:
    """What a proof against the source found.

    Attributes:
        published: The release.
        same: What of the source is as the run read it.
        joined: The columns that rows were joined on.
        missing: The other released columns, and why: nothing is proved of them.
        rows: What the join found.
        figures: The label's figures beside those that follow.
        problems: What is not as the label says, or not as the source gives it, a sentence each without a full stop.
    """

    published: Published
    same: SameSource
    joined: tuple[str, ...]
    missing: Mapping[str, str]
    rows: JoinedRows
    figures: ProvedFigures
    problems: tuple[str, ...]

    def to_document(self) -> dict[str, Any]:
        """Write it as ``assess --source --json`` prints it."""
        linked = {"all": self.rows.linked, "rest": self.rows.linked_on_rest}
        names = ("released", "given", "strange", "repeated", "left_out", "divided")
        differing = self.figures.differing or {}
        return {
            "release": self.published.release,
            "label": self.published.label["label"],
            "agrees": not self.problems,
            "problems": list(self.problems),
            "same_files": self.same.files,
            "other_ledgers": list(self.same.other_ledgers),
            "columns": {"proved": list(self.joined), "not_proved": dict(self.missing)},
            "rows": {name: getattr(self.rows, name) for name in names},
            "linked": {columns: {**plain(one), "share": one.share} for columns, one in linked.items()},
            "figures": {
                "proved": list(self.figures.proved),
                "differing": {name: {"label": told, "found": found} for name, (told, found) in differing.items()},
                "not_proved": self.figures.reason,
            },
        }


def find_made_by(policy: Policy, inputs: Sequence[str]) -> Published:
    """Find a release, and see that a policy made it.

    Args:
        policy: The policy.
        inputs: The release's folder, or globs of its parts.

    Raises:
        UsageError: There is no such release.
        VerificationError: The release was made by another policy, or its label is damaged.
    """
    published = find_published(inputs)
    if published.label["policy_sha256"] != policy_sha256(policy):
        raise VerificationError("the release was made by another policy", published.where, _THIS_POLICY)
    release = published.release
    fields = [*published.label["fields"]]
    if release not in policy.releases or sorted(fields) != sorted(released_fields(policy, release)):
        raise VerificationError("the label is not that of a release of the policy", published.where, _THIS_POLICY)
    return published


def open_proof(policy: Policy, inputs: Sequence[str], source: Sequence[str]) -> Opened:
    """Find a release and its source, and see that they go with the policy; reads no rows.

    Args:
        policy: The policy that the release was made by.
        inputs: The release's folder, or globs of its parts.
        source: Globs of the files that it was made of.

    Raises:
        UsageError: There is no such release, or no such file.
        VerificationError: The release was made by another policy, or its label is damaged.
        PolicyError: The source's columns are not those of the policy.
        InputError: A file cannot be read.
    """
    published = find_made_by(policy, inputs)
    run = run_of(published)
    whole = prepare(policy, source, _releases_of_run(run, policy), as_of(published))
    return of_release(published, whole, same_source(whole, published.label["run"], run))


def of_release(published: Published, whole: Prepared, same: SameSource) -> Opened:
    """A source that is read for one release alone, once it is known as what a run of all releases would read."""
    # What was stated until a day counts as it did when the release was made; earlier versions did not say when.
    at = str(published.label.get("assessed_at", whole.job.at))
    job = replace(whole.job, releases=(published.release,), run=str(published.label["run"]), at=at)
    return Opened(published, replace(whole, job=job), same)


def as_of(published: Published) -> int | None:
    """The time at which consent to the release had to be valid; None where it needed none."""
    consent = (published.label.get("ground") or {}).get("consent")
    return None if consent is None else moment_of(str(consent["as_of"]))


def run_of(published: Published) -> Mapping[str, Any]:
    """The ``run.json`` of a release's run; empty where it cannot be read."""
    run, _ = read_manifest(join(parent(published.folder), "run.json"))
    return run or {}


def _releases_of_run(run: Mapping[str, Any], policy: Policy) -> list[str]:
    """The releases that the run made, as far as its ``run.json`` tells: a run is named by these, too."""
    told = run.get("releases")
    return [name for name in policy.releases if name in told] if isinstance(told, dict) else []


@dataclass(frozen=True)
class TreatedAgain:
    """A source treated again as its release was.

    Attributes:
        source: Its records, n cells.
        levels: The levels at which they are released.
        kinds: The kinds of the released rows, by the source's joined columns.
    """

    source: SourceRecords
    levels: RowLevels
    kinds: Kinds


def treat_again(opened: Opened, workers: int) -> TreatedAgain:
    """Treat a source as its release did, with a key of fingerprints that nobody else has; see `prove`.

    Args:
        opened: The release and its source.
        workers: Processes that read the source.
    """
    published = opened.published
    with SpillFolder() as folder:
        job = with_consents(replace(opened.prepared.job, fingerprint_key=FingerprintKey.new()), folder.path)
        found = recomputable(job, published, opened.same.files)
        found = with_secrets(found, published, opened.prepared.shards, opened.same.files, folder)
        rounds = told_rounds(found.job, published)
        _check_columns(found, published, rounds)
        source = measure_source(found, opened.prepared.shards, published, workers)
    kinds, groups = _released(source, published)
    return TreatedAgain(source, levels_of_cells(source, rounds, groups[0]), kinds)


def prove(opened: Opened, workers: int) -> SourceProof:
    """Treat a source as its release did, and join the released rows with it on all columns that it gives again.

    Memory holds fingerprints of the source's records, a number of eight bytes for each identity and each released column, and
    a key and a count for each kind of released rows.

    Args:
        opened: The release and its source.
        workers: Processes that read the source.

    Raises:
        UsageError: Which rows are whose cannot be told without a key that is missing.
        VerificationError: No released column is given again, or a part or the label is damaged.
        InputError: The source cannot be read.
    """
    published = opened.published
    again = treat_again(opened, workers)
    source = again.source
    levels = again.levels
    rows = join_rows(source, levels, again.kinds)
    problems = [*source.recomputable.problems, *_count_problems(source, rows, published), *_row_problems(rows)]
    figures = ProvedFigures(reason=_unmeasured(source, rows, problems))
    if not figures.reason:
        figures = prove_figures(source, levels, rows.left, published.label)
        problems += _figure_problems(figures)
    problems += told_otherwise(published.label, source.data.layout.scope)
    return SourceProof(
        published, opened.same, source.joined, source.recomputable.missing, rows, figures, tuple(problems)
    )


def _check_columns(found: Recomputable, published: Published, rounds: Sequence[Levels]) -> None:
    """See that something can be proved.

    Raises:
        UsageError: Rounds of local recoding rest on columns that are not given again.
        VerificationError: No column is given again.
    """
    layout = found.job.layouts[published.release]
    reasons = "; ".join(f"{name}: {why}" for name, why in found.missing.items())
    if not set(layout.fields) - set(found.missing):
        raise VerificationError(
            f"nothing can be proved, for no released column can be made again ({reasons})",
            published.where,
            "Run it where the keys are",
        )
    needed = [name for name in layout.rest if name in found.missing]
    if len(rounds) > 1 and needed:
        names = ", ".join(needed)
        raise UsageError(
            f"records have levels of their own (search.rounds), and which ones is not known without {names} ({reasons})",
            published.where,
            "Run it where the keys are",
        )


def _released(source: SourceRecords, published: Published) -> tuple[Kinds, Kinds]:
    """The kinds of released rows by all joined columns, and by those that local recoding groups by."""
    job = source.recomputable.job
    by_group = grouped(source) if published.label["search"].get("rounds") else []
    groupings = [source.joined, by_group]
    types = released_types(job, published.release)
    kept = source.data.spec.output.formulas == "kept"
    kinds, groups = count_kinds(published, types, groupings, job.prints, kept)
    return kinds, groups


def released_types(job: Job, release: str) -> dict[str, pa.DataType]:
    """The type of each released column of a release, in the order of the columns."""
    spec = job.policy.releases[release]
    return {name: spec.fields[name].output_type(job.type_of(name)) for name in released_fields(job.policy, release)}


def _count_problems(source: SourceRecords, rows: JoinedRows, published: Published) -> Iterator[str]:
    """Where the numbers of records are not those that the label tells."""
    told = RecordCounts.from_document(published.label["records"])
    # Whom the register knows to be left out is not known here: their records are records that were not released.
    erased = sum(told.withheld_by.get(reason, 0) for reason in _BY_REGISTER)
    if source.read != told.read:
        yield f"the source has {source.read:,} records, the label says that {told.read:,} were read"
    if rows.released != told.released:
        yield f"the files hold {rows.released:,} rows, the label says that {told.released:,} were released"
    gated = {reason: count for reason, count in told.withheld_by.items() if reason not in _NOT_BY_SOURCE}
    if dict(source.withheld) != gated:
        yield f"of the source's records {_by_reason(source.withheld)} are withheld, the label says {_by_reason(gated)}"
    if _knows_rejects(source):
        if source.rejected != told.rejected:
            yield f"of the source's records {source.rejected:,} are rejected, the label says {told.rejected:,}"
        if rows.left_out != told.suppressed + erased:
            yield f"{_not_released(rows.left_out)}, the label says that {told.suppressed:,} were suppressed"
        return
    lost = source.rejected + rows.left_out
    if lost != told.suppressed + told.rejected + erased:
        said = f"the label says that {told.suppressed:,} were suppressed and {told.rejected:,} rejected"
        yield f"{_not_released(lost)}, {said}"


def _by_reason(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count:,} ({reason})" for reason, count in sorted(counts.items())) or "0"


def _not_released(records: int) -> str:
    return (
        "1 record of the source was not released"
        if records == 1
        else f"{records:,} records of the source were not released"
    )


def _knows_rejects(source: SourceRecords) -> bool:
    """Whether every action that rejects values of its own was tried."""
    actions = source.data.spec.fields
    return not any(actions[name].rejects for name in source.recomputable.missing)


def _row_problems(rows: JoinedRows) -> Iterator[str]:
    if not rows.given:
        yield "no released row is one that the source gives: this is another source, or nothing was released"
        return
    if rows.strange:
        yield f"{rows.strange:,} of {rows.released:,} released rows are none that the source gives"
    if rows.repeated:
        yield f"{rows.repeated:,} of {rows.released:,} released rows are there more often than the source gives them"


def _figure_problems(figures: ProvedFigures) -> Iterator[str]:
    for name, (told, found) in (figures.differing or {}).items():
        yield f"{name}: the label says {told}, from these files follows {found}"


def _unmeasured(source: SourceRecords, rows: JoinedRows, problems: Sequence[str]) -> str:
    """Why the label's figures cannot be measured again; empty if they can."""
    if problems:
        return "the records are not those that the label is about"
    if source.recomputable.uncounted:
        names = ", ".join(source.recomputable.uncounted)
        return f"unlike values of {names} may have become alike, and the key that would tell was destroyed"
    if rows.divided:
        return f"of {rows.divided:,} kinds of rows some were released and others suppressed, so whose they are is not known"
    return ""
