"""The table of mistakes: a command each, what is changed before it, and what must come of it."""

import os
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

TABLE = Path(__file__).with_name("mistakes.yaml")
_LONG = "x" * 300
_HERE = "HERE"


@dataclass(frozen=True)
class Mistake:
    """A row of the table.

    Attributes:
        group: The heading that it stands under.
        command: What is called, as in a shell that has no files in place of globs; LONG is a name of 300 letters.
        exit: The exit code.
        said: The message, without ``beam-deid:``; HERE is the folder.
        change: Texts of policy.yaml and what stands in their place.
        env: Variables of the environment; null for one that is not set.
    """

    group: str
    command: str
    exit: int
    said: str
    change: dict[str, str] = field(default_factory=dict)
    env: dict[str, str | None] = field(default_factory=dict)

    @property
    def words(self) -> list[str]:
        """The words of the command."""
        return shlex.split(self.command.replace("LONG", _LONG))

    @contextmanager
    def made(self, folder: Path) -> Iterator[None]:
        """The folder with what the row changes, until the block ends."""
        policy = folder / "policy.yaml"
        before = policy.read_text("utf-8")
        after = before
        for old, new in self.change.items():
            assert old in after, f"{old} is not in the policy"
            after = after.replace(old, new, 1)
        policy.write_text(after, "utf-8")
        try:
            yield
        finally:
            policy.write_text(before, "utf-8")


def rows() -> list[Mistake]:
    """All rows of the table."""
    groups: dict[str, list[dict[str, Any]]] = yaml.safe_load(TABLE.read_text("utf-8"))
    return [Mistake(group, **row) for group, listed in groups.items() for row in listed]


def message_of(stderr: str, folder: Path) -> str:
    """The message that a command ended with: what stands from the last ``beam-deid:`` on."""
    said = ("\n" + stderr).rpartition("\nbeam-deid: ")[2].strip()
    return said.replace(os.fspath(folder), _HERE).replace(_LONG, "LONG")
