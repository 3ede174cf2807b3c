"""Flags that several commands share."""

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from beam_deid import configs
from beam_deid.pipelines.commands import Group
from beam_deid.pipelines.completing import complete_file
from beam_deid.transforms.clock import moment_of
from beam_deid.transforms.run.cores import cores

Command = Callable[..., Any]


def json_option(command: Command) -> Command:
    """``--json``."""
    return click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout, all else on stderr.")(
        command
    )


def verbose_option(command: Command) -> Command:
    """``--verbose``."""
    return click.option("--verbose", "-v", is_flag=True, help="Show the figures of tests that pass, too.")(command)


def input_option(required: bool) -> Callable[[Command], Command]:
    """``--input GLOB``, repeatable."""
    return click.option(
        "--input",
        "-i",
        "inputs",
        cls=_InputOption,
        multiple=True,
        required=required,
        metavar="GLOB",
        shell_complete=complete_file,
    )


class _InputOption(click.Option):
    """The option whose help names all formats, as the policy's schema does: its file is read quickly, and no reader is loaded."""

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        """The option and what it means."""
        self.help = f"Files to read ({_formats()}; text also compressed); repeatable. Quote globs."
        return super().get_help_record(ctx)


def _formats() -> str:
    """The formats by name, as text: what the schema says of ``input.format``."""
    with (Path(configs.__file__).parent / "schemas" / "policy.schema.json").open(encoding="utf-8") as file:
        schema = json.load(file)
    said: str = schema["$defs"]["InputOptions"]["properties"]["format"]["description"]
    return said.partition(";")[0]


def workers_option(command: Command) -> Command:
    """``--workers N``."""
    return click.option(
        "--workers",
        type=click.IntRange(1),
        default=None,
        metavar="N",
        help="Processes on this machine. Default: one a core, but no more than there are shards.",
    )(command)


class JsonGroup(Group):
    """A group whose ``--json`` is that of whichever of its commands is called: all of them have it."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.params.append(click.Option(["--json", "as_json"], is_flag=True, help="As --json of the command."))

    def invoke(self, ctx: click.Context) -> Any:
        """Call a command."""
        if ctx.params.pop("as_json"):
            ctx.default_map = {name: {"as_json": True} for name in self.commands}
        return super().invoke(ctx)


class Portion(click.FloatRange):
    """A share from 0 to 1. Not-a-number is neither greater nor less than anything, so that it would allow all."""

    def __init__(self) -> None:
        super().__init__(0, 1)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Read a share."""
        share = super().convert(value, param, ctx)
        return self.fail(f"{value} is not a share", param, ctx) if math.isnan(share) else share


class Moment(click.ParamType):  # type: ignore[type-arg]
    """A time in ISO 8601 with its offset, as microseconds since 1970."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Read a time."""
        found = moment_of(str(value))
        if found is None:
            self.fail(f"{value} is no time with its offset; write 2026-11-27T08:00:00+08:00 or …Z", param, ctx)
        return found


def as_of_option(command: Command) -> Command:
    """``--as-of TIME``."""
    return click.option(
        "--as-of",
        type=Moment(),
        default=None,
        metavar="TIME",
        help="Time at which consent must be valid, 2026-11-27T08:00:00+08:00. Default: the policy's, or now.",
    )(command)


def worker_count(asked: int | None, shards: int) -> int:
    """How many processes to use."""
    return asked or max(1, min(cores(), shards // 2))


def names(text: str | None) -> tuple[str, ...]:
    """Names as in ``--fields a,b``, each once; empty if nothing is given."""
    return tuple(dict.fromkeys(name.strip() for name in (text or "").split(",") if name.strip()))
