"""``run`` and the options of Beam, which stand behind ``--``: nothing before it is Beam's, and nothing behind it is ours."""

import click

from beam_deid.pipelines.commands import Command, path_of
from beam_deid.transforms.errors import UsageError

_DASHES = "--"
_KEY = "beam_deid.beam_options"


class EngineCommand(Command):
    """A command whose words behind ``--`` are options of Beam. Beam's own parser checks them; see `beam_options`."""

    elsewhere = "Beam's own options stand behind --, as in: beam-deid run … -- --flink_master=HOST:PORT"

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the words before ``--``, and keep those behind it."""
        own = args[: args.index(_DASHES)] if _DASHES in args else args
        behind = tuple(args[len(own) + 1 :])
        for word in behind:
            if word.partition("=")[0] == "--runner":
                raise UsageError("--runner stands behind --", path_of(ctx), "Name the engine before it")
        ctx.meta[_KEY] = behind
        return super().parse_args(ctx, own)

    def collect_usage_pieces(self, ctx: click.Context) -> list[str]:
        """What the help says first."""
        return [*super().collect_usage_pieces(ctx), "[-- BEAM_OPTIONS]"]


def beam_options(ctx: click.Context) -> tuple[str, ...]:
    """What a command line has behind ``--``."""
    options: tuple[str, ...] = ctx.meta.get(_KEY, ())
    return options
