"""What a run leaves that is killed at a call of its store: for every call, from one run.

A process that is killed leaves on the disk what was there at that call. So a run keeps a copy of its folders before each call
that changes anything, and is killed at the last one, where what it left and its last copy must be the same. A process for each
call would prove no more.
"""

import os
import shutil
import signal
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from .faulty import Calls
from .processes import ROOT, start

_READING = ("entry", "entries", "open_input", "unseen", "write", "drop_empty", "settle", "make_private")
"""Calls that change nothing; what is written is there when it is closed."""

_KEEPS = f"""
import os, sys
sys.path.insert(0, {ROOT!r})
from beam_deid.transforms.storage import files, journal, lease
from beam_deid.transforms.storage.local import LocalStore
from tests.kit.crash_states import keeper
from tests.kit.faulty import Faulty
journal._AT_ONCE = 1
lease.SECONDS = 36_000  # nobody changes anything while it is copied
files._LOCAL = Faulty(LocalStore(), keeper(os.environ))
"""


def changing(calls: list[str]) -> list[str]:
    """Of the calls of a run, as `Calls.seen` tells them, those that change anything once all is written and proved."""
    decided = next(at for at, told in enumerate(calls) if told.startswith("close") and told.endswith("/outcome.json"))
    return [told for told in calls[decided + 1 :] if _changes(told)]


def _changes(told: str) -> bool:
    """Whether a call changes anything; claims are renewed in their own time."""
    name, _, path = told.partition(" ")
    return name not in _READING and "lease.json" not in path


@dataclass
class _Keeper(Calls):
    """Calls before each of which that changes anything all folders are copied, and at the last of which this process is killed.

    Attributes:
        folder: All folders of the run.
        copies: Where the copies go, by their number from 1.
        last: The number of the last.
    """

    folder: str = ""
    copies: str = ""
    last: int = 0
    _begun: bool = False
    _kept: list[str] = field(default_factory=list)

    def _counted(self, told: str) -> str | None:
        with self._lock:
            if self._begun and _changes(told):
                self._kept.append(told)
                shutil.copytree(self.folder, f"{self.copies}/{len(self._kept)}", symlinks=True)
                if len(self._kept) == self.last:
                    os.kill(os.getpid(), signal.SIGKILL)
            self._begun |= told.startswith("close") and told.endswith("/outcome.json")
        return super()._counted(told)


def keeper(environment: Mapping[str, str]) -> Calls:
    """What a process is told by `crash_states` to keep."""
    return _Keeper(folder=environment["FOLDER"], copies=environment["COPIES"], last=int(environment["LAST"]))


def crash_states(words: list[str], folder: Path, copies: Path, last: int) -> list[Path]:
    """Carry out a command in a process that is killed at a call of its store.

    Args:
        words: The command.
        folder: All that it reads and writes, its temporary files among it.
        copies: A folder for copies of this, which is made.
        last: The number of the call among those that change anything once all is written.

    Returns:
        The copies: what it would have left had it been killed at each call up to that one, the first one first.
    """
    copies.mkdir()
    process = start(*words, before=_KEEPS, FOLDER=str(folder), COPIES=str(copies), LAST=str(last))
    _, said = process.communicate(timeout=300)
    assert process.returncode == -signal.SIGKILL, said
    found = [copies / str(number) for number in range(1, last + 1)]
    assert _contents(found[-1]) == _contents(folder)
    return found


def bring_back(state: Path, folder: Path) -> None:
    """Put a state into the place of what is there now."""
    shutil.rmtree(folder)
    state.rename(folder)


def _contents(folder: Path) -> dict[str, tuple[int, bytes | str]]:
    """Everything below a folder, with its rights: the bytes of files, and where links lead."""
    found: dict[str, tuple[int, bytes | str]] = {}
    for path in folder.rglob("*"):
        what = os.readlink(path) if path.is_symlink() else path.read_bytes() if path.is_file() else ""
        found[path.relative_to(folder).as_posix()] = path.lstat().st_mode, what
    return found
