"""What a release pass did: counted where it was done, merged, and compared with the decision by the proof."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from beam_deid.transforms.decide.decision import Proof
from beam_deid.transforms.treat.gate import WithheldCounts
from beam_deid.transforms.treat.part import WrittenPart
from beam_deid.transforms.treat.rejected import Rejects


@dataclass
class PartFacts:
    """What was written of one release, for the proof.

    Attributes:
        files: The parts.
        attempts: The attempt at each shard whose pieces count, by the shard's number.
        proof: What was released, to be compared with what was decided.
        read: Records read.
        suppressed: Records suppressed.
        rejected: Records rejected.
        withheld: Records withheld, by reason.
        nbytes: Bytes of the released rows, in memory.
    """

    files: list[WrittenPart] = field(default_factory=list)
    attempts: dict[int, str] = field(default_factory=dict)
    proof: Proof = field(default_factory=Proof)
    read: int = 0
    suppressed: int = 0
    rejected: int = 0
    withheld: WithheldCounts = field(default_factory=Counter)
    nbytes: int = 0

    @property
    def written(self) -> int:
        """Bytes of the parts."""
        return sum(file.size for file in self.files)

    @classmethod
    def merge(cls, parts: Sequence["PartFacts"]) -> "PartFacts":
        """All parts together; associative, and in the order of the parts' names."""
        return cls(
            sorted((file for part in parts for file in part.files), key=lambda file: file.path),
            {shard: attempt for part in parts for shard, attempt in part.attempts.items()},
            Proof.merge(part.proof for part in parts),
            sum(part.read for part in parts),
            sum(part.suppressed for part in parts),
            sum(part.rejected for part in parts),
            sum((part.withheld for part in parts), Counter()),
            sum(part.nbytes for part in parts),
        )


@dataclass
class RunFacts:
    """What the release pass did.

    Attributes:
        releases: What was written, by release.
        rejects: What was rejected; empty where rejects are told one by one.
    """

    releases: dict[str, PartFacts] = field(default_factory=dict)
    rejects: Rejects = field(default_factory=list)

    @property
    def read(self) -> int:
        """Records read; every release reads all of them."""
        return max((part.read for part in self.releases.values()), default=0)

    @property
    def rejected(self) -> int:
        """Records of which some release rejected a value; at least so many, where releases reject different ones."""
        return max((part.rejected for part in self.releases.values()), default=0)

    @property
    def rows(self) -> int:
        """Rows of the files that were written."""
        return sum(file.rows for part in self.releases.values() for file in part.files)

    @property
    def nbytes(self) -> int:
        """Bytes of the files that were written; of the rows in memory where they went elsewhere."""
        return sum(part.written or part.nbytes for part in self.releases.values())

    @classmethod
    def merge(cls, parts: Sequence["RunFacts"]) -> "RunFacts":
        """All parts together; associative, and independent of their order."""
        names = dict.fromkeys(name for part in parts for name in part.releases)
        return cls(
            {name: PartFacts.merge(list(_of(parts, name))) for name in names},
            sorted(reject for part in parts for reject in part.rejects),
        )


def _of(parts: Sequence[RunFacts], name: str) -> Iterable[PartFacts]:
    return (part.releases[name] for part in parts if name in part.releases)
