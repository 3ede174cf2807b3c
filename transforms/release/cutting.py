"""Into how many parts the rows of a shuffled release go, and how many of these are put together by one task."""

import math
from dataclasses import dataclass

from beam_deid.transforms.decide.decision import ReleaseDecision
from beam_deid.transforms.run.job import SHARD_ROWS, Job

_FEW = 4


@dataclass(frozen=True)
class Cut:
    """How a shuffled release is cut. It follows from the policy and the decision alone, not from how the input was cut.

    Every shard has a piece for each lot of parts. With a lot for each part they would be as many as the shards times the
    parts, which both grow with the rows; with lots that grow as the root of the parts none of it grows much faster than rows do.

    Attributes:
        parts: Parts.
        together: Parts of a lot, all of which are put together by one task.
    """

    parts: int
    together: int

    @classmethod
    def of(cls, job: Job, decision: ReleaseDecision) -> "Cut":
        """The cut of a release."""
        asked = job.policy.releases[decision.release].parts
        rows = SHARD_ROWS if asked is None else asked.rows
        parts = max(1, -(-decision.records.released // rows))
        return cls(parts, max(1, math.isqrt(parts) // _FEW))

    @property
    def lots(self) -> int:
        """How many lots there are."""
        return -(-self.parts // self.together)

    def parts_in(self, lot: int) -> range:
        """The numbers of the parts of a lot."""
        first = lot * self.together
        return range(first, min(first + self.together, self.parts))
