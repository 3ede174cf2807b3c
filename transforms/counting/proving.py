"""What the release pass must find again of a release in buckets: see `decide.proving`."""

from dataclasses import dataclass

import numpy as np

from beam_deid.transforms.candidate.candidate import Candidate
from beam_deid.transforms.candidate.cut import Suppressed
from beam_deid.transforms.candidate.references import References
from beam_deid.transforms.columns.among import is_among
from beam_deid.transforms.columns.fingerprint import Fingerprints
from beam_deid.transforms.counting.classes import Classes
from beam_deid.transforms.counting.suppressing import BucketCut
from beam_deid.transforms.decide.decision import Proof, joint_key
from beam_deid.transforms.decide.proving import proof_of
from beam_deid.transforms.risk.histogram import Counts, total
from beam_deid.transforms.run.stages import Out, Stages

Quotas = tuple[Fingerprints, Counts]


def proved(cut: BucketCut, stages: Stages) -> tuple[Quotas, Proof]:
    """Kinds of records of which fewer are released than there are, though their groups are not; and the proof."""
    found, _ = stages.run(_Prove(cut.classes, cut.suppressed), cut.classes.filled)
    return total([quotas for quotas, _ in found]), Proof.merge([proof for _, proof in found])


def unsuppressed(seen: Candidate, suppressed: Suppressed) -> np.ndarray:
    """Rows of which some records are not released, though their groups are not suppressed, shape (n,), bool."""
    changed = seen.left < seen.data.everything
    for columns, keys in suppressed.items():
        changed &= ~is_among(seen.data.keys(columns, seen.levels), keys)
    return changed


@dataclass(frozen=True)
class _Prove:
    """Works out what must be found again of a bucket."""

    classes: Classes
    suppressed: Suppressed

    def run(self, bucket: int, out: Out) -> tuple[Quotas, Proof]:
        """See `Task.run`."""
        seen = self.classes.seen(bucket, References(True, {}, {}))
        changed = unsuppressed(seen, self.suppressed)
        keys = joint_key([seen.data.keys(seen.scope.columns, seen.levels)], seen.data.cells.signature)
        few = np.isin(keys, keys[changed]) if changed.any() else changed
        return total([(keys[few], seen.left[few])]), proof_of(seen, few)
