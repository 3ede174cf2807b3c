"""The decision of a run, as data: what the release pass must do with every release, and what the proof must find.

Only types stand here. The code that makes a decision is in `decide.deciding`; the release pass and the proof need none of it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

import numpy as np

from beam_deid.transforms.candidate.cut import Suppressed
from beam_deid.transforms.columns.combining import combine
from beam_deid.transforms.columns.fingerprint import Fingerprints
from beam_deid.transforms.consent.ledger import ConsentFacts
from beam_deid.transforms.label.environment import DeclaredEnvironment
from beam_deid.transforms.label.evidence import FieldFacts
from beam_deid.transforms.label.label import Label
from beam_deid.transforms.label.record_counts import RecordCounts
from beam_deid.transforms.label.scope import Knowledge
from beam_deid.transforms.risk.histogram import Counts
from beam_deid.transforms.terms import ForRecipientName, LabelName

NO_KEYS: tuple[Fingerprints, Counts] = (np.empty(0, np.uint64), np.empty(0, np.int64))
"""Keys with their counts, of which there are none."""


@dataclass(frozen=True)
class Round:
    """One round of a release's recoding.

    Attributes:
        levels: The level of each open field.
        passed: Fingerprints of the classes that this round suppressed, ascending, by the names of their columns in order: their
            records go on to the next.
    """

    levels: Mapping[str, int]
    passed: Fingerprints


class Written(NamedTuple):
    """A file of fingerprints that the register will take over.

    Attributes:
        path: Where it is, below the staging folder.
        rows: Rows.
        size: Bytes.
        sha256: Hash of its bytes, in hex.
    """

    path: str
    rows: int
    size: int
    sha256: str


@dataclass(frozen=True)
class Remembered:
    """What the register stores of a release or of a run's persons, beside the label.

    Attributes:
        file: The fingerprints.
        record: How records are known: see `Job.record_rule`.
        identities: The identities by which persons are counted, the subject's first.
        l: Distinct values that each sensitive field must have in each group.
        together: Names of the registered releases that it was tested with.
        counts: Of a run's persons, how many there are by each of the identities.
    """

    file: Written
    record: str
    identities: tuple[str, ...]
    l: dict[str, int]  # noqa: E741 - the field's own name
    together: tuple[str, ...]
    counts: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Proof:
    """Records of a release, summed up in three numbers, however many they are.

    The digests are sums modulo 2⁶⁴ of what `risk.histogram.row_digest` makes of each record's keys, so that they do not depend on
    the records' order and those of parts add up. The keys are made with the run's secret: nobody who writes records knows which
    others have the same sum.

    Attributes:
        records: How many records are released.
        values: The digest of all released values, of all records that are released.
        persons: The digest of all released values together with all identities, of the records that are released for sure: of a
            kind of which only some are, every one is like the others, and nobody knows yet which stay.
    """

    records: int = 0
    values: int = 0
    persons: int = 0

    @classmethod
    def merge(cls, parts: Iterable["Proof"]) -> "Proof":
        """All parts together; associative, and independent of their order."""
        parts = tuple(parts)
        return cls(
            sum(part.records for part in parts),
            sum(part.values for part in parts) % 2**64,
            sum(part.persons for part in parts) % 2**64,
        )


class Stamp(Protocol):
    """What every file of a release says of its label: the attributes of `Label` that stand in a file's metadata."""

    @property
    def label(self) -> LabelName:
        """See `Label`; so are all others."""
        ...

    @property
    def condition(self) -> str:
        """Under what condition it holds."""
        ...

    @property
    def environment(self) -> DeclaredEnvironment:
        """The environment as declared."""
        ...

    @property
    def attackers(self) -> Mapping[str, Knowledge]:
        """Declared attackers."""
        ...

    @property
    def limits(self) -> Mapping[str, float | None]:
        """The limit of every test."""
        ...

    @property
    def fields(self) -> Mapping[str, FieldFacts]:
        """How each field is released."""
        ...


