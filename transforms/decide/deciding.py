"""From what was measured to a decision: levels, suppressed rows, the label, and what the proof must find."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from beam_deid.transforms.candidate.released_data import ReleasedData
from beam_deid.transforms.composition.composing import compose
from beam_deid.transforms.decide.choosing import Chosen, choose
from beam_deid.transforms.decide.decision import ReleaseDecision
from beam_deid.transforms.decide.labelling import label_of, with_findings
from beam_deid.transforms.decide.proving import proof_of, quotas
from beam_deid.transforms.decide.remembering import remember_release
from beam_deid.transforms.label.found import Composed
from beam_deid.transforms.label.record_counts import RecordCounts
from beam_deid.transforms.measure.cells import Cells
from beam_deid.transforms.measure.histogram_columns import columns_of
from beam_deid.transforms.measure.measured import Measured, ReleaseMeasured
from beam_deid.transforms.past.known_records import past_of
from beam_deid.transforms.past.views import Past
from beam_deid.transforms.policy.scoping import scope_of, tested_together
from beam_deid.transforms.risk.histogram import Histogram
from beam_deid.transforms.run.job import Job
from beam_deid.transforms.run.layout import Layout
from beam_deid.transforms.terms import LabelName


def decide_table(
    job: Job, names: tuple[str, ...], measured: Measured, folder: str = ""
) -> tuple[dict[str, ReleaseDecision], Cells]:
    """Decide the releases that are counted together, over all their records at once.

    Args:
        job: The run, with its key of fingerprints.
        names: The releases.
        measured: What the measuring pass found.
        folder: Where the fingerprints are written that the register will take; nowhere if empty.

    Returns:
        The decisions, and the records.

    Raises:
        InputError: An attacker's table cannot be read.
        OutputError: The fingerprints cannot be written.
        UsageError: A table of the register was changed while it was read.
    """
    composed = tested_together(job.policy, job.releases)
    cells = Cells(job, records_of(job, names, measured))
    # What the policy expects to stay personal is tested with nothing, whatever was given out before.
    past = past_of(job, cells, names) if {*names} <= {*composed} else Past()
    chosen = {
        name: choose(
            ReleasedData(job, layout_of(job, name, past), measured.releases.get(name, ReleaseMeasured()), cells, past)
        )
        for name in names
    }
    settled = next(iter(chosen.values())).settled if len(chosen) == 1 else None
    cuts, compositions = compose({name: one.member for name, one in chosen.items()}, past, settled)
    after = {name: one.with_cut(cuts[name]) for name, one in chosen.items()}
    decided = {name: _decision(after, name, compositions[name], measured.read, folder) for name in names}
    past.check()
    return decided, cells


def records_of(job: Job, names: tuple[str, ...], measured: Measured) -> Histogram:
    """The records of releases that are counted together; none where all were rejected."""
    columns = columns_of(job, names)
    nothing = Histogram({column: np.empty(0, np.uint64) for column in columns}, np.empty(0, np.int64))
    return measured.histograms.get(names, nothing)


def layout_of(job: Job, name: str, past: Past) -> Layout:
    """The layout of a release, once it is known which earlier releases it is tested with."""
    layout = job.layouts[name]
    if job.register is None or not past.names:
        return layout
    untested = [entry for entry in job.register.entries if entry.name in past.untested]
    scope = scope_of(job.policy, name, job.releases, past.entries, untested, job.unregistered, job.at)
    return replace(layout, scope=replace(scope, ignored=layout.scope.ignored))


def _decision(
    chosen: Mapping[str, Chosen], name: str, compositions: Mapping[str, Composed], read: int, folder: str
) -> ReleaseDecision:
    """The decision of one release, once it is known what all that are tested together suppress."""
    one = chosen[name]
    data = one.data
    seen = with_findings(one, compositions)
    label = label_of(one, seen)
    released_of, limited = quotas(chosen, name)
    proof = proof_of(seen, limited)
    wanted = folder and data.job.remembers and label.label is LabelName.ANONYMIZED
    return ReleaseDecision(
        release=name,
        rounds=one.recoding.rounds,
        suppressed=one.recoding.cut.suppressed,
        quotas=released_of,
        label=label,
        proof=proof,
        records=RecordCounts.counted(
            read=read,
            released=proof.records,
            suppressed=one.recoding.cut.lost(data.everything),
            rejected=data.measured.rejected,
            withheld_by=data.measured.withheld,
        ),
        remembered=remember_release(one, folder) if wanted else None,
    )
