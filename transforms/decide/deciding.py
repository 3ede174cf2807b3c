"""From what was measured to a decision: levels, suppressed rows, the label, and what the proof must find."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from beam_deid.transforms.candidate.released_data import ReleasedData
from beam_deid.transforms.candidate.suppression import Suppressed
from beam_deid.transforms.columns.fingerprint import Fingerprints
from beam_deid.transforms.composition.composing import compose
from beam_deid.transforms.decide.choosing import Chosen, choose
from beam_deid.transforms.decide.labelling import everything_found, label_of
from beam_deid.transforms.decide.proving import NO_KEYS, proof_of, quotas
from beam_deid.transforms.decide.recoding import Round
from beam_deid.transforms.decide.refusing import refusals
from beam_deid.transforms.decide.remembering import Remembered, remember_persons, remember_release
from beam_deid.transforms.label.label import Label
from beam_deid.transforms.label.record_counts import RecordCounts
from beam_deid.transforms.label.requirements.requirement import Composed
from beam_deid.transforms.measure.cells import Cells
from beam_deid.transforms.measure.measuring import Measured, ReleaseMeasured, columns_of
from beam_deid.transforms.past.recognising import past_of
from beam_deid.transforms.past.views import Past
from beam_deid.transforms.policy.scoping import scope_of, tested_together
from beam_deid.transforms.risk.histogram import Counts, Histogram
from beam_deid.transforms.run.job import SHARD_ROWS, Job
from beam_deid.transforms.run.layout import Layout
from beam_deid.transforms.terms import LabelName


@dataclass(frozen=True)
class ReleaseDecision:
    """What the release pass must do with one release, and what it must find.

    Attributes:
        release: Its name.
        rounds: The levels that were decided for the fields that left them open; further rounds for what those before suppress.
        suppressed: The groups that are suppressed: their keys, ascending, by the columns that make them.
        quotas: Of kinds of records of which only so many are released, or none, without their group: the key, ascending, and
            how many. The key is that of all values of every release that is tested together, and of all identities.
        label: The label with its evidence.
        classes: Fingerprints and records of every combination of all released values that will be written, ascending by key.
        digest: Order-free digest of all released values of what will be written.
        records: What becomes of the records that were read.
        remembered: The fingerprints of its records, where a register wants them.
    """

    release: str
    rounds: tuple[Round, ...]
    suppressed: Suppressed
    quotas: tuple[Fingerprints, Counts]
    label: Label
    classes: tuple[Fingerprints, Counts]
    digest: int
    records: RecordCounts
    remembered: Remembered | None = None

    def without_proof(self) -> "ReleaseDecision":
        """What a worker needs to know; the classes, of which there may be millions, are for the proof alone."""
        return replace(self, classes=NO_KEYS)

    @property
    def mixed(self) -> bool:
        """Whether rows are put into an order and into parts that follow from released values alone.

        In the order of the source, a row's place would say whose it is to anybody who holds the source or another
        release of it, whatever its values say. Where people can be identified anyway it is left as it is, unless only some of
        equal rows are released, which are told when they are put together.
        """
        return self.label.label == LabelName.ANONYMIZED or bool((self.quotas[1] > 0).any())

    @property
    def parts(self) -> int:
        """The number of parts of a mixed release."""
        return max(1, -(-self.records.released // SHARD_ROWS))


@dataclass(frozen=True)
class Decision:
    """The decision for a whole run.

    Attributes:
        read: Records read.
        releases: Decision by release; empty where the run was refused.
        refused: Why the run must stop with too many rejects: one line per field and reason; else empty.
        persons: The fingerprints of all persons of the run, where a register wants them.
    """

    read: int
    releases: dict[str, ReleaseDecision] = field(default_factory=dict)
    refused: tuple[str, ...] = ()
    persons: Remembered | None = None


def decide(job: Job, measured: Measured, max_rejects: float, folder: str = "") -> Decision:
    """Decide every release of a run, unless too much of its input was rejected.

    Args:
        job: The run, with its key of fingerprints.
        measured: What the measuring pass found.
        max_rejects: Greatest share of records that may be rejected, from 0 to 1.
        folder: Where the fingerprints are written that the register will take; nowhere if empty.

    Raises:
        InputError: An attacker's table cannot be read.
        OutputError: The fingerprints cannot be written.
    """
    refused = refusals(measured, max_rejects)
    if refused:
        return Decision(measured.read, refused=refused)
    decided: dict[str, ReleaseDecision] = {}
    persons: list[Remembered] = []
    composed = tested_together(job.policy, job.releases)
    for names in job.tables:
        histogram = measured.histograms.get(names) or _nothing(job, names)
        cells = Cells(job, histogram)
        # What the policy expects to stay personal is tested with nothing, whatever was given out before.
        past = past_of(job, cells, names) if {*names} <= {*composed} else Past()
        chosen = {
            name: choose(
                ReleasedData(job, _layout(job, name, past), measured.releases.get(name, ReleaseMeasured()), cells, past)
            )
            for name in names
        }
        cuts, compositions = compose({name: one.member for name, one in chosen.items()}, past)
        after = {name: one.with_cut(cuts[name]) for name, one in chosen.items()}
        for name in names:
            decided[name] = _decision(after, name, compositions[name], measured.read, folder)
        if folder and job.register is not None and not persons:
            persons.append(remember_persons(job, cells, folder))
    return Decision(
        measured.read, {name: decided[name] for name in job.releases}, persons=persons[0] if persons else None
    )


def _layout(job: Job, name: str, past: Past) -> Layout:
    """What is measured of a release, once it is known what it is tested together with."""
    layout = job.layouts[name]
    if job.register is None or not past.names:
        return layout
    untested = [entry for entry in job.register.entries if entry.name in past.untested]
    return replace(layout, scope=scope_of(job.policy, name, job.releases, past.entries, untested, job.unregistered))


def _decision(
    chosen: Mapping[str, Chosen], name: str, compositions: Mapping[str, Composed], read: int, folder: str
) -> ReleaseDecision:
    """The decision of one release, once it is known what all that are tested together suppress."""
    one = chosen[name]
    data = one.data
    seen = one.candidate
    seen.found = replace(everything_found(one, seen), compositions=compositions)
    label = label_of(one, seen)
    released_of, limited = quotas(chosen, name)
    keys, counts, digest = proof_of(seen, limited)
    wanted = folder and data.job.remembers and label.label is LabelName.ANONYMIZED
    return ReleaseDecision(
        release=name,
        rounds=one.recoding.rounds,
        suppressed=one.recoding.cut.suppressed,
        quotas=released_of,
        label=label,
        classes=(keys, counts),
        digest=digest,
        records=RecordCounts(
            read=read,
            released=int(counts.sum()),
            suppressed=one.recoding.cut.lost(data),
            withheld=0,
            rejected=data.measured.rejected,
        ),
        remembered=remember_release(one, folder) if wanted else None,
    )


def _nothing(job: Job, names: tuple[str, ...]) -> Histogram:
    """The histogram of no record."""
    columns = columns_of(job, names)
    return Histogram({column: np.empty(0, np.uint64) for column in columns}, np.empty(0, np.int64))
