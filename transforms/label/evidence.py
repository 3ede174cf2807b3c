"""A label with its evidence, as ``label.json`` holds it."""

from dataclasses import asdict, dataclass, field
from typing import Any

from beam_deid.transforms.label.documents import plain
from beam_deid.transforms.terms import LabelName

SCHEMA_VERSION = 3


@dataclass(frozen=True)
class Test:
    """One condition behind a label.

    Attributes:
        line: The line of the label rule that it belongs to, 1 to 9.
        name: What was tested.
        passed: Whether it holds; a thing that was not measured does not.
        measured: The measured value, or None where nothing was measured.
        limit: What it was compared with.
        detail: One sentence for a person; holds names and figures, never values.
    """

    line: int
    name: str
    passed: bool
    measured: Any = None
    limit: Any = None
    detail: str = ""


@dataclass(frozen=True)
class FieldFacts:
    """How one field was released.

    Attributes:
        role: Its roles.
        action: What was done.
        recoverability: How far it can be turned back.
        kind: What the policy says the column holds, or None.
        sentence: What was done, for a person.
        key: Where a key was used that still exists: ``id`` of the key, ``check`` that tells its subkey from others,
            and ``keyring``, the id of its keyring or None.
    """

    role: tuple[str, ...]
    action: str
    recoverability: str
    kind: str | None = None
    sentence: str = ""
    key: dict[str, Any] | None = None

    @classmethod
    def from_json(cls, facts: dict[str, Any]) -> "FieldFacts":
        """The facts as a label holds them."""
        return cls(**{**facts, "role": tuple(facts["role"])})


@dataclass(frozen=True)
class Attack:
    """A join test: what was joined, on what, and how many subjects it linked to exactly one.

    With a table of the attacker's there is more: ``candidates`` and ``presence`` are those of
    `beam_deid.transforms.risk.joining`, and ``exposed`` is that of `beam_deid.transforms.risk.exposure`.
    """

    name: str
    on: tuple[str, ...]
    subjects: int
    linked: int
    linked_rightly: int | None
    share: float
    limit: float | None
    candidates: dict[str, Any] | None = None
    presence: dict[str, Any] | None = None
    exposed: dict[str, Any] | None = None


@dataclass(frozen=True)
class Recovery:
    """An attack on what a field still shows of the values it was made from.

    Attributes:
        field: The field.
        attack: ``digests``, ``frequency``, ``surrogates``, ``intervals`` or ``mask``; ``platform`` where a platform's ciphertext
            or index string stands in it, ``masked`` where it came masked.
        values: What was attacked: distinct values, or subjects.
        recovered: Of these, how many were recovered.
        share: The same as a share; None where the attack was too weak to conclude from it.
        limit: Greatest share that is allowed; None where it is told only.
        detail: One sentence for a person.
    """

    field: str
    attack: str
    values: int
    recovered: int
    share: float | None
    limit: float | None
    detail: str = ""


@dataclass(frozen=True)
class Label:
    """The label of a release and everything that it rests on, before files and records are known.

    Attributes:
        label: The label.
        sensitive: Whether a sensitive column is released.
        grade: After GB/T 42460-2023, 1 to 4, as a reference value.
        tests: Every condition, and whether it holds.
        condition: Under what condition the label holds; empty where it is `still_personal`.
        changes: For every condition that does not hold the nearest change that would make it hold.
        environment: The environment as declared, and the environment risk E that follows.
        attackers: Declared attackers, with what they know.
        limits: The limit of every condition.
        identities: By what persons were counted, and what was found of each identity.
        base_rates: Of each sensitive column the share of all persons who have its commonest value.
        register: What is known of earlier releases: ``kept``, ``missing``, ``new``, ``record``, ``tested``,
            ``in_common``, ``untested``, ``disjoint``.
        asked: What the tests follow from, beside the fields: see `Scope.to_json`.
    """

    label: LabelName
    sensitive: bool
    grade: int
    tests: tuple[Test, ...]
    condition: str
    changes: tuple[dict[str, Any], ...]
    environment: dict[str, Any]
    attackers: dict[str, Any]
    limits: dict[str, float]
    identities: dict[str, Any]
    risk: dict[str, Any]
    attacks: tuple[Attack, ...]
    scan: tuple[dict[str, Any], ...]
    search: dict[str, Any]
    fields: dict[str, FieldFacts] = field(default_factory=dict)
    asked: dict[str, Any] = field(default_factory=dict)
    history: tuple[dict[str, Any], ...] = ()
    recoveries: tuple[Recovery, ...] = ()
    base_rates: dict[str, float] = field(default_factory=dict)
    register: dict[str, Any] = field(default_factory=dict)
    combinations: tuple[dict[str, Any], ...] = ()
    contributions: dict[str, float] = field(default_factory=dict)

    @property
    def failing(self) -> tuple[Test, ...]:
        """The tests that do not hold."""
        return tuple(test for test in self.tests if not test.passed)

    def to_json(self) -> dict[str, Any]:
        """The label as plain JSON types."""
        document: dict[str, Any] = plain(asdict(self))
        return document
