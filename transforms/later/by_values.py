"""Rows found by what the policy makes of a person's identities: tokens, ciphertexts, keyed hashes, or the identity itself."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from beam_deid.transforms.actions.action import Beside
from beam_deid.transforms.columns.arrays import Bools
from beam_deid.transforms.columns.canonical_text import canonical_text
from beam_deid.transforms.dataset.recomputable import Recomputable
from beam_deid.transforms.later.subjects import Subjects
from beam_deid.transforms.policy.model import Policy
from beam_deid.transforms.policy.roles import deterministic, recoverability
from beam_deid.transforms.recognisers.identity import identity_text
from beam_deid.transforms.terms import Recoverability
from beam_deid.transforms.treat.treatment import Treatment


@dataclass(frozen=True)
class ByValues:
    """Finds rows by released values that stand for one identity each.

    Attributes:
        policy: The policy.
        values: By released column what each of n persons is in it, as text, shape (n,); null where nothing there is theirs.
        clear: Those of the columns that hold the identities themselves, in any spelling.
        met: Which of the persons were found so far, shape (n,).
        secretless: How many of the persons have no secret, where the release has tokens under such: either they are not in it, or
            nobody can tell which tokens are theirs.
    """

    policy: Policy
    values: Mapping[str, pa.Array]
    clear: frozenset[str]
    met: Bools
    secretless: int = 0

    @property
    def columns(self) -> Sequence[str]:
        """The released columns that stand for identities."""
        return tuple(self.values)

    @property
    def by(self) -> str:
        """The columns, in words."""
        return f"by {', '.join(self.values)}"

    def found(self, batch: pa.RecordBatch, is_text: bool) -> Bools:
        """Which rows have one of the values in one of the columns, shape (n,)."""
        mask = np.zeros(batch.num_rows, np.bool_)
        for name, values in self.values.items():
            column = batch.column(name)
            texts = identity_text(column, self.policy.kind(name)) if name in self.clear else canonical_text(column)
            found = pc.is_in(texts, value_set=values.drop_null())
            hits = texts.filter(found)
            if len(hits):
                mask |= found.to_numpy(zero_copy_only=False)
                self.met[:] |= pc.is_in(values, value_set=hits).to_numpy(zero_copy_only=False)
        return mask


def values_of(again: Recomputable, release: str, subjects: Subjects) -> ByValues:
    """What a release makes of persons' identities, in those of its columns in which equal values are one identity's.

    Args:
        again: Which columns of the release can be made again; its job has the keys that made it.
        release: The release.
        subjects: The persons.
    """
    policy = again.job.policy
    spec = policy.releases[release]
    here = [name for name in subjects.spelt if name in spec.fields]
    clear = frozenset(name for name in here if recoverability(policy, release, name) is Recoverability.CLEAR)
    keyed = [name for name in here if name in again.written and _is_one(policy, release, name, subjects)]
    values = {name: subjects.spelt[name] for name in clear}
    secretless = 0
    for name in keyed:
        # A value that the treatment rejects is in no release: its record was rejected as well.
        applied = Treatment(again.job, release, {}, [name]).apply(subjects.records)
        values[name] = _in_place(canonical_text(applied.values[name]), applied.sound)
        if spec.fields[name].beside is Beside.PERSON:
            secretless = max(secretless, int((~applied.sound).sum()))
    met = np.zeros(len(subjects.records), np.bool_)
    return ByValues(policy, {name: values[name] for name in here if name in values}, clear, met, secretless)


def _is_one(policy: Policy, release: str, name: str, subjects: Subjects) -> bool:
    """Whether a token stands for one identity: everywhere, or under the secret of a person whom the list names."""
    by_person = policy.releases[release].fields[name].beside is Beside.PERSON
    return policy.subject_field in subjects.spelt if by_person else deterministic(policy, release, name)


def _in_place(sound: pa.Array, where: Bools) -> pa.Array:
    """A column of the sound ones of n records in the places that these have among all, shape (n,)."""
    return sound.take(pa.array(np.cumsum(where) - 1, mask=~where))
