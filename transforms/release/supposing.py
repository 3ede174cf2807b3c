"""Releases that need no decision to be written: their policy alone shows their label, and it leaves no level open.

What is supposed of such a release is that every sound record is given out, in the order of its source. Most often it is so. Where
it was decided otherwise, whatever was written is removed, and the rows are released in a second read.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from beam_deid.transforms.candidate.cut import Suppressed
from beam_deid.transforms.columns.fingerprint import Fingerprints
from beam_deid.transforms.decide.decision import NO_KEYS, ReleaseDecision, Round
from beam_deid.transforms.decide.labelling import fields_with_keys
from beam_deid.transforms.label.environment import DeclaredEnvironment
from beam_deid.transforms.label.evidence import FieldFacts
from beam_deid.transforms.label.requirements import planned
from beam_deid.transforms.label.scope import Knowledge, Scope
from beam_deid.transforms.label.stating import as_recipient_sees
from beam_deid.transforms.policy.plan_label import obstacles
from beam_deid.transforms.release.facts import RunFacts
from beam_deid.transforms.release.schema import release_schema
from beam_deid.transforms.risk.histogram import Counts
from beam_deid.transforms.run.job import Job
from beam_deid.transforms.storage.paths import is_local
from beam_deid.transforms.terms import LabelName


@dataclass(frozen=True)
class SupposedLabel:
    """What files say of a label that a policy alone shows: see `decide.decision.Stamp`.

    Attributes:
        environment: The environment as declared.
        attackers: Declared attackers.
        limits: The limit of every test.
        fields: How each field is released, with the key that makes it.
        label: The label.
        condition: Under what condition it holds.
    """

    environment: DeclaredEnvironment
    attackers: Mapping[str, Knowledge]
    limits: Mapping[str, float | None]
    fields: Mapping[str, FieldFacts]
    label: LabelName = LabelName.STILL_PERSONAL
    condition: str = ""

    @classmethod
    def of(cls, job: Job, scope: Scope) -> "SupposedLabel":
        """The label of a release.

        Raises:
            KeyFault: A key cannot be resolved.
        """
        limits = {test.name: test.limit for _, test in planned(scope)}
        return cls(scope.environment, scope.attackers, limits, fields_with_keys(job, scope))


@dataclass(frozen=True)
class Supposed:
    """What is supposed to be decided for a release: see `decide.decision.Orders`.

    Attributes:
        release: Its name.
        label: What files say of its label.
        rounds: One, in which no level is open.
        suppressed: No groups.
        quotas: None.
        shuffled: Never.
    """

    release: str
    label: SupposedLabel
    rounds: tuple[Round, ...] = (Round({}, np.empty(0, np.uint64)),)
    suppressed: Suppressed = field(default_factory=dict)
    quotas: tuple[Fingerprints, Counts] = NO_KEYS
    shuffled: bool = False

    def is_decided(self, job: Job, decided: ReleaseDecision) -> bool:
        """Whether a decision is what was supposed, so that its rows are the same, and so are the bytes of its parts."""
        return (
            len(decided.rounds) == 1
            and not decided.rounds[0].levels
            and not decided.shuffled
            and not decided.records.suppressed
            and not any(map(len, decided.suppressed.values()))
            and not len(decided.quotas[0])
            and release_schema(job, self).equals(release_schema(job, decided), check_metadata=True)
        )


def suppositions(job: Job, staging: str) -> dict[str, Supposed]:
    """The releases of a run that can be written before anything is decided.

    Rows that a decision might suppress wait for it where they could not be removed for sure: a store may keep what is deleted.

    Args:
        job: The run.
        staging: The folder that they are written to.

    Raises:
        KeyFault: A key cannot be resolved.
    """
    may_suppress = is_local(staging)
    found = (
        name
        for name in job.releases
        if _is_shown_by_its_policy(job, name) and (may_suppress or not job.policy.releases[name].require.suppression)
    )
    return {name: Supposed(name, SupposedLabel.of(job, job.layouts[name].scope)) for name in found}


def as_supposed(job: Job, decisions: Mapping[str, ReleaseDecision], written: RunFacts, staging: str) -> RunFacts:
    """What of the first read stands, now that all is decided.

    A record that no release could read is told by whichever read is the last: by this one if nothing else is to be released.

    Args:
        job: The run, with its key of fingerprints.
        decisions: What was decided, by release; nothing where the run was refused.
        written: What was written before.
        staging: The folder that it was written to.

    Raises:
        KeyFault: A key cannot be resolved.
    """
    if not decisions:
        return RunFacts()
    supposed = suppositions(job, staging)
    kept = {
        name: written.releases[name]
        for name, decided in decisions.items()
        if name in supposed
        and name in written.releases
        and written.releases[name].read == decided.records.read
        and supposed[name].is_decided(job, decided)
    }
    told = {*kept, ""} if len(kept) == len(decisions) else {*kept}
    return RunFacts(kept, [reject for reject in written.rejects if reject[-1] in told])


def _is_shown_by_its_policy(job: Job, name: str) -> bool:
    layout = job.layouts[name]
    alone = (name,) in job.tables
    return alone and not layout.open and bool(obstacles(job.policy, layout.scope)) and not _may_hide(job, name)


def _may_hide(job: Job, name: str) -> bool:
    """Whether nobody may be identifiable for the recipient, so that rows must not stand in the order of their source."""
    declared = job.declared_of(name)
    if declared is None or declared.unknown:
        return False
    return not obstacles(job.policy, as_recipient_sees(job.layouts[name].scope, declared.absent))
