"""A release's actions, bound to keys and levels: columns in, released columns out."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from beam_deid.transforms.actions.action import Beside, Bound, Treated
from beam_deid.transforms.actions.hierarchy import Hierarchy
from beam_deid.transforms.actions.levelled import Levelled
from beam_deid.transforms.columns.arrays import Bools
from beam_deid.transforms.formats.format import Fault
from beam_deid.transforms.policy.roles import released_fields
from beam_deid.transforms.policy.scoping import tested_together
from beam_deid.transforms.recognisers.identity import identity_text
from beam_deid.transforms.run.job import Job
from beam_deid.transforms.terms import Reason
from beam_deid.transforms.treat.gate import Gate, WithheldCounts
from beam_deid.transforms.treat.typed import Records


class Applied(NamedTuple):
    """What became of n records.

    Attributes:
        values: The treated columns of the sound records, by field.
        sound: Which records those are, shape (n,).
        faults: The faults of those that are rejected.
        withheld: Those that the release is not about, by reason.
    """

    values: dict[str, pa.Array]
    sound: Bools
    faults: list[Fault]
    withheld: WithheldCounts


class Treatment:
    """The actions of one release, ready to be applied. Built on the worker; holds keys, so it is never pickled.

    Args:
        job: The run.
        release: The release's name.
        levels: The decided level of each field that left it open. A field that is missing here is brought to its
            base only, which is what measuring wants.
        fields: The fields to treat; all released ones if not given.
        gate: What says which records the release is about; all are let through if not given.

    Raises:
        KeyFault: A key that an action needs cannot be resolved.
    """

    def __init__(
        self,
        job: Job,
        release: str,
        levels: Mapping[str, int],
        fields: Sequence[str] | None = None,
        gate: Gate | None = None,
    ) -> None:
        self._gate = gate
        self.fields = tuple(fields if fields is not None else released_fields(job.policy, release))
        self._subject = job.policy.subject_field
        self._subject_kind = None if self._subject is None else job.policy.kind(self._subject)
        self._record = (
            job.policy.record if job.remembers and release in tested_together(job.policy, job.releases) else None
        )
        self._record_kind = None if self._record is None else job.policy.kind(self._record)
        self._bound: dict[str, Bound] = {}
        self._beside: dict[str, Beside | None] = {}
        self._normalizes: dict[str, bool] = {}
        keys = job.keys
        for name in self.fields:
            action = job.policy.releases[release].fields[name]
            target = job.policy.target(release, name)
            if isinstance(action, Levelled) and action.fixed_level() is None and name not in levels:
                self._bound[name] = _base(action.generalization_hierarchy())
            else:
                self._bound[name] = action.bind(target, keys, levels.get(name))
            self._beside[name] = action.beside
            self._normalizes[name] = action.normalizes

    def apply(self, records: Records) -> Applied:
        """Treat records, but for those that are withheld: nothing is said of their values."""
        if self._gate is None:
            return self._treated(records)
        passed, withheld = self._gate.held(records)
        if not withheld:
            return self._treated(records)
        applied = self._treated(records.where(passed))
        passed[passed] = applied.sound
        return applied._replace(sound=passed, withheld=withheld)

    def _treated(self, records: Records) -> Applied:
        subject = None
        if self._subject is not None and self._subject in records.columns:
            subject = records.made_from(self._subject, normalizes=True)
        places = records.places if Beside.PLACE in self._beside.values() else None
        columns = {None: None, Beside.SUBJECT: subject, Beside.PERSON: self._persons(records), Beside.PLACE: places}
        treated: dict[str, pa.Array] = {}
        faults: list[Fault] = []
        sound = np.ones(len(records), dtype=bool)
        for name, bound in self._bound.items():
            values, wrong, reason = bound(records.made_from(name, self._normalizes[name]), columns[self._beside[name]])
            treated[name] = values
            if wrong is not None and reason is not None:
                mask = wrong.to_numpy(zero_copy_only=False)
                if mask.any():
                    faults.append(Fault(records.rows[mask], name, reason))
                    sound &= ~mask
        if self._record is not None and self._record in records.columns:
            own = records.record_key
            unknown = pc.is_null(
                identity_text(records.columns[self._record], self._record_kind) if own is None else own
            )
            mask = unknown.to_numpy(zero_copy_only=False)
            if mask.any():  # nobody could say later which record it was
                faults.append(Fault(records.rows[mask], self._record, Reason.NO_RECORD_NUMBER))
                sound &= ~mask
        if not sound.all():
            keep = pa.array(sound)
            treated = {name: column.filter(keep) for name, column in treated.items()}
        return Applied(treated, sound, faults, Counter())

    def _persons(self, records: Records) -> pa.Array | None:
        """Whom each record is about, in one spelling, shape (n,); None where no action asks for that."""
        if Beside.PERSON not in self._beside.values() or self._subject is None or self._subject not in records.columns:
            return None
        return identity_text(records.columns[self._subject], self._subject_kind)


def _base(hierarchy: Hierarchy[Any]) -> Bound:
    def bring(column: pa.Array, subject: pa.Array | None) -> Treated:
        return hierarchy.base(column)

    return bring
