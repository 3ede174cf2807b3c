"""What ``beam-deid erase`` does, output by output, and what it tells of it."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from beam_deid.pipelines import options
from beam_deid.transforms.later.erasing import ErasedRun, Erasing, erase
from beam_deid.transforms.later.remembering import Remembering, checked_reason, registers_of
from beam_deid.transforms.later.subjects import read_subjects
from beam_deid.transforms.policy.reader import read_policy
from beam_deid.transforms.who import operator_here


@dataclass(frozen=True)
class Erased:
    """What an erasure came to.

    Attributes:
        subjects: Rows of the list of persons.
        runs: What became of each output.
        notes: What a person should know beside it, a sentence each.
    """

    subjects: int
    runs: tuple[ErasedRun, ...]
    notes: tuple[str, ...] = ()

    def to_document(self) -> dict[str, Any]:
        """Write it as ``erase --json`` prints it."""
        return {"subjects": self.subjects, "outputs": [asdict(run) for run in self.runs], "notes": list(self.notes)}


def erase_all(
    policy: str,
    outputs: Sequence[str],
    subjects: str,
    sources: tuple[str, ...],
    reason: str,
    named: str | None = None,
    workers: int | None = None,
) -> Erased:
    """Erase persons from several outputs, one after the other.

    Args:
        policy: Path of the policy.
        outputs: The outputs.
        subjects: Path of the list of persons.
        sources: Globs of the files that the outputs were made of.
        reason: Why.
        named: Who answers for it, where that is said.
        workers: Processes that read them; as many as there are cores if not given.
    """
    read = read_policy(policy)
    listed = read_subjects(read, subjects)
    why = checked_reason(reason, read, listed)
    operator = operator_here(named)
    asked = Erasing(read, listed, sources, options.worker_count(workers, len(sources)), operator._asdict())
    runs = []
    notes = []
    for place, some in registers_of(read, outputs).items():
        with Remembering(read, listed, operator, why, place) as register:
            for one in some:
                run = erase(asked, one, register.announce)
                register.confirm(one, {release.release: release.rows for release in run.releases})
                runs.append(run)
        notes.append(register.note)
    return Erased(listed.rows, tuple(runs), tuple(dict.fromkeys(filter(None, notes))))
