"""What the functions of the Python API give back."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from beam_deid.transforms.label.record_counts import RecordCounts
from beam_deid.transforms.storage.paths import join
from beam_deid.transforms.terms import LabelName

Frame = TypeVar("Frame")


_SHOWN = 5
"""How many tests that fail are named where a label is shown in a line."""


def _failing(document: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(test["name"] for test in document["tests"] if not test["passed"])


def _shown(document: Mapping[str, Any]) -> str:
    """A label with its k and the tests that fail, in a line: names and numbers, no value of the data."""
    k = next((test["measured"] for test in document["tests"] if test["name"] == "k"), None)
    told = [str(document["label"]), *([] if k is None else [f"k={k}"])]
    failing = _failing(document)
    if failing:
        more = ["…"] if len(failing) > _SHOWN else []
        told.append(f"failing: {', '.join([*failing[:_SHOWN], *more])}")
    return ", ".join(told)


@dataclass(frozen=True, repr=False)
class Label:
    """The label of a release, with what it rests on.

    Attributes:
        document: The content of ``label.json``, as ``beam-deid schema --label`` describes it.
    """

    document: Mapping[str, Any]

    @property
    def value(self) -> str:
        """``anonymized`` or ``still_personal``."""
        return str(self.document["label"])

    @property
    def is_anonymized(self) -> bool:
        """Whether every line of the label rule holds."""
        return self.value == LabelName.ANONYMIZED

    @property
    def release(self) -> str:
        """The name of the release."""
        return str(self.document["release"])

    @property
    def condition(self) -> str:
        """Under what condition the label holds; empty where it is ``still_personal``."""
        return str(self.document["condition"])

    @property
    def failing(self) -> tuple[str, ...]:
        """The tests that do not hold."""
        return _failing(self.document)

    @property
    def counts(self) -> RecordCounts:
        """What became of the records: read = released + suppressed + withheld + rejected."""
        return RecordCounts.from_document(self.document["records"])

    def __str__(self) -> str:
        return self.value

    def __repr__(self) -> str:
        return f"Label({_shown(self.document)})"


@dataclass(frozen=True)
class Deidentified(Generic[Frame]):
    """A table in memory, released.

    Attributes:
        data: The released rows, of the kind that was given.
        label: Their label.
        rejects: The values that could not be treated, as a table of the same kind: ``row``, its number in what was given, from 0,
            ``field`` and ``reason``. Never the value.
        notes: What a person should know of it, a sentence each.
    """

    data: Frame = field(repr=False)
    label: Label
    rejects: Frame = field(repr=False)
    notes: tuple[str, ...] = ()

    @property
    def counts(self) -> RecordCounts:
        """What became of the records: read = released + suppressed + withheld + rejected."""
        return self.label.counts


@dataclass(frozen=True)
class ReleaseResult:
    """A release of a run.

    Attributes:
        label: Its label.
        is_published: Whether it is in the output: it reached the label that it expects, and the run was no dry one.
        folder: Its folder, a path or a URI.
        files: The paths of its parts; none where it is not published.
    """

    label: Label
    is_published: bool
    folder: str
    files: tuple[str, ...] = ()

    @property
    def counts(self) -> RecordCounts:
        """What became of the records: read = released + suppressed + withheld + rejected."""
        return self.label.counts


@dataclass(frozen=True)
class Result:
    """What a run came to.

    Attributes:
        output: The output's folder, a path or a URI.
        releases: Its releases by name; of a policy with tables each as ``RELEASE.TABLE``.
        document: The content of ``run.json``.
        notes: What a person should know of the run, a sentence each.
    """

    output: str
    releases: Mapping[str, ReleaseResult]
    document: Mapping[str, Any] = field(repr=False)
    notes: tuple[str, ...] = ()

    @property
    def labels(self) -> dict[str, Label]:
        """The label of each release."""
        return {name: release.label for name, release in self.releases.items()}

    @classmethod
    def of(
        cls,
        output: str,
        run: Mapping[str, Any],
        labels: Mapping[str, Mapping[str, Any]],
        notes: tuple[str, ...],
        dry: bool,
    ) -> "Result":
        """The result of a run.

        Args:
            output: The output's folder.
            run: The content of ``run.json``.
            labels: The content of each release's ``label.json``.
            notes: What a person should know of it.
            dry: Whether nothing was published.
        """
        releases = {}
        for name, document in labels.items():
            folder = join(output, name)
            is_published = bool(run["releases"][name]["published"]) and not dry
            files = tuple(join(folder, *file["path"].split("/")) for file in document["files"]) if is_published else ()
            releases[name] = ReleaseResult(Label(document), is_published, folder, files)
        return cls(output, releases, run, notes)


@dataclass(frozen=True, repr=False)
class Assessment:
    """What a dataset discloses as it is.

    Attributes:
        document: All of it, as ``beam-deid assess --json`` prints it.
    """

    document: Mapping[str, Any]

    @property
    def label(self) -> str:
        """The label that it would get: ``anonymized`` or ``still_personal``."""
        return str(self.document["label"])

    @property
    def failing(self) -> tuple[str, ...]:
        """The tests that do not hold."""
        return _failing(self.document)

    def __repr__(self) -> str:
        return f"Assessment({_shown(self.document)})"
