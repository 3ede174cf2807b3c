"""``beam-deid explain``: what a reason for rejected records means, or a test behind a label, and what to do about it."""

from collections.abc import Sequence
from dataclasses import asdict

import click

from beam_deid.pipelines import options, output
from beam_deid.pipelines.commands import Command
from beam_deid.pipelines.completing import complete_code
from beam_deid.transforms.errors import UsageError


@click.command(
    cls=Command,
    epilog="""\b
Examples:
  beam-deid explain                       all reasons and tests, a line each
  beam-deid explain outside_hierarchy     a reason in rejected.csv
  beam-deid explain k
  beam-deid explain l:category            as a label names it""",
)
@click.argument("code", required=False, metavar="[CODE]", shell_complete=complete_code)
@options.json_option
def explain(code: str | None, as_json: bool) -> None:
    """Say what CODE means and what to do about it: a reason why records were rejected or withheld, or the name of a test."""
    from beam_deid.pipelines.views.explanation import show_all, show_explanation
    from beam_deid.transforms.label.explaining import explanation_of, explanations

    out = output.console(as_json)
    if code is None:
        every = list(explanations())
        show_all(out, every)
        if as_json:
            output.emit([asdict(one) for one in every])
        return
    found = explanation_of(code)
    if found is None:
        raise _unknown(code, [one.code for one in explanations()])
    show_explanation(out, found)
    if as_json:
        output.emit(asdict(found))


def _unknown(code: str, known: Sequence[str]) -> UsageError:
    from beam_deid.transforms.policy.nearest import nearest, shown

    like = nearest(code, known)
    hint = f"Did you mean {shown(like)}? " if like else ""
    return UsageError("this is neither a reason nor a test", shown(code), f"{hint}All are listed by: beam-deid explain")
