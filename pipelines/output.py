"""What a command says: one JSON document on stdout, words and progress on stderr."""

import contextlib
import json
import os
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import click

from beam_deid.pipelines.language.words import said, word
from beam_deid.transforms.errors import OutputError
from beam_deid.transforms.run.progress import PROGRESS

if TYPE_CHECKING:  # rich takes a tenth of a second to load, which usage errors and --help do without
    from rich.console import Console

_PLAIN_SECONDS = 5.0
_TICK = 0.1


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
    click.echo(f"beam-deid: {message}", err=True)


def warn(messages: Iterable[str]) -> None:
    """Print warnings for a person."""
    for message in messages:
        click.echo(f"beam-deid: {word('warning')}: {said(message)}", err=True)


def note(messages: Iterable[str]) -> None:
    """Print what a person should know, and need do nothing about."""
    for message in messages:
        click.echo(f"beam-deid: {word('note')}: {said(message)}", err=True)


@contextlib.contextmanager
def progress(total: int | None) -> Iterator[None]:
    """Show how far a run is: a bar on a terminal, a line every few seconds elsewhere; always on stderr."""
    PROGRESS.total = total
    done = threading.Event()
    thread = threading.Thread(target=_bar if sys.stderr.isatty() else _lines, args=(done,), daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def _bar(done: threading.Event) -> None:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (
        SpinnerColumn(),
        TextColumn("{task.description:10}"),
        BarColumn(),
        TextColumn("{task.fields[said]}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(word(PROGRESS.phase), total=PROGRESS.total, said="")
        speed = _Speed()
        while not done.wait(_TICK):
            bar.update(task, description=word(PROGRESS.phase), completed=PROGRESS.rows, said=speed.told())


def _lines(done: threading.Event) -> None:
    speed = _Speed()
    phase = ""
    since = time.monotonic()
    while not done.wait(_TICK):
        late = time.monotonic() - since > _PLAIN_SECONDS
        if PROGRESS.phase != phase or late:
            phase = PROGRESS.phase
            since = time.monotonic()
            told = speed.told()
            click.echo(f"beam-deid: {word(phase)}, {told}" if PROGRESS.rows else f"beam-deid: {word(phase)}", err=True)


class _Speed:
    """Rows, and rows per second of the phase."""

    def __init__(self) -> None:
        self._phase = ""
        self._start = time.monotonic()

    def told(self) -> str:
        if PROGRESS.phase != self._phase:
            self._phase = PROGRESS.phase
            self._start = time.monotonic()
        seconds = max(time.monotonic() - self._start, 0.001)
        return said(f"{PROGRESS.rows:,} rows, {PROGRESS.rows / seconds:,.0f} rows/s")
