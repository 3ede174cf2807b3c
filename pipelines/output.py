"""What a command says: one JSON document on stdout, words and progress on stderr."""

import contextlib
import json
import sys
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import click

from beam_deid.pipelines.views.progress_lines import ProgressLines
from beam_deid.transforms.run.progress import PROGRESS

if TYPE_CHECKING:  # rich takes a tenth of a second to load, which usage errors and --help do without
    from rich.console import Console

_TICK = 0.1


def console(as_json: bool) -> "Console":
    """Where words for a person go: stdout, or stderr where stdout is for a machine."""
    from rich.console import Console

    return Console(stderr=as_json, highlight=False, emoji=False, soft_wrap=not sys.stdout.isatty())


def emit(document: Any) -> None:
    """Print the one JSON document of a ``--json`` call."""
    click.echo(json.dumps(document, ensure_ascii=False, indent=2))


def fail(message: str) -> None:
    """Print an error for a person."""
    click.echo(f"beam-deid: {message}", err=True)


def warn(messages: Iterable[str]) -> None:
    """Print warnings for a person."""
    for message in messages:
        click.echo(f"beam-deid: warning: {message}", err=True)


def note(messages: Iterable[str]) -> None:
    """Print what a person should know, and need do nothing about."""
    for message in messages:
        click.echo(f"beam-deid: note: {message}", err=True)


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
    thread = threading.Thread(target=_bar if sys.stderr.isatty() else _lines, args=(done,), daemon=True)
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
