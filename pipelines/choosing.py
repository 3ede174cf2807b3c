"""A choice among searched levels, written into a policy."""

import contextlib
import os
import shutil
import tempfile
from typing import Any

from beam_deid.transforms.errors import OutputError, PolicyError
from beam_deid.transforms.policy.model import Policy
from beam_deid.transforms.policy.reader import read_policy
from beam_deid.transforms.policy.settling import settled, settled_policy
from beam_deid.transforms.storage.files import read_all
from beam_deid.transforms.storage.paths import absolute


def chosen_levels(document: dict[str, Any]) -> dict[str, str]:
    """The levels that a choice takes: those that reach the label, where there are any."""
    found = document["label"] if document["label"]["satisfied"] else document
    names: dict[str, str] = found["names"]
    return names


def write_choice(read: Policy, policy: str, target: str, release: str, levels: dict[str, str], k: int) -> None:
    """Write levels and k into a policy's file, and leave everything else in it as it is.

    Args:
        read: The policy.
        policy: Its file.
        target: The file to write, which may be the policy's own.
        release: The release that the choice is for.
        levels: Name of the chosen level by field.
        k: The chosen k.

    Raises:
        PolicyError: The choice cannot be written without changing something else.
        OutputError: The file cannot be written.
    """
    waiting = _write_beside(policy, settled(read_all(policy).decode(), release, levels, k))
    try:
        if _read_or_none(waiting) != settled_policy(read, release, levels, k):
            by_hand = ", ".join(f"{name}: {level}" for name, level in levels.items())
            what = "the choice cannot be written without changing something else"
            raise PolicyError(what, policy, f"Write the levels by hand: {by_hand}")
        _move(waiting, policy, target)
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.remove(waiting)


def _write_beside(policy: str, text: str) -> str:
    """A new file with a text, beside the policy, so that its relative paths mean the same."""
    folder = os.path.dirname(absolute(policy))
    try:
        with tempfile.NamedTemporaryFile(
            "w", encoding="utf-8", newline="", dir=folder, suffix=".yaml", delete=False
        ) as stream:
            stream.write(text)
    except OSError as error:
        raise OutputError(f"it cannot be written: {error.strerror}", policy, "Make its folder writable") from None
    return stream.name


def _move(waiting: str, policy: str, target: str) -> None:
    """Put the new file in place in one step, with the mode of what was there."""
    try:
        shutil.copymode(target if os.path.exists(target) else policy, waiting)
        shutil.move(waiting, target)
    except OSError as error:
        raise OutputError(f"it cannot be written: {error.strerror}", target, "Name another file with --to") from None


def _read_or_none(path: str) -> Policy | None:
    try:
        return read_policy(path)
    except PolicyError:
        return None
