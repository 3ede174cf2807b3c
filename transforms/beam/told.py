"""What is told beside released records, as rows with a schema: labels, evidence, and values that could not be treated."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Optional

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

    def __getitem__(self, key: Any) -> Any:
        """A value of the document by its key, as ``label["tests"]``; by a number, a value of the row."""
        return json.loads(self.document)[key] if isinstance(key, str) else tuple.__getitem__(self, key)

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
    k: Optional[int]  # noqa: UP045 - to Beam's schemas int | None is anything
    document: str

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> "Evidence":
        """The row of a document of evidence."""
        return cls(
            document["label"],
            [test["name"] for test in document["tests"] if not test["passed"]],
            document.get("records", 0),  # of no records nothing is measured
            document.get("subjects", 0),
            document.get("classes", 0),
            document.get("unique_subjects", 0),
            document.get("k"),
            json.dumps(plain(document), ensure_ascii=False),
        )


class RejectedRow(NamedTuple):
    """A row of a file that could not be read: where and why, never the value.

    Attributes:
        file: The file.
        row: The row, as whoever opens the file counts it.
        field: The field; empty where the whole row is at fault.
        reason: The reason code.
    """

    file: str
    row: int
    field: str
    reason: str


class WrittenRelease(NamedTuple):
    """A release that was written, which of a collection with windows is one window's.

    Attributes:
        path: Its folder.
        label: ``anonymized`` or ``still_personal``.
        rows: Records in all its files.
        files: The names of its files.
    """

    path: str
    label: str
    rows: int
    files: Sequence[str]
