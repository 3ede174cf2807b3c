"""Typed records to released ones: treated at the levels that were decided, and without what is suppressed."""

import itertools
from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from beam_deid.transforms.columns.arrays import Bools
from beam_deid.transforms.columns.combining import combine
from beam_deid.transforms.columns.fingerprint import Fingerprints, fingerprint
from beam_deid.transforms.decide.decision import Orders, Proof, joint_key
from beam_deid.transforms.errors import InternalFault
from beam_deid.transforms.measure.record_keys import RecordKeys
from beam_deid.transforms.release.schema import release_schema
from beam_deid.transforms.risk.histogram import row_digest
from beam_deid.transforms.run.job import Job
from beam_deid.transforms.treat.gate import Gate
from beam_deid.transforms.treat.treated import TreatedBatch
from beam_deid.transforms.treat.treatment import Treatment
from beam_deid.transforms.treat.typed import Records

Quota = npt.NDArray[np.int64]
"""The number of the quota that each row falls under, int64 (n,); -1 for none."""


@dataclass(frozen=True)
class Released:
    """What a release gives out of a batch.

    Attributes:
        batch: The released rows.
        quota: Which quota each of them falls under.
        suppressed: Records that were suppressed.
        proof: What is released, for the proof. Records and values of a shuffled release are counted when parts are put together.
    """

    batch: pa.RecordBatch
    quota: Quota
    suppressed: int
    proof: Proof


class Releaser:
    """Makes released batches of one release. It holds keys, so it is made on the worker and never pickled.

    Args:
        job: The run, on a worker.
        decision: What was decided for the release, or is supposed.

    Raises:
        KeyFault: A key cannot be resolved.
    """

    def __init__(self, job: Job, decision: Orders) -> None:
        self.decision = decision
        self.schema = release_schema(job, decision)
        self._job = job
        self._layout = job.layouts[decision.release]
        gate = Gate(job, decision.release)
        self._treatment = Treatment(job, decision.release, decision.rounds[0].levels, gate=gate)
        self._later = [
            (pa.array(before.passed), Treatment(job, decision.release, one.levels, self._layout.open))
            for before, one in itertools.pairwise(decision.rounds)
        ]
        self._suppressed = {columns: pa.array(keys) for columns, keys in decision.suppressed.items()}

    def treat(self, given: RecordKeys) -> TreatedBatch:
        """The sound records of a batch as they would be released, before anything is suppressed."""
        treated, sound, faults, withheld = self._treatment.apply(given.records)
        own = given.where(given.records.where(sound))
        kept = own.records
        shown = (name for name in self._layout.fields if name not in self._layout.keyed)
        keys = {name: own.of(treated[name]) for name in shown}
        again = np.ones(len(kept), dtype=bool)
        for passed, treatment in self._later:
            again &= _among(combine([keys[name] for name in sorted(self._layout.rest)], len(kept)), passed)
            self._recode(kept, treated, keys, again, treatment)
        sources = {name: own.source(self._layout, name) for name in self._layout.keyed}
        return TreatedBatch(kept, treated, keys | sources, own.signature(), sound, faults, withheld)

    def release(self, given: TreatedBatch, joint: Fingerprints | None = None) -> Released:
        """Leave out of a batch what is suppressed.

        Args:
            given: The batch, treated; n sound records.
            joint: The key of each sound record's kind, shape (n,), where only so many of some kinds are released.
        """
        keys = self.all_keys(given)
        kept = self._passing(given)
        quota = self._quotas(joint, kept)
        kept &= ~self._is_spent(quota)
        proof = self._proof(given, keys, kept, kept & (quota < 0))
        suppressed = len(kept) - int(kept.sum())
        columns = [_decoded(given.values[name]) for name in self.schema.names]
        batch = pa.RecordBatch.from_arrays(columns, schema=self.schema)
        if suppressed:
            batch = batch.filter(pa.array(kept))
        return Released(batch, quota[kept], suppressed, proof)

    def all_keys(self, given: TreatedBatch) -> Fingerprints:
        """The key of all released values of each sound record, shape (n,)."""
        return combine([given.keys[name] for name in self._layout.fields], len(given.records))

    def _passing(self, given: TreatedBatch) -> Bools:
        """Which sound records are in no group that is suppressed."""
        length = len(given.records)
        kept = np.ones(length, dtype=bool)
        for columns, keys in self._suppressed.items():
            kept &= ~_among(combine([given.keys[name] for name in columns], length), keys)
        return kept

    def _quotas(self, joint: Fingerprints | None, kept: Bools) -> Quota:
        """Which quota each sound record falls under; none if it is suppressed with its group."""
        quota = np.full(len(kept), -1, np.int64)
        limited = self.decision.quotas[0]
        if joint is None or not len(limited):
            return quota
        place = np.minimum(np.searchsorted(limited, joint), len(limited) - 1)
        under = (limited[place] == joint) & kept
        quota[under] = place[under]
        return quota

    def _is_spent(self, quota: Quota) -> Bools:
        """Which records are of a kind of which none is released."""
        spent = np.append(self.decision.quotas[1] == 0, False)  # the last is for no quota, which is -1
        found: Bools = spent[quota]
        return found

    def _proof(self, given: TreatedBatch, keys: Fingerprints, kept: Bools, sure: Bools) -> Proof:
        """What is released, and what of it for sure."""
        each = np.ones(len(keys), np.int64)
        persons = row_digest([keys[sure], given.signature[sure]], each[sure])
        if self.decision.shuffled:
            return Proof(persons=persons)
        return Proof(int(kept.sum()), row_digest([keys[kept]], each[kept]), persons)

    def _recode(
        self,
        records: Records,
        treated: dict[str, pa.Array],
        keys: dict[str, Fingerprints],
        rows: Bools,
        treatment: Treatment,
    ) -> None:
        """Give some rows the levels of another round, in place."""
        if not rows.any():
            return
        for name, values in treatment.apply(records.where(rows)).values.items():
            treated[name] = pc.replace_with_mask(_decoded(treated[name]), pa.array(rows), _decoded(values))
            keys[name] = fingerprint(treated[name], self._job.prints)


