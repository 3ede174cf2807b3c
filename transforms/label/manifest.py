"""``label.json``, the manifest of a release: its label, its records and its files."""

from dataclasses import dataclass
from typing import Any

from beam_deid.transforms.label.documents import plain
from beam_deid.transforms.label.ground import Ground
from beam_deid.transforms.label.label import Label
from beam_deid.transforms.label.record_counts import RecordCounts
from beam_deid.transforms.terms import Sharing

SCHEMA_VERSION = 3

DATES = ("assessed_at", "review_by", "retain_until")
"""From when and until when what a label says holds; labels of earlier versions do not say."""

_FIRST = ("label", "sensitive", "grade")
"""What of a label stands before the time of its decision."""


@dataclass(frozen=True)
class ReleasedFile:
    """A file of a release.

    Attributes:
        path: Its path below the release's folder.
        rows: Rows in it.
        sha256: Hash of its bytes, in hex.
    """

    path: str
    rows: int
    sha256: str


@dataclass(frozen=True, kw_only=True)
class LabelManifest:
    """The content of a release's ``label.json``.

    Attributes:
        run: The run that made the release, in hex.
        release: Its name.
        purpose: What it is for, as the policy says.
        sharing: The sharing model.
        label: The label with its evidence.
        decided_at: When the label was decided.
        policy_sha256: Hash of the policy, in hex.
        records: What became of the records that were read.
        files: The files of the release.
        review_by: The day by which it is to be looked at again.
        retain_until: The last day on which it may be kept; None where the policy does not say.
        ground: What it rests on; None, and not in the document, where nothing says it.
    """

    run: str
    release: str
    purpose: str
    sharing: Sharing
    label: Label
    decided_at: str
    policy_sha256: str
    records: RecordCounts
    files: tuple[ReleasedFile, ...]
    review_by: str
    retain_until: str | None
    ground: Ground | None = None

    def to_document(self) -> dict[str, Any]:
        """Write it as ``label.json`` holds it: the attributes of the label stand among its own."""
        label = self.label.to_document()
        return {
            "schema_version": SCHEMA_VERSION,
            "run": self.run,
            "release": self.release,
            "purpose": self.purpose,
            "sharing": str(self.sharing),
            **{name: label[name] for name in _FIRST},
            "decided_at": self.decided_at,
            "assessed_at": self.label.asked.assessed_at,
            "review_by": self.review_by,
            "retain_until": self.retain_until,
            "policy_sha256": self.policy_sha256,
            **{name: value for name, value in label.items() if name not in _FIRST},
            **({} if self.ground is None else {"ground": plain(self.ground)}),
            "records": self.records.to_document(),
            "files": plain(self.files),
        }
