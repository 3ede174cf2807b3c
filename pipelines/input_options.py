"""The options of a policy's ``input:`` as options of a command that reads files without a policy.

They are made from the fields of `beam_deid.transforms.formats.input_options.InputOptions`, so that one that is added there is
one here. What is a mapping there, such as ``combine``, has no option: it is written into a policy.
"""

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from beam_deid.pipelines.commands import Command
from beam_deid.transforms.errors import UsageError

if TYPE_CHECKING:
    from beam_deid.transforms.formats.input_options import InputOptions

_TAB = r"\t"


class InputCommand(Command):
    """A command with the options of ``input:``, which it is called with as ``written``: what was given, by the option's name.

    The options are looked up when the command line is read, so that loading the command loads no reader of files.
    """

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """The command's own parameters, and those of how files are written."""
        own = super().get_params(ctx)
        taken = {one.name for one in own}
        return [*own, *(option for option in input_options() if option.name not in taken)]

    def invoke(self, ctx: click.Context) -> Any:
        """Call the command, what was given of ``input:`` put together."""
        written = {}
        for option in input_options():
            name = str(option.name)
            value = ctx.params.pop(name)
            if ctx.get_parameter_source(name) is not ParameterSource.DEFAULT:
                written[name] = value
        ctx.params["written"] = written
        return super().invoke(ctx)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options, those of how files are written in a section of their own."""
        shared = {one.name for one in input_options()}
        own = [one.get_help_record(ctx) for one in super().get_params(ctx)]
        written = [one.get_help_record(ctx) for one in self.get_params(ctx) if one.name in shared]
        for title, records in (("Options", own), ("How the files are written", written)):
            with formatter.section(title):
                formatter.write_dl([record for record in records if record is not None])


@cache
def input_options() -> tuple[click.Option, ...]:
    """An option for each field of ``input:`` that is no mapping."""
    from beam_deid.transforms.formats.input_options import InputOptions

    fields = InputOptions.model_json_schema()["properties"]
    made = (_option(name, field) for name, field in fields.items())
    return tuple(option for option in made if option is not None)


def written_as(given: Mapping[str, Any], before: "InputOptions | None" = None) -> "InputOptions":
    """How files are written, from what a command was called with.

    Args:
        given: What `InputCommand` calls a command with.
        before: What holds where nothing is given: a policy's own.

    Raises:
        UsageError: A value is wrong, or two do not go together.
    """
    from pydantic import ValidationError

    from beam_deid.transforms.formats.input_options import InputOptions

    known = {} if before is None else before.model_dump(exclude_unset=True)
    try:
        return InputOptions.model_validate({**known, **given})
    except ValidationError as error:
        first = error.errors()[0]
        wrong = first["loc"][:1] or tuple(given)
        what = first["msg"].removeprefix("Value error, ")
        raise UsageError(
            what, ", ".join(_flag(str(name)) for name in wrong), "See `beam-deid schema` for what input takes"
        ) from None


def _option(name: str, field: Mapping[str, Any]) -> click.Option | None:
    """The option of a field, by its JSON Schema; None of one that is a mapping."""
    kinds = {str(one.get("type")) for one in field.get("anyOf", [field])} - {"null"}
    words = str(field.get("description", ""))
    if kinds == {"boolean"}:
        return click.Option([f"{_flag(name)}/--no-{_flag(name)[2:]}", name], default=None, help=words)
    if kinds == {"array"}:
        return click.Option(
            [_flag(name), name], multiple=True, metavar="TEXT", help=f"{words}; repeatable", type=_Text()
        )
    if kinds == {"integer"}:
        return click.Option([_flag(name), name], type=int, metavar="N", help=words)
    if kinds in ({"string"}, {"string", "integer"}):
        return click.Option([_flag(name), name], metavar="TEXT", help=words, type=_Text("integer" in kinds))
    return None


def _flag(name: str) -> str:
    return f"--{name.replace('_', '-')}"


class _Text(click.ParamType[Any]):
    r"""Text, in which ``\t`` alone is a tab, as shells do not write one; or a number, where one may be given."""

    name = "text"

    def __init__(self, or_number: bool = False) -> None:
        self._or_number = or_number

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Read a text."""
        if self._or_number and str(value).isdecimal():
            return int(value)
        return "\t" if value == _TAB else value
