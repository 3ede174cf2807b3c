"""What ``beam-deid erase`` does, output by output, and what it tells of it."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from beam_deid.pipelines import options
from beam_deid.transforms.later.erasing import ErasedRun, Erasing, erase
from beam_deid.transforms.later.subjects import read_subjects
from beam_deid.transforms.policy.reader import read_policy


@dataclass(frozen=True)
class Erased:
    """What an erasure came to.

    Attributes:
        subjects: Rows of the list of persons.
        runs: What became of each output.
    """

    subjects: int
    runs: tuple[ErasedRun, ...]

    def to_document(self) -> dict[str, Any]:
        """Write it as ``erase --json`` prints it."""
        return {"subjects": self.subjects, "outputs": [asdict(run) for run in self.runs]}


def erase_all(
    policy: str, outputs: Sequence[str], subjects: str, sources: tuple[str, ...], reason: str, workers: int | None
) -> Erased:
    """Erase persons from several outputs, one after the other.

    Args:
        policy: Path of the policy.
        outputs: The outputs.
        subjects: Path of the list of persons.
        sources: Globs of the files that the outputs were made of.
        reason: Why.
        workers: Processes that read them; as many as there are cores if not given.
    """
    read = read_policy(policy)
    listed = read_subjects(read, subjects)
    asked = Erasing(read, listed, sources, options.worker_count(workers, len(sources)))
    return Erased(listed.rows, tuple(erase(asked, one) for one in outputs))