def release_together(
    job: Job, releasers: Mapping[str, Releaser], records: Records
) -> dict[str, tuple[TreatedBatch, Released]]:
    """Release a batch in the given releases of a job: as it was treated, and what is given out of it.

    Raises:
        InternalFault: Of some that are tested together only a part is given.
    """
    keys = RecordKeys(job, records)
    treated = {name: releaser.treat(keys) for name, releaser in releasers.items()}
    found = {}
    for together in tables_of(job, releasers):
        joint = _joint(together, releasers, treated, keys)
        for name in together:
            own = None if joint is None else joint[treated[name].sound]
            found[name] = treated[name], releasers[name].release(treated[name], own)
    return found


def tables_of(job: Job, given: Collection[str]) -> list[tuple[str, ...]]:
    """The given releases of a job, those that were tested together side by side.

    Raises:
        InternalFault: Of some that were tested together only a part is given.
    """
    found = []
    for together in job.tables:
        lacking = [name for name in together if name not in given]
        if not lacking:
            found.append(together)
        elif len(lacking) < len(together):
            raise InternalFault(
                f"{', '.join(lacking)} was tested together with releases that are written without it",
                "releasing",
                "Nothing was published. Please report this message; it holds no data",
            )
    return found


def _joint(
    together: tuple[str, ...],
    releasers: Mapping[str, Releaser],
    treated: Mapping[str, TreatedBatch],
    keys: RecordKeys,
) -> Fingerprints | None:
    """The key of each record's kind: all its values in every release that is tested together, and all its identities.

    None where no kind is limited, so that nobody needs it.
    """
    if not any(len(releasers[name].decision.quotas[0]) for name in together):
        return None
    values = []
    for name in together:
        spread = np.zeros(len(keys.records), np.uint64)
        spread[treated[name].sound] = releasers[name].all_keys(treated[name])
        values.append(spread)
    return joint_key(values, keys.signature())


def _among(keys: Fingerprints, some: pa.Array) -> Bools:
    found = pc.is_in(pa.array(keys), value_set=some)
    return np.asarray(found.to_numpy(zero_copy_only=False))


def _decoded(column: pa.Array) -> pa.Array:
    return column.dictionary_decode() if isinstance(column, pa.DictionaryArray) else column
