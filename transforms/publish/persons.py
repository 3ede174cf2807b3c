"""How many persons a run was about, for ``run.json``, the register, and a person where a threshold is near."""

from collections.abc import Mapping
from typing import Any

from beam_deid.transforms.clock import now
from beam_deid.transforms.decide.decision import Remembered
from beam_deid.transforms.errors import DeidError
from beam_deid.transforms.label.documents import plain
from beam_deid.transforms.policy.special_persons import Special, special_fields
from beam_deid.transforms.policy.table_policy import common_subject
from beam_deid.transforms.register.document import Document
from beam_deid.transforms.register.persons_counted import ABROAD, SENSITIVE, Reached, count_persons, may_tell, year_of
from beam_deid.transforms.run.job import Job
from beam_deid.transforms.storage.paths import shown


def counted_persons(job: Job, persons: Remembered | None, special: Remembered | None) -> dict[str, Any] | None:
    """Count the distinct persons whose records a run read, by the subject.

    Args:
        job: The run.
        persons: All persons, by every identity.
        special: Those whom the law protects more.

    Returns:
        ``subject``; ``persons``; of each `Special` how many, None where it is not known; and ``by``, the fields that tell.
        Of a table among several also ``common_subject``: the subject by the name that all of them know it by.
        None where nobody counts: without a register, or where nobody says whose the records are.
    """
    subject = job.policy.subject
    if persons is None or subject is None or subject not in persons.counts:
        return None
    return {
        "subject": subject,
        **({"common_subject": common} if (common := common_subject(job.policy)) else {}),
        "persons": persons.counts[subject],
        **{str(group): _counted(job, special, group) for group in Special},
        "by": plain(job.special),
    }


def _counted(job: Job, special: Remembered | None, group: Special) -> int | None:
    """How many persons of a group were found; None where no field tells, or none was found and a field that tells was not read."""
    found = special.counts.get(str(group)) if special is not None else None
    if found:
        return found
    telling = special_fields(job.policy, job.policy.fields).get(group, ())
    return found if set(telling) <= set(job.special.get(group, ())) else None


def counts_of(counted: Mapping[str, Any] | None) -> dict[str, int]:
    """The same as the register holds it: the figures alone."""
    names = ("persons", *map(str, Special))
    return {name: counted[name] for name in names if counted is not None and counted[name] is not None}


def threshold_notes(document: Document, path: str) -> tuple[str, ...]:
    """What a person is told of thresholds that the persons of a register are near to, or have reached.

    Tables of persons are read only where the sum of all runs' persons, which counts a person several times, comes near to one.

    Args:
        document: The register.
        path: Its folder.
    """
    year = year_of(now())
    if not may_tell(document, year):
        return ()
    try:
        found = count_persons(document, path, year)
    except DeidError as error:  # the run is published, and whole
        return (f"the persons of the register cannot be counted: {error.what}",)
    return tuple(_note(one, path, year) for one in found.telling)


def _note(reached: Reached, path: str, year: int) -> str:
    threshold = reached.threshold
    count = f"{reached.persons or 0:,}"
    counted = f"{count} persons with sensitive information" if threshold.group == SENSITIVE else f"{count} persons"
    if threshold.of == ABROAD:
        counted = f"{counted} were given abroad in {year} at most"
    else:
        counted = f"{counted} were handled by the runs of this register"
    how = "is reached" if reached.state == "reached" else "is near"
    return (
        f"{counted}, and the threshold of {threshold.least:,} {how} ({threshold.source}); "
        f"what it would require: beam-deid releases persons {shown(path)}"
    )
