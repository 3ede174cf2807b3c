"""The command ``beam-deid``. Each command is imported when it is called, and each imports what it needs when it needs it."""

import importlib
import logging
import os
import sys
from collections.abc import Iterator

import click

from beam_deid.pipelines.commands import Group, told
from beam_deid.pipelines.language.chosen import chosen
from beam_deid.pipelines.language.help_pages import with_language
from beam_deid.pipelines.language.words import message_of, said, spoken_in
from beam_deid.pipelines.output import fail, open_streams
from beam_deid.pipelines.stopping import Stopped, heed_no_more, heed_signals
from beam_deid.pipelines.stopping import said as said_of_stopping
from beam_deid.transforms.errors import DeidError, fault_of
from beam_deid.transforms.names import NAMES
from beam_deid.transforms.run.processor import sort_quickly
from beam_deid.transforms.storage.stopping import STOPPING

_COMMANDS = {
    "assess": "Measure what any dataset discloses, and the label it would get.",
    "correct": "Replace records in what was published by corrected ones.",
    "demo": "Make synthetic orders, run a policy over them, and show the labels.",
    "doctor": "Say whether a run would work, here or on an engine.",
    "erase": "Take persons out of what was published, and out of later runs.",
    "explain": "Say what a reason for rejected records means, or a test of the label.",
    "keys": "Make, list, rotate and destroy the keys of a keyring.",
    "label": "Decide published labels again after keys were destroyed.",
    "plan": "Say what a policy will do, without reading data.",
    "publish": "Publish a run whose process died when all was written.",
    "profile": "Draft a policy from data.",
    "reidentify": "Turn tokens and format-preserving ciphertexts back into values.",
    "releases": "List, show, compare and forget what was given out before.",
    "report": "Write pages about what was published, or drafts of documents that the law asks for.",
    "run": "Make the releases of a policy from files.",
    "search": "Find the levels with the least information loss, and what more protection would cost.",
    "schema": "Print the JSON Schema of a policy.",
    "sweep": "List published releases whose time is over, and remove them.",
    "verify": "Check published releases against their labels.",
}

_FORMER_NAMES = {"restore": "reidentify"}
"""Names that commands had in earlier versions: still understood, but no longer listed."""

_MODULES = {"profile": "profiling", "report": "report_command"}
"""Where a command's module has another name than the command: ``profile`` is one of the standard library, ``report`` a folder."""


class _Commands(Group):
    """Commands that are imported when they are called, so that ``--help`` is quick."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        name = _FORMER_NAMES.get(cmd_name, cmd_name)
        if name not in _COMMANDS:
            return None
        if name != cmd_name:
            told = said(f"{cmd_name} is called {name} now; the old name will go")
            click.echo(f"beam-deid: {told}", err=True)
        command = getattr(importlib.import_module(f"beam_deid.pipelines.{_MODULES.get(name, name)}"), name)
        assert isinstance(command, click.Command)  # noqa: S101 - ours
        return with_language(command)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))


@click.group(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="""\b
Examples:
  beam-deid demo
  beam-deid plan policy.yaml
  beam-deid run policy.yaml --input 'orders/*.csv' --output out
  beam-deid verify out

\b
Completion in a shell, for bash, zsh or fish: put the line for yours into its start file:
  eval "$(_BEAM_DEID_COMPLETE=bash_source beam-deid)"      # ~/.bashrc
  eval "$(_BEAM_DEID_COMPLETE=zsh_source beam-deid)"       # ~/.zshrc
  _BEAM_DEID_COMPLETE=fish_source beam-deid | source       # ~/.config/fish/completions/beam-deid.fish""",
    invoke_without_command=True,
    no_args_is_help=True,
)
@click.option("--version", is_flag=True, help="Show the version and exit.")
@click.option("--verbose", "-v", is_flag=True, help="With --version: what it stands on and the machine gives, too.")
@click.pass_context
def cli(context: click.Context, version: bool, verbose: bool) -> None:
    """De-identify order data, test whether people can be re-identified, and label the result."""
    if version:
        _show_version(verbose)
        context.exit()
    if verbose:
        raise click.UsageError("--verbose here goes with --version; else write it behind the command.")
    if context.invoked_subcommand is None:
        raise click.UsageError("Missing command.")


def _show_version(verbose: bool) -> None:
    from beam_deid.pipelines.version import machine_lines, version_line

    click.echo(said(version_line()))
    for line in machine_lines() if verbose else ():
        click.echo(f"  {said(line)}")


with_language(cli)


def main(arguments: list[str] | None = None) -> None:
    """Run a command and end the process with its exit code."""
    try:
        heed_signals()
        open_streams()
        sort_quickly()
        handler = logging.StreamHandler(sys.stderr)
        handler.addFilter(_is_news)
        logging.basicConfig(level=logging.ERROR, format="%(levelname)s %(name)s: %(message)s", handlers=[handler])
        code = call(arguments)
    except Stopped as stopped:  # before the command began, or behind its end
        code = _stopped(stopped)
    heed_no_more()
    sys.exit(code)


def _is_news(record: logging.LogRecord) -> bool:
    """Whether a log record says more than the message that the command ends with: engines log what they raise."""
    return not (record.exc_info and isinstance(record.exc_info[1], DeidError))


def call(arguments: list[str] | None = None) -> int:
    """Run a command and return its exit code."""
    with spoken_in(chosen(sys.argv[1:] if arguments is None else arguments, os.environ)):
        return _call(arguments)


def _call(arguments: list[str] | None) -> int:
    STOPPING.begin()
    NAMES.begin()
    NAMES.add(_own_names(sys.argv[2:] if arguments is None else arguments[1:]))
    try:
        words = list(sys.argv[1:] if arguments is None else arguments)
        cli.main(words, prog_name="beam-deid", standalone_mode=False, obj=words)
    except DeidError as error:
        fail(message_of(error))
        return error.exit_code
    except click.exceptions.Exit as exit_:
        return exit_.exit_code
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        return error.exit_code
    except click.ClickException as error:
        wrong = told(error)
        fail(message_of(wrong, by_click=True))
        return wrong.exit_code
    except Stopped as stopped:
        return _stopped(stopped)
    except (KeyboardInterrupt, click.Abort):  # where nobody heeds signals, or a person answered no
        return _stopped(Stopped())
    except Exception as error:
        fault = fault_of(error, "command")
        fail(message_of(fault))
        return fault.exit_code
    return 0


def _own_names(words: list[str]) -> Iterator[str]:
    """What in a call may be a name of the user's own: of a file, a field, a release."""
    for word in words:
        value = word.partition("=")[2] if word.startswith("-") else word
        yield from (value, *value.split(","), *value.split("="))


def _stopped(stopped: Stopped) -> int:
    """Say that a command was stopped; its exit code."""
    fail(said(said_of_stopping()))
    return stopped.exit_code
