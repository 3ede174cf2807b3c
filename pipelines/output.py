"""What a command says: one JSON document on stdout, words and progress on stderr."""

import contextlib
import contextvars
import json
import os
import re
import sys
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import click

from beam_deid.pipelines.language.chosen import ENGLISH
from beam_deid.pipelines.language.words import said, spoken, word
from beam_deid.pipelines.language.wrapping import hanging
from beam_deid.pipelines.views.progress_lines import ProgressLines
from beam_deid.transforms.errors import OutputError
from beam_deid.transforms.run.progress import PROGRESS

if TYPE_CHECKING:  # rich takes a tenth of a second to load, which usage errors and --help do without
    from rich.console import Console

_TICK = 0.1
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
"""Control characters but for line feeds and tabs, which messages of several lines have."""


def open_streams() -> None:
    """See that stdout and stderr can be written to: what is closed leads nowhere, and what an encoding lacks becomes a ``?``."""
    for name, descriptor in (("stdout", 1), ("stderr", 2)):
        if getattr(sys, name) is None:
            place = os.open(os.devnull, os.O_WRONLY)
            if place != descriptor:  # else a file of somebody else's would get its number, and its words
                os.dup2(place, descriptor)
            setattr(sys, name, os.fdopen(descriptor, "w"))
        getattr(sys, name).reconfigure(errors="replace")


def console(as_json: bool) -> "Console":
    """Where words for a person go: stdout, or stderr where stdout is for a machine."""
    from beam_deid.pipelines.language.console import SpeakingConsole

    return SpeakingConsole(stderr=as_json, highlight=False, emoji=False, soft_wrap=not sys.stdout.isatty())


def emit(document: Any) -> None:
    """Print the one JSON document of a ``--json`` call.

    Raises:
        OutputError: It cannot be written. Where nobody reads on, that is no fault.
    """
    try:
        click.echo(json.dumps(document, ensure_ascii=False, indent=2))
    except BrokenPipeError:
        leave_unread(1)
    except OSError as error:
        leave_unread(1)
        raise OutputError(f"the document cannot be written ({error.strerror})", "stdout", "Free space there") from None


def leave_unread(descriptor: int) -> None:
    """Let a stream lead nowhere whose reader is gone, or that takes no more: what a command does is not its reader's to decide."""
    place = os.open(os.devnull, os.O_WRONLY)
    os.dup2(place, descriptor)
    os.close(place)


def fail(message: str) -> None:
    """Print an error for a person, in whose language it is already."""
    _say(message)


def warn(messages: Iterable[str]) -> None:
    """Print warnings for a person."""
    for message in messages:
        _say(f"{word('warning')}: {said(message)}")


def note(messages: Iterable[str]) -> None:
    """Print what a person should know, and need do nothing about."""
    for message in messages:
        _say(f"{word('note')}: {said(message)}")


def _say(message: str) -> None:
    """Print a message on stderr; on a terminal wrapped, so that no word and no path is broken at its edge."""
    text = f"beam-deid: {_without_controls(message)}"
    columns = _columns()
    click.echo(hanging(text, columns, at_blanks=spoken() == ENGLISH) if columns else text, err=True)


def _without_controls(text: str) -> str:
    """A text whose control characters are spelled out: a file's name may have some, which a terminal would obey."""
    return _CONTROLS.sub(lambda found: f"\\x{ord(found[0]):02x}", text)


def _columns() -> int:
    """The width of the terminal that stderr is; 0 where it is none, or does not tell."""
    try:
        return os.get_terminal_size(sys.stderr.fileno()).columns
    except (OSError, ValueError):
        return 0


@contextlib.contextmanager
def progress(steps: Sequence[str], rows: int | None = None, shards: int = 0, first: str = "starting") -> Iterator[None]:
    """Show how far a command is: a bar on a terminal, a line now and then elsewhere; always on stderr.

    Args:
        steps: What it does, one after the other.
        rows: Rows of its input, where that is known.
        shards: Pieces that its input is read in.
        first: What is done before the first step.
    """
    PROGRESS.plan(steps, rows, shards, first)
    done = threading.Event()
    shown = _bar if sys.stderr.isatty() else _lines
    # In a copy of this context, the thread goes on in the call's language while a page is drawn in others.
    thread = threading.Thread(target=contextvars.copy_context().run, args=(shown, done), daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def _bar(done: threading.Event) -> None:
    from rich.console import Console

    from beam_deid.pipelines.views.progress import Bar

    with Bar(Console(stderr=True)) as bar:
        while not done.wait(_TICK):
            bar.show(PROGRESS.now())


def _lines(done: threading.Event) -> None:
    lines = ProgressLines()
    while not done.wait(_TICK):
        line = lines.due(PROGRESS.now(), time.monotonic())
        if line is not None:
            click.echo(f"beam-deid: {line}", err=True)
