"""The gate of a release: which records it is about. The others are withheld, and counted by the reason."""

from collections import Counter
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from beam_deid.transforms.columns.arrays import Bools
from beam_deid.transforms.run.job import Job
from beam_deid.transforms.run.row_filter import RowFilter
from beam_deid.transforms.terms import Withheld
from beam_deid.transforms.treat.consent_gate import ConsentGate
from beam_deid.transforms.treat.corrected import corrected_of
from beam_deid.transforms.treat.erased import erased_of
from beam_deid.transforms.treat.typed import Records

WithheldCounts = Counter[str]
"""Records by the reason for which they are withheld: see `Withheld`."""

_REASONS = tuple(Withheld)


class Held(NamedTuple):
    """What a gate lets through.

    Attributes:
        passed: Which records pass, shape (n,).
        withheld: The others, by reason.
    """

    passed: Bools
    withheld: WithheldCounts


class Gate:
    """The gate of one release. Made on a worker.

    Args:
        job: The run, on a worker.
        release: The release.

    Raises:
        InternalFault: The ledger of consent was not read.
        KeyFault: A key of a keyed ledger cannot be resolved.
        PolicyError: A value of the row filter cannot be compared with what the files hold.
        UsageError: The register's list of persons who were erased is missing or damaged.
    """

    def __init__(self, job: Job, release: str) -> None:
        self._erased = erased_of(job)
        self._corrected = corrected_of(job)
        self._filter = RowFilter.of(job.policy, release, job.type_of)
        self._consent = None if job.policy.releases[release].consent is None else ConsentGate(job, release)

    def held(self, records: Records) -> Held:
        """What passes of some records. A record has one reason: the first that holds."""
        reasons = np.zeros(len(records), np.uint8)  # 0, or the number of a reason from 1
        if self._erased is not None:
            self._note(reasons, self._erased.among(records), Withheld.ERASED)
        if self._corrected is not None:
            self._note(reasons, self._corrected.otherwise(records), Withheld.CORRECTED)
        self._note(reasons, ~self._filter.met(records.columns, len(records)), Withheld.WHERE)
        for reason, mask in ({} if self._consent is None else self._consent.reasons(records)).items():
            self._note(reasons, mask, reason)
        counts = np.bincount(reasons, minlength=len(_REASONS) + 1)[1:]
        named = {str(reason): int(count) for reason, count in zip(_REASONS, counts, strict=True) if count}
        return Held(reasons == 0, Counter(named))

    @staticmethod
    def _note(reasons: npt.NDArray[np.uint8], mask: Bools, reason: Withheld) -> None:
        reasons[mask & (reasons == 0)] = 1 + _REASONS.index(reason)
