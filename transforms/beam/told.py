"""What is told beside released records, as rows with a schema: labels, evidence, and values that could not be treated."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from beam_deid.transforms.label.documents import plain


class Rejected(NamedTuple):
    """A value that could not be treated: where and why, never the value.

    Attributes:
        row: Position of the record in its batch, from 0.
        field: The field.
        reason: The reason code.
    """

    row: int
    field: str
    reason: str


class ReleaseLabel(NamedTuple):
    """The label of a release, which of a collection with windows is one window's.

    Attributes:
        release: The release.
        run: What `Deidentify` was: the same policy and release have the same.
        label: ``anonymized`` or ``still_personal``.
        sensitive: Whether something sensitive is in it.
        condition: Under what condition the label holds.
        failing: The tests that do not hold.
        decided_at: When it was decided, as ``2026-01-31T12:00:00Z``.
        read: Records read.
        released: Records released.
        suppressed: Records left out so that the label holds.
        withheld: Records that the release is not about.
        rejected: Records with a value that could not be treated.
        document: All of it with the evidence, as JSON: what ``label.json`` is beside files.
    """

    release: str
    run: str
    label: str
    sensitive: bool
    condition: str
    failing: Sequence[str]
    decided_at: str
    read: int
    released: int
    suppressed: int
    withheld: int
    rejected: int
    document: str

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> "ReleaseLabel":
        """The row of a label's document."""
        records = document["records"]
        return cls(
            document["release"],
            document["run"],
            document["label"],
            document["sensitive"],
            document["condition"],
            [test["name"] for test in document["tests"] if not test["passed"]],
            document["decided_at"],
            records["read"],
            records["released"],
            records["suppressed"],
            records["withheld"],
            records["rejected"],
            json.dumps(plain(document), ensure_ascii=False),
        )


class Evidence(NamedTuple):
    """What records disclose as they are; of a collection with windows, one window's.

    Attributes:
        label: The label that they would have.
        failing: The tests that do not hold.
        records: Records.
        subjects: Persons.
        classes: Groups of records with equal quasi-identifiers.
        unique_subjects: Persons who are alone in such a group.
        k: Persons in the least of these groups.
        document: All of it, as ``beam-deid assess --json`` prints it.
    """

    label: str
    failing: Sequence[str]
    records: int
    subjects: int
    classes: int
    unique_subjects: int
    k: int | None
    document: str

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> "Evidence":
        """The row of a document of evidence."""
        return cls(
            document["label"],
            [test["name"] for test in document["tests"] if not test["passed"]],
            document["records"],
            document["subjects"],
            document["classes"],
            document["unique_subjects"],
            document["k"],
            json.dumps(plain(document), ensure_ascii=False),
        )
