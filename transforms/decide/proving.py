"""What the release pass must find again, and of which kinds of records only so many are released."""

from collections.abc import Mapping

import numpy as np

from beam_deid.transforms.candidate.candidate import Candidate
from beam_deid.transforms.columns.fingerprint import Fingerprints
from beam_deid.transforms.decide.choosing import Chosen
from beam_deid.transforms.decide.decision import NO_KEYS, Proof, joint_key
from beam_deid.transforms.risk.histogram import Counts, row_digest, total


def _all_keys(one: Chosen) -> Fingerprints:
    """The key of all released values of every cell, 0 where it was rejected."""
    keys = one.data.keys(one.data.layout.fields, one.recoding.levels)
    return np.where(one.data.cells.present(one.data.layout.release), keys, np.uint64(0))


def quotas(chosen: Mapping[str, Chosen], name: str) -> tuple[tuple[Fingerprints, Counts], np.ndarray]:
    """Kinds of records of which fewer are released than there are, though their groups are not; and which cells are of one."""
    one = chosen[name]
    data = one.data
    made = one.recoding.cut
    changed = made.left < data.everything
    for columns, keys in made.suppressed.items():
        changed &= ~np.isin(data.keys(columns, one.recoding.levels), keys)
    if not changed.any():
        return NO_KEYS, changed
    keys = joint_key([_all_keys(each) for each in chosen.values()], data.cells.signature)
    few = np.isin(keys, keys[changed])
    return total([(keys[few], made.left[few])]), few


def proof_of(seen: Candidate, limited: np.ndarray) -> Proof:
    """What the release pass must find again.

    Args:
        seen: The release as it was decided.
        limited: Which cells are of a kind of which only so many records are released, shape (cells,).
    """
    keys = seen.proof_keys()
    signature = seen.data.cells.signature[seen.cells]
    sure = np.flatnonzero(~limited[seen.cells])
    return Proof(
        int(seen.counts.sum()),
        row_digest([keys], seen.counts),
        row_digest([keys[sure], signature[sure]], seen.counts[sure]),
    )
