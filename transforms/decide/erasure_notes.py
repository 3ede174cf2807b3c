"""Why a release no longer goes together with an earlier one of the same records: persons were erased in between."""

from collections.abc import Iterator

from beam_deid.transforms.decide.decision import ReleaseDecision
from beam_deid.transforms.label.scope import EVERY
from beam_deid.transforms.policy.nearest import bare
from beam_deid.transforms.run.job import Job
from beam_deid.transforms.terms import Withheld

_LINE = 8


def erasure_notes(job: Job, decided: ReleaseDecision) -> Iterator[str]:
    """A sentence without a full stop where whoever has an earlier release sees who was erased since.

    Args:
        job: The run, which knows its register.
        decided: What was decided for a release.
    """
    register = job.register
    gone = decided.records.withheld_by.get(Withheld.ERASED, 0)
    if register is None or not gone:
        return
    failing = {test.name.partition(":")[2] for test in decided.label.tests if test.line == _LINE and not test.passed}
    before = [entry.name for entry in register.entries if entry.made_at < register.erased_at]
    met = [name for name in before if {name, EVERY} & failing]
    if met:
        yield (
            f"{bare(decided.release)}: line {_LINE} fails because of an erasure: {', '.join(met)} was made before it, and whoever "
            f"has both sees whose the {gone:,} records are that are left out here. Coarser levels or a share of rows that may be "
            "suppressed can hide them; an earlier release that was never given out: beam-deid releases forget"
        )
