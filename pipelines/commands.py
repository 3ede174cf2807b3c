"""What all commands have in common: nothing on a command line is passed over, and what is wrong is told with the nearest name.

Click itself refuses unknown options. Refused here is what it lets pass: words that no option and no argument takes, an option that
is given twice of which the last would count, an option in place of another's value, and a long option behind one dash, of which
it would take the first letter for a short one.
"""

import difflib
import os
from collections.abc import Iterable, Sequence
from typing import Any

import click

from beam_deid.transforms.errors import UsageError
from beam_deid.transforms.policy.nearest import nearest

_SHORTEST = 4
"""Letters, with its dash, of a word that may be a long option with one dash too few."""
_ALIKE = 0.8


class Command(click.Command):
    """A command that takes every word of its command line for something, or refuses it.

    Attributes:
        elsewhere: What to do about an option that is like none of the command's.
    """

    allow_extra_args = True  # so that it is this class that tells of them
    elsewhere = ""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the words.

        Raises:
            UsageError: One is taken for nothing, or for another thing than it looks like.
        """
        if ctx.resilient_parsing:  # a shell asks what comes next, of a line that is not whole
            return super().parse_args(ctx, args)
        where = path_of(ctx)
        known = long_options(self, ctx)
        for word in _before_dashes(args):
            _see_two_dashes(word, known, where)
        try:
            given, _, order = self.make_parser(ctx).parse_args(list(args))
        except click.UsageError as error:
            error.ctx = error.ctx or ctx
            raise
        _see_values(self, ctx, given, where)
        _see_each_once(order, where)
        rest = super().parse_args(ctx, args)
        if ctx.args:
            raise _not_taken(self, ctx, where)
        return rest


class Group(click.Group):
    """A command of commands, each of which is a `Command`."""

    command_class = Command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that is meant.

        Raises:
            UsageError: There is none of that name.
        """
        name = args[0]
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError:
            if name.startswith("-"):
                raise
        names = self.list_commands(ctx)
        like = nearest(name, names)
        step = f"Did you mean {like}?" if like else f"There are: {', '.join(names)}"
        raise UsageError(f"there is no command {name}", path_of(ctx), step)


def path_of(ctx: click.Context) -> str:
    """The command's name as its messages begin with it: without the program's own, which stands before every message."""
    return ctx.command_path.partition(" ")[2]


def long_options(command: click.Command, ctx: click.Context) -> tuple[str, ...]:
    """All options of a command that have two dashes."""
    options = (one for one in command.get_params(ctx) if isinstance(one, click.Option))
    return tuple(name for one in options for name in (*one.opts, *one.secondary_opts) if name.startswith("--"))


def told(error: click.ClickException) -> UsageError:
    """An error of Click's as one of ours, which says what, where, and the next step."""
    ctx = getattr(error, "ctx", None)
    where = path_of(ctx) if ctx is not None else ""
    see = f"See: beam-deid {where} --help" if where else "See: beam-deid --help"
    if isinstance(error, click.NoSuchOption):
        return UsageError(f"there is no option {error.option_name}", where, _instead(error, ctx) or see)
    if isinstance(error, click.MissingParameter) and error.param is not None:
        return UsageError(f"{_named(error.param)} is missing", where, see)
    if isinstance(error, click.BadParameter) and error.param is not None:
        return UsageError(f"{_named(error.param)}: {_plain(error.message)}", where, see)
    return UsageError(_plain(error.format_message()), where, see)


def _instead(error: click.NoSuchOption, ctx: click.Context | None) -> str:
    """What to write in place of an option that there is not."""
    if error.possibilities:
        return f"Did you mean {error.possibilities[0]}?"
    command = ctx.command if ctx is not None else None
    if ctx is None or command is None:
        return ""
    like = nearest(error.option_name.lstrip("-"), [name[2:] for name in long_options(command, ctx)])
    return f"Did you mean --{like}?" if like else getattr(command, "elsewhere", "")


def _named(parameter: click.Parameter) -> str:
    """A parameter as the help shows it."""
    if isinstance(parameter, click.Option):
        return max(parameter.opts, key=len)
    return parameter.make_metavar(click.get_current_context(silent=True) or click.Context(click.Command("")))


def _plain(words: str) -> str:
    """A sentence of Click's as ours begin and end."""
    return words[:1].lower() + words[1:].rstrip(".")


def _before_dashes(words: Sequence[str]) -> Sequence[str]:
    return words[: words.index("--")] if "--" in words else words


def _see_two_dashes(word: str, known: Sequence[str], where: str) -> None:
    """See that a word with one dash is no long option: ``-overwrite`` would be ``-o verwrite``."""
    name = word.partition("=")[0]
    if not name.startswith("-") or name.startswith("--") or len(name) < _SHORTEST:
        return
    like = difflib.get_close_matches(f"-{name}", known, 1, cutoff=_ALIKE)
    if like:
        raise UsageError(f"there is no option {name}", where, f"Write two dashes: {like[0]}")


def _see_values(command: click.Command, ctx: click.Context, given: dict[str, Any], where: str) -> None:
    """See that no option stands where the value of another should."""
    options = [one for one in command.get_params(ctx) if isinstance(one, click.Option)]
    known = {name for one in options for name in (*one.opts, *one.secondary_opts)}
    for parameter in command.get_params(ctx):
        value = given.get(str(parameter.name))
        for one in value if isinstance(value, list) else [value]:
            if isinstance(parameter, click.Option) and isinstance(one, str) and one.partition("=")[0] in known:
                raise UsageError(f"{_named(parameter)} has no value, but {one} behind it", where, "Write its value")


def _see_each_once(order: Iterable[click.Parameter], where: str) -> None:
    """See that no option is given twice of which only the last would count."""
    seen = set[str]()
    for parameter in order:
        name = str(parameter.name)
        if name in seen and isinstance(parameter, click.Option) and not (parameter.multiple or parameter.is_flag):
            raise UsageError(f"{_named(parameter)} is given twice, and only one can count", where, "Leave one out")
        seen.add(name)


def _not_taken(command: click.Command, ctx: click.Context, where: str) -> UsageError:
    """The error for words that nothing takes: most often a glob that the shell has put its files in place of."""
    first, *others = ctx.args
    more = f" and {len(others)} more" if others else ""
    pattern = _glob(command, ctx)
    if pattern:
        what = f"{first}{more}: too many words, and files like it would not be read"
        return UsageError(what, where, f"A shell puts files in place of a glob; quote it: --input '{pattern}'")
    arguments = [_named(one) for one in command.get_params(ctx) if isinstance(one, click.Argument)]
    takes = " ".join(arguments) if arguments else "no argument"
    return UsageError(f"{first}{more}: too many words", where, f"beam-deid {where} takes {takes}; leave it out")


def _glob(command: click.Command, ctx: click.Context) -> str:
    """The glob that the files of a command line were, if they are some of an input that was not quoted; else empty."""
    inputs = ctx.params.get("inputs") or ()
    arguments = [ctx.params.get(str(one.name)) for one in command.params if isinstance(one, click.Argument)]
    words = [*ctx.args, *(word for word in arguments if isinstance(word, str))]
    for given in inputs:
        ending = os.path.splitext(given)[1]
        if ending and any(os.path.splitext(word)[1] == ending for word in words):
            return os.path.join(os.path.dirname(given), f"*{ending}")
    return ""