class Orders(Protocol):
    """What must be known of a decision to release rows: `ReleaseDecision` has it, and so has one that is only supposed."""

    @property
    def release(self) -> str:
        """See `ReleaseDecision`; so are all others."""
        ...

    @property
    def rounds(self) -> tuple[Round, ...]:
        """The levels."""
        ...

    @property
    def suppressed(self) -> Suppressed:
        """The groups that are suppressed."""
        ...

    @property
    def quotas(self) -> tuple[Fingerprints, Counts]:
        """Kinds of records of which only so many are released."""
        ...

    @property
    def label(self) -> Stamp:
        """What files say of the label."""
        ...

    @property
    def shuffled(self) -> bool:
        """Whether rows leave the order of their source."""
        ...


@dataclass(frozen=True)
class ReleaseDecision:
    """What the release pass must do with one release, and what it must find.

    Attributes:
        release: Its name.
        rounds: The levels that were decided for the fields that left them open; further rounds for what those before suppress.
        suppressed: The groups that are suppressed: their keys, ascending, by the columns that make them.
        quotas: Of kinds of records of which only so many are released, or none, without their group: the key, ascending, and
            how many. The key is that of all values of every release that is tested together, and of all identities.
        label: The label with its evidence.
        proof: What the release pass must find again.
        records: What becomes of the records that were read.
        remembered: The fingerprints of its records, where a register wants them.
        consent: What is known of the consent that it rests on; None where it needs none.
    """

    release: str
    rounds: tuple[Round, ...]
    suppressed: Suppressed
    quotas: tuple[Fingerprints, Counts]
    label: Label
    proof: Proof
    records: RecordCounts
    remembered: Remembered | None = None
    consent: ConsentFacts | None = None

    @property
    def shuffled(self) -> bool:
        """Whether rows are put into an order and into parts that follow from released values alone.

        In the order of the source, a row's place would say whose it is to anybody who holds the source or another
        release of it, whatever its values say. Where people can be identified anyway it is left as it is, unless only some of
        equal rows are released, which are told when they are put together.
        """
        stated = self.label.for_recipient
        hides = stated is not None and stated.statement is ForRecipientName.NOT_IDENTIFIABLE
        return hides or self.label.label == LabelName.ANONYMIZED or bool((self.quotas[1] > 0).any())


@dataclass(frozen=True)
class Decision:
    """The decision for a whole run.

    Attributes:
        read: Records read.
        releases: Decision by release; empty where the run was refused.
        refused: Why the run must stop with too many rejects: one line per field and reason; else empty.
        kept: The releases that were written as they were decided before they were decided.
        persons: The fingerprints of all persons of the run, where a register wants them.
        special: Those of persons whom the law protects more, by the subject: in place of identities their groups.
        notes: What a person should know of the files that were read, a sentence each.
        rejected: What was rejected, a line each, for whoever gets no file of rejects.
        replaced: In place of how many records a corrected one stands.
    """

    read: int
    releases: dict[str, ReleaseDecision] = field(default_factory=dict)
    refused: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    persons: Remembered | None = None
    special: Remembered | None = None
    notes: tuple[str, ...] = ()
    rejected: tuple[str, ...] = ()
    replaced: int = 0

    @property
    def left(self) -> dict[str, ReleaseDecision]:
        """The decisions of the releases that are still to be written."""
        return {name: one for name, one in self.releases.items() if name not in self.kept}


def joint_key(values: Sequence[Fingerprints], signature: Fingerprints) -> Fingerprints:
    """Combine what makes records alike, for the quotas of a decision: see `ReleaseDecision.quotas`.

    Args:
        values: For each release that is tested together, the key of all released values of each record, each of shape (n,).
        signature: The key of all identities of each record, shape (n,).

    Returns:
        The key of each record's kind, shape (n,).
    """
    return combine([*values, signature], len(signature))
