"""Ctrl-C and SIGTERM: a command ends at once, says what became of its work, and leaves nothing behind."""

import contextlib
import os
import signal
import sys
from multiprocessing import resource_tracker
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

from beam_deid.pipelines.language.words import said as in_language
from beam_deid.transforms.storage.stopping import STOPPING

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_SHOW_CURSOR = "\r\x1b[K\x1b[?25h"  # a progress bar hides it

NOTHING = "Stopped. Nothing was published and nothing is left behind."
BEGUN = "Stopped while it was published. The next command on this output finishes that, or puts the earlier one back."


class Stopped(BaseException):
    """A signal that came while there was nothing to take back. No `KeyboardInterrupt`, which Click takes for another thing.

    Args:
        number: The signal.
    """

    def __init__(self, number: int = signal.SIGINT) -> None:
        super().__init__(number)
        self.exit_code = 128 + number


def heed_signals() -> None:
    """Answer signals from now on. One that whoever started this process ignores stays ignored, as in a script's background."""
    for number in _SIGNALS:
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, _stop)


def heed_no_more() -> None:
    """Let a command that is done end with its own exit code: the interpreter, as it ends, would answer a signal with its own."""
    for number in _SIGNALS:
        signal.signal(number, signal.SIG_IGN)


def said() -> str:
    """What a person is told who stopped a command."""
    if STOPPING.published:
        return f"Stopped. {STOPPING.published} was published before that, and is whole."
    return BEGUN if STOPPING.is_begun else NOTHING


def _stop(number: int, frame: FrameType | None) -> None:
    if STOPPING.wait_for_whole(lambda: _end(number)):
        return
    if STOPPING.if_cut:
        _end(number, STOPPING.if_cut)
    if STOPPING.is_busy:
        _end(number, BEGUN, keep=True)
    if not (STOPPING.is_needed or STOPPING.published):
        raise Stopped(number)
    _end(number)


def _end(number: int, words: str = "", *, keep: bool = False) -> NoReturn:
    """Take everything back and end the process. Other threads go on meanwhile, and nothing that they say is heard.

    Args:
        number: The signal.
        words: What is told; by default what became of the command's work.
        keep: Whether nothing is taken back, because others finish or undo it.
    """
    heed_no_more()
    on_terminal = sys.stderr is not None and sys.stderr.isatty()
    to = _mute()
    if not keep:
        STOPPING.take_back()
    _end_children()
    _write(to, f"{_SHOW_CURSOR if on_terminal else ''}beam-deid: {_spoken(words or said())}\n")
    os._exit(128 + number)


def _mute() -> int:
    """Let nobody be heard on stdout and stderr any more.

    Returns:
        A descriptor of what was stderr.
    """
    kept = os.dup(2)
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 1)
    os.dup2(silence, 2)
    return kept


def _spoken(words: str) -> str:
    """Words in the language of the call, if that can be had at this moment."""
    try:
        return in_language(words)
    except Exception:  # whatever a catalogue that is half loaded says
        return words


def _write(to: int, text: str) -> None:
    encoding = getattr(sys.stderr, "encoding", None) or "utf-8"
    with contextlib.suppress(OSError):
        os.write(to, text.encode(encoding, "replace"))


def _end_children() -> None:
    """End what this process has started, such as an engine's own service; and last what removes semaphores, once it has."""
    helper: Any = resource_tracker._resource_tracker
    for child in _children():
        if child != getattr(helper, "_pid", None):
            with contextlib.suppress(OSError):
                os.kill(child, signal.SIGKILL)
                os.waitpid(child, 0)
    with contextlib.suppress(Exception):
        helper._stop()


def _children() -> list[int]:
    """The processes that this one has started, where the system lists them."""
    found = []
    for facts in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):  # it ended meanwhile
            parent = facts.read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()[1]
            found += [int(facts.parent.name)] if int(parent) == os.getpid() else []
    return found
