"""The last step on the engine: every release proved, and what the driver needs to know left in staging."""

import contextlib
from collections.abc import Sequence
from dataclasses import replace

from beam_deid.transforms.clock import now
from beam_deid.transforms.decide.decision import Decision, ReleaseDecision
from beam_deid.transforms.label.documents import plain, to_bytes
from beam_deid.transforms.label.ground import ConsentGround, Ground
from beam_deid.transforms.label.manifest import LabelManifest, ReleasedFile
from beam_deid.transforms.policy.accountability import Dates, declared
from beam_deid.transforms.publish.persons import counted_persons
from beam_deid.transforms.publish.run_outcome import InputFacts, ReleaseOutcome, RunOutcome, TablePersons
from beam_deid.transforms.release.facts import PartFacts, RunFacts
from beam_deid.transforms.release.proof import prove
from beam_deid.transforms.run.job import Job
from beam_deid.transforms.storage.files import open_write, unwritable, write_all
from beam_deid.transforms.storage.hashing import HashingStream
from beam_deid.transforms.storage.journal import Moved
from beam_deid.transforms.storage.paths import join
from beam_deid.transforms.storage.sweeping import OUTCOME
from beam_deid.transforms.treat.part import new_attempt
from beam_deid.transforms.treat.rejected import Rejects, records_by_reason, write_rejects

_REJECTED = ("parquet", "csv")
"""The formats in which rejects are written."""


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
    releases = {} if decision.refused else _releases(job, decision, facts)
    path = join(staging, OUTCOME)
    try:
        outcome = RunOutcome(
            read=decision.read,
            refused=decision.refused,
            inputs=tuple(inputs),
            persons=_persons(job, decision),
            releases=releases,
            rejected=() if decision.refused else write_rejected(staging, facts.rejects),
            notes=decision.notes,
            replaced=decision.replaced,
        )
        write_all(path, to_bytes(plain(outcome)))
    except OSError as error:
        raise unwritable(error, "the output", staging) from None
    return path


def _releases(job: Job, decision: Decision, facts: RunFacts) -> dict[str, ReleaseOutcome]:
    """What the run came to for each release, all of which are proved."""
    found = {}
    for name, decided in decision.releases.items():
        part = facts.releases.get(name, PartFacts())
        prove(decided, part)
        by = records_by_reason(facts.rejects, name)
        if sum(by.values()) == decided.records.rejected:  # what is told one by one is not at hand here
            found[name] = replace(release_outcome(job, decided, part), rejected_by=by)
        else:
            found[name] = release_outcome(job, decided, part)
    return found


def release_outcome(job: Job, decided: ReleaseDecision, part: PartFacts) -> ReleaseOutcome:
    """What a run comes to for a release.

    Args:
        job: The run.
        decided: What was decided for it.
        part: What was written of it.
    """
    spec = job.policy.releases[decided.release]
    expect = spec.expect
    return ReleaseOutcome(
        label=label_manifest(job, decided, part).to_document(),
        published=expect is None or expect == decided.label.label,
        expect=str(expect) if expect else None,
        remembered=decided.remembered,
        consent=None if decided.consent is None else plain(decided.consent),
        parts=tuple(Moved(one.source, f"{decided.release}/{one.path}", one.size, one.sha256) for one in part.files),
        declared=declared(spec),
    )


def label_manifest(job: Job, decided: ReleaseDecision, part: PartFacts) -> LabelManifest:
    """The ``label.json`` of a release that was decided now.

    Args:
        job: The run.
        decided: What was decided for the release.
        part: What was written of it.
    """
    spec = job.policy.releases[decided.release]
    dates = Dates.of(spec, decided.label.asked.assessed_at)
    return LabelManifest(
        run=job.run,
        release=decided.release,
        purpose=spec.purpose,
        sharing=spec.sharing,
        label=decided.label,
        decided_at=now(),
        policy_sha256=job.policy_sha256,
        records=decided.records,
        files=tuple(ReleasedFile(one.path, one.rows, one.sha256) for one in part.files),
        review_by=dates.review_by,
        retain_until=dates.retain_until,
        ground=Ground.of(decided.label.label, spec.basis, _consent_ground(decided)),
    )


def _consent_ground(decided: ReleaseDecision) -> ConsentGround | None:
    """The consent that a release rests on, without the ledger's files: a label is given out."""
    facts = decided.consent
    return None if facts is None else ConsentGround(facts.purpose, facts.as_of, facts.persons)


def _persons(job: Job, decision: Decision) -> tuple[TablePersons, ...]:
    """The persons of the run, where a register will remember them."""
    if decision.persons is None:
        return ()
    counted = counted_persons(job, decision.persons, decision.special)
    return (TablePersons(decision.persons, decision.special, counted),)


def write_rejected(staging: str, rejects: Rejects) -> tuple[Moved, ...]:
    """Write the rejects into a staging folder, in each of the formats.

    Raises:
        OSError: They cannot be written.
    """
    written = []
    for kind in _REJECTED:
        target = f"rejected.{kind}"
        source = f"{target}.{new_attempt()}"
        with contextlib.closing(HashingStream(open_write(join(staging, source)))) as stream:
            write_rejects(stream, rejects, kind)  # type: ignore[arg-type]
        written.append(Moved(source, target, stream.tell(), stream.sha256.hexdigest()))
    return tuple(written)
