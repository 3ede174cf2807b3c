"""What is told of a release whose label is not the one that its policy expects."""

from collections.abc import Mapping, Sequence
from typing import Any


def unmet_told(label: str, expected: str, failing: Sequence[str]) -> str:
    """The label that a release has, the one that is expected, and which tests fail, without a full stop."""
    if not failing:
        return f"the label is {label}, {expected} is expected"
    return f"the label is {label}, {expected} is expected; failing: {', '.join(failing)}"


def all_unmet_told(releases: Mapping[str, Mapping[str, Any]]) -> str:
    """The same of each release that a run did not publish, without a full stop.

    Args:
        releases: What ``run.json`` says of these releases.
    """
    return ". ".join(f"{name}: {_told(entry)}" for name, entry in releases.items())


def _told(entry: Mapping[str, Any]) -> str:
    if entry["expect"] in (None, entry["label"]):
        return f"the label is {entry['label']}, and it is held back with another table of its release"
    return unmet_told(entry["label"], entry["expect"], entry["failing"])
