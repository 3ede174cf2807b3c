"""What ``beam-deid erase`` and ``beam-deid correct`` do, output by output, and what they tell of it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from beam_deid.pipelines import options
from beam_deid.pipelines.recording import operator_of
from beam_deid.pipelines.report.papers import reports
from beam_deid.transforms.later.correcting import Correcting, correct
from beam_deid.transforms.later.corrections import read_corrections
from beam_deid.transforms.later.destroying_secrets import Secrets
from beam_deid.transforms.later.erasing import erase
from beam_deid.transforms.later.naming_nobody import name_nobody
from beam_deid.transforms.later.of_tables import policy_of_one_table
from beam_deid.transforms.later.referring import with_referring
from beam_deid.transforms.later.remembering import Remembering, persons_of, registers_of
from beam_deid.transforms.later.republishing import ToldRun
from beam_deid.transforms.later.searching import Erasing
from beam_deid.transforms.later.seen import Seen
from beam_deid.transforms.later.sources import Sources
from beam_deid.transforms.later.subjects import Subjects, read_subjects
from beam_deid.transforms.persons.account import OPERATOR, REASON, checked_line
from beam_deid.transforms.policy.key_sources import key_sources
from beam_deid.transforms.policy.model import Policy
from beam_deid.transforms.policy.reader import read_any_policy
from beam_deid.transforms.policy.tables import TablesPolicy, policies_by_table
from beam_deid.transforms.register.document import RequestKind
from beam_deid.transforms.who import Operator


@dataclass(frozen=True)
class Asked:
    """What was said on a command line.

    Attributes:
        policy: Path of the policy.
        outputs: The outputs.
        subjects: Path of the list of persons, or of corrected records.
        sources: Globs of the files that the outputs were made of.
        reason: Why.
        operator: Who answers for it, where that is said.
        workers: Processes that read the source; as many as there are cores if not given.
    """

    policy: str
    outputs: tuple[str, ...]
    subjects: str
    sources: tuple[str, ...]
    reason: str
    operator: str | None = None
    workers: int | None = None


@dataclass(frozen=True)
class Done:
    """What it came to.

    Attributes:
        kind: What was asked.
        subjects: Rows of the list.
        runs: What became of each output.
        notes: What a person should know beside it, a sentence each.
        not_found: How many rows of a list of persons name nobody who was found; None where nobody was looked for.
        secrets: How many secrets of the persons were destroyed; None where the policy has no tokens under any.
    """

    kind: RequestKind
    subjects: int
    runs: tuple[ToldRun, ...]
    notes: tuple[str, ...] = ()
    not_found: int | None = None
    secrets: int | None = None

    def to_document(self) -> dict[str, Any]:
        """Write it as ``--json`` prints it."""
        not_found = {"not_found": self.not_found} if self.kind is RequestKind.ERASED else {}
        return {
            "subjects": self.subjects,
            **not_found,
            **({} if self.secrets is None else {"secrets_destroyed": self.secrets}),
            "outputs": [asdict(run) for run in self.runs],
            "notes": list(self.notes),
        }


def erase_all(asked: Asked) -> Done:
    """Erase persons from several outputs, one after the other."""
    policy = read_any_policy(asked.policy)
    policies = policies_by_table(policy)
    first = next(iter(policies.values()))
    listed = read_subjects(policy, asked.subjects)
    why, operator = _account(asked, policy, listed.of)
    secrets = Secrets(policies, listed)
    workers = options.worker_count(asked.workers, len(asked.sources))
    seen = Seen(listed.rows)
    runs = []
    notes = []
    with Sources(policy, asked.sources) as sources:
        persons = with_referring(listed, sources.tables)
        erasing = Erasing(policies, persons, sources, seen, workers, operator._asdict(), reports)
        for place, outputs in registers_of(first, asked.outputs).items():
            with Remembering(
                RequestKind.ERASED, first, persons_of(persons, policies), operator, why, place
            ) as register:
                runs += _each(outputs, register, lambda one, held: erase(erasing, one, held))
            notes.append(register.note)
    # Last: without the secrets nobody could tell which rows are these persons'.
    destroyed = secrets.destroy(operator, why) if secrets.are_kept else None
    told = tuple(dict.fromkeys(filter(None, notes)))
    return Done(RequestKind.ERASED, listed.rows, tuple(runs), told, seen.unseen, destroyed)


def correct_all(asked: Asked) -> Done:
    """Correct records in several outputs, one after the other."""
    policy = policy_of_one_table(asked.policy)
    corrections = read_corrections(policy, asked.subjects)
    why, operator = _account(asked, policy, {"": corrections.numbers})
    correcting = Correcting(policy, corrections, asked.sources, operator._asdict(), reports)
    runs = []
    notes = []
    for place, outputs in registers_of(policy, asked.outputs).items():
        with Remembering(RequestKind.CORRECTED, policy, corrections.pairs(), operator, why, place) as register:
            runs += _each(outputs, register, lambda one, held: correct(correcting, one, held.announce))
        notes.append(register.note)
    rows = len(corrections.numbers.records)
    return Done(RequestKind.CORRECTED, rows, tuple(runs), tuple(dict.fromkeys(filter(None, notes))))


def _account(asked: Asked, policy: Policy | TablesPolicy, persons: Mapping[str, Subjects]) -> tuple[str, Operator]:
    """Why, and who answers for it, in words that name none of the persons: both are kept, and the persons are not.

    Raises:
        UsageError: One of them names a person, holds a key, or is no line of text.
    """
    sources = key_sources(policy)
    policies = policies_by_table(policy)
    why = checked_line(asked.reason, REASON, sources)
    operator = operator_of(asked.operator, sources)
    name_nobody(why, REASON, policies, persons)
    if asked.operator is not None:
        name_nobody(operator.operator, OPERATOR, policies, persons)
    return why, operator


def _each(
    outputs: Sequence[str], register: Remembering, change: Callable[[str, Remembering], ToldRun]
) -> list[ToldRun]:
    """Change outputs of one register, and tell it of each."""
    runs = []
    for one in outputs:
        run = change(one, register)
        register.confirm(one, run.rows)
        runs.append(run)
    return runs
