"""What a run came to, as its last worker leaves it in staging for the driver, or for whoever publishes in the driver's place."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from beam_deid.transforms.decide.decision import Remembered, Written
from beam_deid.transforms.storage.journal import Moved
from beam_deid.transforms.storage.paths import is_name


class InputFacts(NamedTuple):
    """An input file.

    Attributes:
        name: Its name, without its folder.
        size: Bytes.
        sha256: Hash of its bytes, in hex.
    """

    name: str
    size: int
    sha256: str


@dataclass(frozen=True)
class ReleaseOutcome:
    """What a run came to for one release.

    Attributes:
        label: The content of its ``label.json``, as it is if the release is published.
        published: Whether it is: its label is the one that is expected, or none is.
        expect: The label that the policy expects; None where it expects none.
        remembered: What the register will remember of it; None where it is not tested with others.
        parts: Its files.
        declared: What the policy says of who answers for it: see `policy.accountability.declared`.
        consent: What is known of the consent that it rests on, with its ledger's files; None where it needs none.
        rejected_by: Records that were rejected, by reason; empty where none was, or nobody told them apart.
    """

    label: dict[str, Any]
    published: bool
    expect: str | None
    remembered: Remembered | None
    parts: tuple[Moved, ...]
    declared: Mapping[str, Any] = field(default_factory=dict)
    consent: dict[str, Any] | None = None
    rejected_by: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "ReleaseOutcome":
        """Read the outcome of a release.

        Raises:
            AttributeError, LookupError, TypeError, ValueError: It has another shape.
        """
        parts = tuple(Moved(**one) for one in document["parts"])
        return cls(**{**document, "remembered": _remembered(document["remembered"]), "parts": parts})


@dataclass(frozen=True)
class TablePersons:
    """The persons of one table of a run.

    Attributes:
        persons: What the register will remember of them.
        special: What it will remember of those whom the law protects more; None where no field tells of any.
        counted: How many there are: see `publish.persons.counted_persons`; None where nobody counted.
    """

    persons: Remembered
    special: Remembered | None = None
    counted: Mapping[str, Any] | None = None

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "TablePersons":
        """Read them from what a run left.

        Raises:
            LookupError, TypeError: They have another shape.
        """
        persons = _remembered(document["persons"])
        if persons is None:
            raise TypeError("persons without a table")
        return cls(persons, _remembered(document["special"]), document["counted"])


@dataclass(frozen=True)
class RunOutcome:
    """What a run came to.

    Attributes:
        read: Records read.
        refused: Why the run was refused, a line each: see `beam_deid.transforms.decide.refusing`; empty if it was not.
        inputs: The input files.
        persons: What the register will remember of all persons, of each table of the run; none without a register.
        releases: What it came to for each release; none where it was refused.
        rejected: The files of rejects, as Parquet and as CSV; none where the run was refused.
        notes: What a person should know of the input, a sentence each.
        rejects: What was rejected, a line each, where there are no files of rejects.
        replaced: In place of how many records a corrected one stands.
    """

    read: int
    refused: tuple[str, ...] = ()
    inputs: tuple[InputFacts, ...] = ()
    persons: tuple[TablePersons, ...] = ()
    releases: Mapping[str, ReleaseOutcome] = field(default_factory=dict)
    rejected: tuple[Moved, ...] = ()
    notes: tuple[str, ...] = ()
    rejects: tuple[str, ...] = ()
    replaced: int = 0

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "RunOutcome":
        """Read the outcome of a run, which somebody else may have written.

        Raises:
            AttributeError, LookupError, TypeError, ValueError: It has another shape, or a path in it leads elsewhere.
        """
        return cls(
            read=document["read"],
            refused=tuple(document["refused"]),
            inputs=tuple(InputFacts(**one) for one in document["inputs"]),
            persons=_persons(document["persons"]),
            releases={_checked(name): ReleaseOutcome.from_document(one) for name, one in document["releases"].items()},
            rejected=tuple(Moved(**one) for one in document["rejected"]),
            notes=tuple(map(str, document.get("notes", ()))),
            rejects=tuple(map(str, document.get("rejects", ()))),
            replaced=int(document.get("replaced", 0)),
        )


def _checked(name: str) -> str:
    if not is_name(name):
        raise ValueError("the path leads elsewhere")
    return name


def _persons(document: Any) -> tuple[TablePersons, ...]:
    """The persons of each table; earlier versions left those of one table, or null."""
    if isinstance(document, list):
        return tuple(TablePersons.from_document(one) for one in document)
    persons = _remembered(document)
    return () if persons is None else (TablePersons(persons),)


def _remembered(document: Mapping[str, Any] | None) -> Remembered | None:
    if document is None:
        return None
    return Remembered(
        file=Written(**document["file"]),
        record=document["record"],
        identities=tuple(document["identities"]),
        l=dict(document["l"]),
        together=tuple(document["together"]),
        counts=dict(document.get("counts", {})),
    )
