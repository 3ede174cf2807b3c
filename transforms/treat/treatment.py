"""A release's actions, bound to keys and levels: columns in, released columns out."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from beam_deid.transforms.actions.action import Beside, Bound, Treated
from beam_deid.transforms.actions.hierarchy import Hierarchy
from beam_deid.transforms.actions.levelled import Levelled
from beam_deid.transforms.formats.format import Fault
from beam_deid.transforms.policy.roles import released_fields
from beam_deid.transforms.policy.scoping import tested_together
from beam_deid.transforms.recognisers.identity import identity_text
from beam_deid.transforms.run.job import Job
from beam_deid.transforms.terms import Reason
from beam_deid.transforms.treat.typed import Records


class Treatment:
    """The actions of one release, ready to be applied. Built on the worker; holds keys, so it is never pickled.

    Args:
        job: The run.
        release: The release's name.
        levels: The decided level of each field that left it open. A field that is missing here is brought to its
            base only, which is what measuring wants.
        fields: The fields to treat; all released ones if not given.

    Raises:
        KeyFault: A key that an action needs cannot be resolved.
    """

    def __init__(self, job: Job, release: str, levels: Mapping[str, int], fields: Sequence[str] | None = None) -> None:
        self.fields = tuple(fields if fields is not None else released_fields(job.policy, release))
        self._subject = job.policy.subject_field
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

    def apply(self, records: Records) -> tuple[dict[str, pa.Array], np.ndarray, list[Fault]]:
        """Treat records.

        Returns:
            The treated columns for the sound records; a boolean mask (len(records),) of which those are; and the
            faults of the others.
        """
        subject = None
        if self._subject is not None and self._subject in records.columns:
            subject = records.made_from(self._subject, normalizes=True)
        places = records.places if Beside.PLACE in self._beside.values() else None
        columns = {None: None, Beside.SUBJECT: subject, Beside.PLACE: places}
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
        return treated, sound, faults


def _base(hierarchy: Hierarchy[Any]) -> Bound:
    def bring(column: pa.Array, subject: pa.Array | None) -> Treated:
        return hierarchy.base(column)

    return bring
