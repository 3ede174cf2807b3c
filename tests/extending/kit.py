"""Adds a thing to a copy of the package, runs commands of the copy, and counts what had to be touched.

Nothing is patched: the copy is a package of its own in a temporary folder, and every command is a process that imports it from
there. The files touched are counted by comparing the copy with the package, not by what a test says that it did
(`Package.touched`).

    package = copied(tmp_path)
    package.add("transforms/actions/reverse.py", FILE)
    package.enter("transforms/actions/__init__.py", "    Reverse,", before="    Redact,", imports="from … import Reverse")
    assert package.touched() == Touched(new=("transforms/actions/reverse.py",), lines={"transforms/actions/__init__.py": 1})
    schema = package.document("schema")
"""

import difflib
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import beam_deid
import beam_deid.configs
import beam_deid.pipelines
import beam_deid.transforms

ROOMS = {Path(str(part.__file__)).parent for part in (beam_deid.configs, beam_deid.pipelines, beam_deid.transforms)}
"""The top folders of the package as it is."""

_IMPORTS = ("from ", "import ")


@dataclass(frozen=True)
class Touched:
    """What differs between the copy and the package.

    Attributes:
        new: Files that the package does not have.
        lines: For each file that was changed, how many of its lines are new or different. The import of what a listing
            names is not counted: the entry and its import stand in one file, and neither is of use without the other.
    """

    new: tuple[str, ...] = ()
    lines: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Package:
    """A copy of the package.

    Attributes:
        folder: Where it lies: ``folder/beam_deid/transforms`` and so on; commands run in ``folder``.
    """

    folder: Path

    def add(self, file: str, text: str) -> None:
        """Write a file that the package does not have yet, named as in the package: ``transforms/actions/reverse.py``."""
        path = self._path(file)
        assert not path.exists(), f"{file} is there already"
        path.write_text(text, "utf-8")

    def enter(self, listing: str, entry: str, *, before: str, imports: str = "") -> None:
        """Write an entry into a file of the package.

        Args:
            listing: The file, named as in the package.
            entry: The entry's whole lines, or a part of one, with the spaces around it.
            before: The text in front of which it is put; it must stand there exactly once. The entry becomes a line of its own
                where this is the beginning of a line.
            imports: The import that the entry needs, which is put in front of the file's first import.
        """
        path = self._path(listing)
        text = path.read_text("utf-8")
        assert text.count(before) == 1, f"{before!r} stands {text.count(before)} times in {listing}"
        end = "\n" if _begins_line(text, before) and not entry.endswith("\n") else ""
        text = text.replace(before, f"{entry}{end}{before}")
        path.write_text(_with_import(text, imports) if imports else text, "utf-8")

    def touched(self) -> Touched:
        """What differs from the package, found by comparing all files."""
        ours = {name: text for root in ROOMS for name, text in _files(root)}
        copied = {name: text for root in ROOMS for name, text in _files(self._path(root.name))}
        assert not ours.keys() - copied.keys(), "an extension deletes nothing"
        new = tuple(sorted(copied.keys() - ours.keys()))
        changed = {name: _lines(text, copied[name]) for name, text in sorted(ours.items()) if copied[name] != text}
        return Touched(new, changed)

    def run(self, *arguments: str, code: int = 0) -> str:
        """What Python prints when the copy is the package: stdout, or stderr where the exit code is to be another than 0.

        Args:
            *arguments: Those of the interpreter: ``-m beam_deid.pipelines schema``, or ``-c`` and a program.
            code: The exit code that is to come out.
        """
        paths = os.pathsep.join([str(self.folder), *filter(None, [os.environ.get("PYTHONPATH")])])
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=self.folder,
            env={**os.environ, "PYTHONPATH": paths},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == code, done.stderr
        return done.stdout if code == 0 else done.stderr

    def command(self, *arguments: str, code: int = 0) -> str:
        """What ``beam-deid`` prints; see `run`."""
        return self.run("-m", "beam_deid.pipelines", *arguments, code=code)

    def document(self, *arguments: str) -> Any:
        """The JSON document that ``beam-deid`` prints."""
        return json.loads(self.command(*arguments))

    def _path(self, name: str) -> Path:
        return self.folder / "beam_deid" / name


def copied(folder: Path) -> Package:
    """A copy of the package in ``folder``, which may hold inputs and policies as well."""
    for root in ROOMS:
        shutil.copytree(root, folder / "beam_deid" / root.name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(str(beam_deid.__file__), folder / "beam_deid" / "__init__.py")
    return Package(folder)


def _begins_line(text: str, part: str) -> bool:
    at = text.index(part)
    return at == 0 or text[at - 1] == "\n"


def _with_import(text: str, imports: str) -> str:
    lines = text.splitlines(keepends=True)
    first = next(number for number, line in enumerate(lines) if line.startswith(_IMPORTS))
    return "".join([*lines[:first], f"{imports}\n", *lines[first:]])


def _files(root: Path) -> list[tuple[str, str]]:
    files = (path for path in root.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return [(f"{root.name}/{path.relative_to(root).as_posix()}", path.read_text("utf-8")) for path in files]


def _lines(before: str, after: str) -> int:
    """How many lines were added or changed, but for imports; a changed line is one that went and one that came."""
    difference = list(difflib.unified_diff(before.splitlines(), after.splitlines(), n=0, lineterm=""))[2:]
    came = [line for line in difference if line.startswith("+") and not line[1:].startswith(_IMPORTS)]
    went = [line for line in difference if line.startswith("-")]
    return max(len(came), len(went))
