"""Help pages and usage errors of click in the language of the call."""

import re
from collections.abc import Iterable

import click

from beam_deid.pipelines.language.chosen import ENGLISH, LANGUAGES, VARIABLE
from beam_deid.pipelines.language.words import said, said_by_click, spoken, word
from beam_deid.pipelines.language.wrapping import width, wrapped

_ADDED = re.compile(r"(?P<told>.*?)(?P<blanks> {2}|^)\[(?P<added>[^\[\]]*)\]", re.DOTALL)
_LEAST = 10  # columns of an explanation, however narrow the terminal is


class Pages(click.HelpFormatter):
    """Writes a help page. In English it is click's own; other languages are wrapped by the width of their characters."""

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        """Write the usage line."""
        super().write_usage(prog, args, prefix if spoken() == ENGLISH else f"{word('Usage:')} ")

    def write_heading(self, heading: str) -> None:
        """Write a heading."""
        super().write_heading(word(heading))

    def write_text(self, text: str) -> None:
        """Write paragraphs, each said by itself."""
        if spoken() == ENGLISH:
            super().write_text(text)
            return
        indent = " " * self.current_indent
        told = "\n\n".join(map(_paragraph, text.split("\n\n")))
        self.write(f"{wrapped(told, self.width, indent)}\n")

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        """Write names with their explanations."""
        if spoken() == ENGLISH:
            super().write_dl(rows, col_max, col_spacing)
            return
        rows = list(rows)
        column = min(max(width(name) for name, _ in rows), col_max) + col_spacing
        for name, explanation in rows:
            self._write_row(name, _explained(explanation), column, col_spacing)

    def _write_row(self, name: str, explanation: str, column: int, spacing: int) -> None:
        start = " " * self.current_indent
        rest = " " * (column + self.current_indent)
        if not explanation:
            self.write(f"{start}{name}\n")
            return
        lines = wrapped(explanation, max(self.width - column - 2, _LEAST)).splitlines()
        if width(name) <= column - spacing:
            self.write(f"{start}{name}{' ' * (column - width(name))}{lines[0]}\n")
        else:
            self.write(f"{start}{name}\n{rest}{lines[0]}\n")
        for line in lines[1:]:
            self.write(f"{rest}{line}\n" if line else "\n")


def _paragraph(text: str) -> str:
    """A paragraph of a help text; one whose lines are kept is said line by line."""
    if text.startswith("\b"):
        return "\n".join(said(line) if line.startswith(" ") else word(line) for line in text.split("\n"))
    return said(" ".join(text.split()))


def _explained(text: str) -> str:
    """The explanation of an option, and what click adds to it in brackets: ``Most records.  [default: 100; required]``."""
    found = _ADDED.fullmatch(text)
    if found is None:
        known = word(text)  # click's, of --help and --version
        return said(text) if known == text else known
    added = "；".join(said_by_click(word(one)) for one in found["added"].split("; "))
    return f"{said(found['told'])}{found['blanks']}[{added}]"


class Context(click.Context):
    """A call of a command, whose help page is written by `Pages`."""

    formatter_class = Pages


def with_language(command: click.Command) -> click.Command:
    """A command, and all below it, with the option ``--lang`` and help pages in the language of the call."""
    command.context_class = Context
    command.short_help = command.short_help or _first_sentence(command.help or "")
    if not any(option.name == "lang" for option in command.params):
        command.params.append(_option())
    if isinstance(command, click.Group):
        for one in command.commands.values():
            with_language(one)
    return command


def _first_sentence(text: str) -> str:
    """What a list of commands says of one. click cuts it off at some width, and then it could not be said otherwise."""
    return " ".join(text.split("\n\n")[0].split()).partition(". ")[0].removesuffix(".")


def _option() -> click.Option:
    return click.Option(
        ["--lang"],
        type=click.Choice(LANGUAGES),
        expose_value=False,
        help=f"Language of what is shown; also {VARIABLE}, else the system's. Files and --json are the same in all.",
    )
