"""The evidence behind a label, as ``label.json`` holds it: its tests, and what was found of the fields and by attacks."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from beam_deid.transforms.label.documents import attributes
from beam_deid.transforms.risk.attackers import Candidates
from beam_deid.transforms.risk.exposed import Exposed
from beam_deid.transforms.risk.presence import Presence
from beam_deid.transforms.terms import Role


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
    measured: float | None = None
    limit: float | None = None
    detail: str = ""


class KeyFacts(NamedTuple):
    """The key that made a field, never a byte of it.

    Attributes:
        id: The id of the key in its keyring.
        check: What tells the subkey of the field from others, in hex.
        keyring: The id of its keyring; None where it lies in none.
    """

    id: int
    check: str
    keyring: str | None = None


@dataclass(frozen=True)
class FieldFacts:
    """How one field was released.

    Attributes:
        role: Its roles.
        action: What was done.
        recoverability: How far it can be turned back.
        kind: What the policy says the column holds, or None.
        sentence: What was done, for a person.
        key: The key that made it, where one was used that still existed when the field was released.
        normalized: How spellings of one identifier were made one before it was made; None, and not in the label, if they were not.
        category: Its category of personal information; None, and not in the label, where nothing says it.
        sensitive_by: The article by which that is sensitive; None, and not in the label, where it is not.
        notes: What whoever gets the release should know beside; not in the label where there is nothing.
    """

    role: tuple[str, ...]
    action: str
    recoverability: str
    kind: str | None = None
    sentence: str = ""
    key: KeyFacts | None = None
    normalized: str | None = None
    category: str | None = None
    sensitive_by: str | None = None
    notes: tuple[str, ...] = ()

    def to_document(self) -> dict[str, Any]:
        """Write the facts under the names that ``label.json`` uses."""
        optional = ("normalized", "category", "sensitive_by", "notes")
        return attributes(self, [name for name in optional if not getattr(self, name)])

    @property
    def counts_as_sensitive(self) -> bool:
        """Whether the field has the role that its category asks for: sensitive, or that of a direct identifier."""
        return not self.sensitive_by or bool({str(Role.SENSITIVE), str(Role.DIRECT)} & {*self.role})

    @classmethod
    def from_document(cls, facts: Mapping[str, Any]) -> "FieldFacts":
        """Read the facts from a label.

        Raises:
            KeyError, TypeError: They have another shape.
        """
        key = facts.get("key")
        read = {"role": tuple(facts["role"]), "key": None if key is None else KeyFacts(**key)}
        return cls(**{**facts, **read, "notes": tuple(facts.get("notes", ()))})


class Hit(NamedTuple):
    """An identifier that the scan of released values, hierarchy labels and column names found.

    Attributes:
        field: The column in which it stands.
        kind: The recogniser that found it.
        hits: In how many distinct values.
    """

    field: str
    kind: str
    hits: int


@dataclass(frozen=True)
class AttackExposure:
    """Whom an attacker narrows down to fewer than k persons, as a label tells it.

    Attributes:
        counts: The counts of persons.
        share: The share of the exposed, over the attacker's persons or over the released ones, whichever is greater.
    """

    counts: Exposed
    share: float

    @classmethod
    def of(cls, counts: Exposed) -> "AttackExposure":
        """The exposure with the share that follows from its counts."""
        return cls(counts, counts.share)

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "AttackExposure":
        """Read an exposure from a label; its share is the one that is told, whether or not it follows from the counts.

        Raises:
            KeyError, TypeError: It has another shape.
        """
        counts = dict(document)
        share = counts.pop("share")
        return cls(Exposed(**counts), share)

    def to_document(self) -> dict[str, Any]:
        """Write the counts, and then the share."""
        return {**attributes(self.counts), "share": self.share}


@dataclass(frozen=True)
class Attack:
    """A record-linkage attack: what a release was joined with, on what, and how many subjects had a unique match.

    Attributes:
        name: The attack; ``attacker:NAME`` for a declared attacker.
        on: The released columns that both sides hold.
        subjects: Subjects in the attacker's table.
        linked: Those of them with exactly one match.
        linked_rightly: Those whose match is themselves; None where the truth is not known.
        share: Share of the attacker's subjects with exactly one match, 0 to 1.
        limit: The limit that is told beside it; None where it is reported, not enforced.
        candidates: How many released subjects each of the attacker's may be; None without a table of the attacker's.
        presence: What the table tells where it is taken for the population; None where it tells nothing.
        exposed: Whom the attacker narrows down to fewer than k; None where that was not tested.
    """

    name: str
    on: tuple[str, ...]
    subjects: int
    linked: int
    linked_rightly: int | None
    share: float
    limit: float | None
    candidates: Candidates | None = None
    presence: Presence | None = None
    exposed: AttackExposure | None = None

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "Attack":
        """Read an attack from a label.

        Raises:
            KeyError, TypeError: It has another shape.
        """
        candidates = document.get("candidates")
        presence = document.get("presence")
        exposed = document.get("exposed")
        read = {
            "on": tuple(document["on"]),
            "candidates": None if candidates is None else Candidates(**candidates),
            "presence": None if presence is None else Presence(**presence),
            "exposed": None if exposed is None else AttackExposure.from_document(exposed),
        }
        return cls(**{**document, **read})


@dataclass(frozen=True)
class Recovery:
    """An attack on what a field still shows of the values it was made from.

    Attributes:
        field: The field.
        attack: ``digests``, ``frequency``, ``surrogates``, ``intervals`` or ``mask``; ``platform`` where a platform's ciphertext
            or index string stands in it, ``masked`` where it came masked.
        values: What was attacked: distinct values, or subjects.
        recovered: Of these, how many were recovered.
        share: The recovered as a share of the attacked, 0 to 1; None where the attack was too weak to conclude from it.
        limit: Greatest share that is allowed; None where it is reported, not enforced.
        detail: One sentence for a person.
    """

    field: str
    attack: str
    values: int
    recovered: int
    share: float | None
    limit: float | None
    detail: str = ""
