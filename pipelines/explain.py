"""``beam-deid explain``: what a code means that a label, a report or a file of rejected records has, and what to do about it."""

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
  beam-deid explain                       every code that there is
  beam-deid explain reasons               all reasons, a line each
  beam-deid explain outside_hierarchy     a reason in rejected.csv
  beam-deid explain k
  beam-deid explain l:category            as a label names it
  beam-deid explain line 4
  beam-deid explain grade 3
  beam-deid explain risk.sharing.R        by its place in label.json""",
)
@click.argument("code", nargs=-1, metavar="[CODE]", shell_complete=complete_code)
@options.json_option
def explain(code: tuple[str, ...], as_json: bool) -> None:
    """Say what CODE means and what to do about it.

    CODE is whatever a label, a report or rejected.csv has: a line of the label rule, a test, a figure, a grade, a word, or a reason
    why records were rejected or withheld; or the name of a list of these.
    """
    from beam_deid.pipelines.views.explanation import TOPICS, show_all, show_explanation, show_listed
    from beam_deid.transforms.label.explaining import explanation_of, explanations

    out = output.console(as_json)
    asked = " ".join(code)
    every = list(explanations())
    found = None
    if not asked:
        show_all(out, every)
    elif asked in TOPICS:
        every = [one for one in every if one.what in TOPICS[asked]]
        show_listed(out, every)
    else:
        found = explanation_of(asked)
        if found is None:
            raise _unknown(asked, [*TOPICS, *(one.code for one in every)])
        show_explanation(out, found)
    if as_json:
        output.emit(asdict(found) if found else [asdict(one) for one in every])


def _unknown(code: str, known: Sequence[str]) -> UsageError:
    from beam_deid.transforms.policy.nearest import nearest, shown

    like = nearest(code, known)
    hint = f"Did you mean {shown(like)}? " if like else ""
    return UsageError("this code has no explanation", shown(code), f"{hint}All are listed by: beam-deid explain")
