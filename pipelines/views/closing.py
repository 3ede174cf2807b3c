"""The last lines of a run, which are in sight when it ends: what became of each release, what would change it, what to do next."""

import shlex
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.text import Text

from beam_deid.pipelines.language.console import said_text
from beam_deid.pipelines.language.words import joined, said
from beam_deid.pipelines.language.wrapping import ends_of_lines
from beam_deid.pipelines.program import program
from beam_deid.pipelines.views.cells import label_word, mark
from beam_deid.pipelines.views.changes import by_text
from beam_deid.pipelines.views.report import report_line
from beam_deid.transforms.publish.publication import Outcome
from beam_deid.transforms.storage.paths import REPORT, shown

_INDENT = "  "
_NAMED = 3  # failing tests that are named
_NOTHING = "Next: change the policy, and run again; nothing was published"
_NOTHING_NEW = "Next: change the policy, and run again; nothing was published, and the earlier run stays as it was"

Label = Mapping[str, Any]


def show_closing(
    out: Console, outcome: Outcome, output: str, *, dry: bool = False, earlier: Collection[str] = ()
) -> None:
    """Show what a run came to, in two lines for each release, or three where a path is long.

    Args:
        out: Where it is shown.
        outcome: What it came to.
        output: The output folder.
        dry: Whether it is what a run would come to, of which nothing was published.
        earlier: The releases that were in the output before.
    """
    run = outcome.run
    labels = outcome.labels
    for name, label in labels.items():
        release = run["releases"][name]
        _show_whole(out, out.render_str(_became(name, label, release, output, dry)))
        if not all(test["passed"] for test in label["tests"]):
            _show_line(out, Text("  ").append_text(said_text(_why(label, release["expect"]))))
    published = any(release["published"] for release in run["releases"].values())
    rejected = max((label["records"]["rejected"] for label in labels.values()), default=0)
    if rejected and published and not dry:
        _show_whole(out, out.render_str(_rejected(rejected, output)))
    if REPORT in outcome.reports:
        _show_whole(out, report_line(f"{shown(output)}/{REPORT}"))
    lost = [name for name in earlier if published and not run["releases"].get(name, {}).get("published")]
    if lost:
        _show_whole(out, out.render_str(_lost(lost, dry)))
    if not dry:
        nothing = _NOTHING_NEW if earlier else _NOTHING
        out.print(_next(output) if published else nothing, soft_wrap=True, markup=False)


def _show_line(out: Console, line: Text) -> None:
    """Show one line, cut off at the edge of a terminal: the whole of it stands above."""
    if out.is_terminal:
        out.print(line, no_wrap=True, overflow="ellipsis")
    else:
        out.print(line, soft_wrap=True)


def _show_whole(out: Console, told: Text) -> None:
    """Show a message that says where something is: a terminal has it on several lines, with the path on one, to be copied."""
    ends = ends_of_lines(told.plain, out.width - len(_INDENT)) if out.is_terminal and told.cell_len > out.width else []
    for number, line in enumerate(told.divide(ends)):
        line.rstrip()
        out.print(Text(_INDENT if number else "").append_text(line), soft_wrap=True)


def _became(name: str, label: Label, release: Mapping[str, Any], output: str, dry: bool) -> str:
    """A release's label, and what became of it."""
    met = bool(release["published"]) and label["label"] in ("anonymized", release["expect"])
    sign = mark(met) if met or not release["published"] else "[yellow]![/yellow]"
    told = (
        _published(name, label["records"], output, dry) if release["published"] else _unpublished(label, release, dry)
    )
    is_now = f"{sign} [bold]{escape(name)}[/bold]: [bold]{label_word(label['label'])}[/bold]"
    return joined(is_now, ", ", told)


def _published(name: str, records: Mapping[str, int], output: str, dry: bool) -> str:
    released = records["released"]
    read = records["read"]
    where = f"{escape(shown(output))}/{escape(name)}"
    if dry and read == 1:
        return said(f"would publish {released:,} of 1 record in {where}")
    if dry:
        return said(f"would publish {released:,} of {read:,} records in {where}")
    if read == 1:
        return said(f"{released:,} of 1 record in {where}")
    return said(f"{released:,} of {read:,} records in {where}")


def _unpublished(label: Label, release: Mapping[str, Any], dry: bool) -> str:
    if release["expect"] in (None, label["label"]):  # a part of a release that several tables have
        return _held(dry)
    expected = escape(str(release["expect"]))
    if dry:
        return said(f"[red]would not be published[/red]: the policy expects {expected}")
    return said(f"[red]not published[/red]: the policy expects {expected}")


def _held(dry: bool) -> str:
    if dry:
        return said(
            "[red]would not be published[/red]: another table's part of the release is not what the policy expects"
        )
    return said("[red]not published[/red]: another table's part of the release is not what the policy expects")


def _lost(names: Sequence[str], dry: bool) -> str:
    listed = escape(", ".join(names))
    if dry:
        return said(f"[yellow]would be removed[/yellow] with the earlier run, and not be there anew: {listed}")
    return said(f"[yellow]removed[/yellow] with the earlier run, and not there anew: {listed}")


def _why(label: Label, expected: str | None) -> str:
    """Which tests fail, and what would change the label; no advice to whoever expects it as it is."""
    failing = [test["name"] for test in label["tests"] if not test["passed"]]
    named = ", ".join(failing[:_NAMED])
    more = len(failing) - _NAMED
    if more > 0:
        named = f"{named} and {more} more"
    failures = "1 test fails" if len(failing) == 1 else f"{len(failing)} tests fail"
    if expected == "still_personal":
        return f"{failures}, as the policy expects: {named}"
    ways = list(by_text(label["changes"]))
    if not ways:
        return f"{failures}: {named}"
    if len(ways) == 1:
        return f"{failures}; nearest change: {ways[0]}"
    return f"{failures}; {len(ways)} changes together would fix that, see above: {named}"


def _rejected(rejected: int, output: str) -> str:
    where = f"{escape(shown(output))}/rejected.csv"
    if rejected == 1:
        return f"1 record was rejected: {where} says which and why"
    return f"{rejected:,} records were rejected: {where} says which and why"


def _next(output: str) -> str:
    return f"Next: {program()} verify {shlex.quote(shown(output))}"
