"""What a policy will do to each field, the tests, and the best label that can come out: the label first."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import accumulate, groupby
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from beam_deid.pipelines.language.words import word
from beam_deid.pipelines.views.cells import label_word, table
from beam_deid.pipelines.views.plan_recipient import recipient_rows, show_hint, show_purposes
from beam_deid.transforms.label.lines import LINES
from beam_deid.transforms.terms import LabelName

_WIDEST = 30  # of a test's name
_SHORT = 110  # characters of a list of names, where not all are asked for
_SIGNS = {"at_least": "≥", "at_most": "≤", "below": "<"}


def show_plan(out: Console, document: dict[str, Any], verbose: bool) -> None:
    """Show a plan: of each release the best label and why, what is missing, and what happens to its fields.

    Args:
        out: Where it is shown.
        document: The plan, as ``beam-deid plan --json`` prints it.
        verbose: Whether each field and each test is shown by itself.
    """
    for number, (name, release) in enumerate(document["releases"].items()):
        if number:
            out.print()
        _show_release(out, name, release, document, verbose)
    out.print()
    _show_input(out, document, verbose)
    if verbose:
        show_purposes(out, document)
    else:
        show_hint(out, document)


def _show_release(out: Console, name: str, release: dict[str, Any], document: dict[str, Any], verbose: bool) -> None:
    best = release["best_label"]
    expected = ", as expected" if best == release["expect"] else ""
    out.print(
        f"[bold]{escape(name)}[/bold]: at best [bold]{label_word(best)}[/bold]{expected}  "
        f"({escape(release['purpose'])}; {word(release['sharing'])})"
    )
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    for heading, said in _headed(release, verbose):
        grid.add_row(f"  {word(heading)}", said)
    for heading, said in (*_around(release, document, verbose), *recipient_rows(release, verbose)):
        grid.add_row(f"  {word(heading)}", said)
    out.print(grid)
    if verbose:
        _show_fields(out, release["fields"])
        _show_tests(out, release["tests"])


def _label(release: Mapping[str, Any], verbose: bool) -> Iterator[tuple[str, str]]:
    """Why this is the best label: what the policy alone makes impossible, or else what the data must show."""
    if not release["reasons"]:
        limits = [_limited(test) for test in release["tests"] if test["limit"]]
        yield "if", f"all {len(release['tests'])} tests hold, such as {_names(limits, verbose)}"
    elif verbose:
        for reason in release["reasons"]:
            yield "why", escape(f"line {reason['line']}: {reason['what']}; {reason['instead']}")
    else:
        yield from _obstacles(release)


def _obstacles(release: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What makes a better label impossible, a line for each line of the label rule; and what to do, where one is wanted."""
    for line, those in groupby(release["reasons"], key=lambda reason: reason["line"]):
        reasons = list(those)
        fields = [f"{reason['field']} ({reason['action']})" for reason in reasons if reason["field"] is not None]
        if fields:
            yield "why", f"line {line}, {word(LINES[line])}: {escape(', '.join(fields))}"
        for reason in reasons:
            if reason["field"] is None:
                yield "why", escape(f"line {line}, {word(LINES[line])}: {reason['what']}; {reason['instead']}")
    named = any(reason["field"] is not None for reason in release["reasons"])
    if named and release["expect"] != LabelName.STILL_PERSONAL:
        yield "instead", "drop or generalize these fields, or expect still_personal"


def _unpublished(release: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What becomes of a release that cannot have the label that it expects."""
    if release["expect"] == LabelName.ANONYMIZED and release["best_label"] != LabelName.ANONYMIZED:
        yield (
            "[red]note[/red]",
            "it expects anonymized, so it is never published; run --overwrite removes an earlier one of its name as soon as "
            "another release of the run is published",
        )


def _headed(release: Mapping[str, Any], verbose: bool) -> Iterator[tuple[str, str]]:
    """What is told of a release under a heading each: the label, what is missing, what is done with fields, what the law says."""
    yield from _label(release, verbose)
    yield from _unpublished(release)
    yield from _missing(release)
    yield from _treatments(release["fields"])
    yield from _by_law(release["fields"])


def _missing(release: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield from (("missing", escape(one)) for one in (*release["absent_keys"], *release["unsaid"]))
    yield from (("[red]note[/red]", escape(one)) for one in release["warnings"])


def _treatments(fields: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    """The fields by what is done with them, in the order of the first of each."""
    alike: dict[tuple[str, str], list[str]] = {}
    for field in fields:
        alike.setdefault((field["action"], _how(field)), []).append(field["field"])
    for (action, how), names in alike.items():
        yield action, escape(", ".join(names)) + (f" ({how})" if how else "")


def _by_law(fields: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    """The fields whose category is sensitive, by category."""
    alike: dict[str, list[str]] = {}
    for field in fields:
        if field["sensitive_by"] and field["action"] != "drop":
            alike.setdefault(field["category"], []).append(field["field"])
    for category, names in alike.items():
        law = next(field["sensitive_by"] for field in fields if field["category"] == category)
        yield "sensitive", escape(f"{', '.join(names)}: {category} ({law})")


def _how(field: Mapping[str, Any]) -> str:
    """What must be known of an action beside its name."""
    if field["action"] == "generalize":
        return "the search chooses the level" if field["level_open"] else "at a fixed level"
    return "" if field["recoverability"] in ("clear", "removed") else str(field["recoverability"])


def _around(release: Mapping[str, Any], document: Mapping[str, Any], verbose: bool) -> Iterator[tuple[str, str]]:
    """What stands around the fields: what is left out, by what persons are counted, what else is tested with it."""
    yield from (("records", escape(one)) for one in release["records"])
    yield "left out", _left_out(release["not_released"], document["never_released"], verbose)
    uncounted = "record: each is one person" if document["subject"] else "nobody, so nothing can be measured"
    yield "counted by", _names(release["identities"], verbose) if release["identities"] else uncounted
    if release["tested_with"]:
        yield "tested with", _names(release["tested_with"], verbose)
    if release["part_rows"]:
        yield "parts", "1 row each" if release["part_rows"] == 1 else f"{release['part_rows']:,} rows each"


def _left_out(names: Sequence[str], never: Sequence[str], verbose: bool) -> str:
    """The fields that other releases alone give out, and how many are in no release, which are listed below."""
    if verbose or not never:
        return _names(names, verbose)
    others = [name for name in names if name not in never]
    fields = "1 field that is" if len(never) == 1 else f"{len(never)} fields that are"
    return f"{_names(others, verbose)}, and {fields} in no release" if others else f"{fields} in no release"


def _show_input(out: Console, document: dict[str, Any], verbose: bool) -> None:
    """What is in no release, what is allowed to differ between files, and what is made of their rows."""
    if document["never_released"]:
        out.print(f"In no release: {_names(document['never_released'], verbose)}")
        if verbose:
            out.print("  What cannot be read in these rejects no record, but for the subject and the record's number")
    if document["optional"]:
        out.print(f"Files may lack {_names(document['optional'], verbose)}: read as null there")
    if document["ignored"]:
        out.print(f"Not read: {_names(document['ignored'], verbose)}")
    if document["filled"]:
        filled = document["filled"]
        fields = _names(filled["fields"], verbose)
        out.print(
            f"Filled down where blank, by {escape(filled['by'])}: {fields}; each file is read as a whole, by one worker"
        )


def _show_fields(out: Console, fields: Iterable[dict[str, str]]) -> None:
    columns = ("field", "category", "action", "recoverability", "sentence")
    rows = ([field[column] or "" for column in columns] for field in fields)
    out.print(_filled(("field", "category", "action", "recoverability", "what happens"), rows))


def _show_tests(out: Console, tests: list[dict[str, Any]]) -> None:
    out.print("  tests, by line of the label rule; anonymized only if all of them hold")
    # One table for all lines, so that their columns stand below each other.
    grid = table("", "test", "limit", "measured")
    grid.columns[0].no_wrap = True
    grid.columns[1].max_width = _WIDEST
    for line, those in groupby(tests, key=lambda test: test["line"]):
        grid.add_row(f"[dim]{line}[/dim]", f"[dim]{word(LINES[line])}[/dim]", "", "")
        for test in those:
            grid.add_row("", escape(test["name"]), _limit(test), escape(test["sentence"]))
    out.print(grid)


def _limit(test: Mapping[str, Any]) -> str:
    sign = _SIGNS[test["compare"]]
    return "0" if sign == "≤" and not test["limit"] else f"{sign} {test['limit']:g}"


def _limited(test: Mapping[str, Any]) -> str:
    return f"{test['name']} {_limit(test)}"


def show_register(out: Console, missing: str, earlier: list[dict[str, Any]] | None) -> None:
    """Show which registered releases a run will be tested with.

    Args:
        out: Where it is shown.
        missing: Why the policy has no register; empty where it has one.
        earlier: The registered releases; None where it is not known yet where the register is.
    """
    if missing:
        out.print(f"Nothing is remembered of what is given out: {escape(missing)}", soft_wrap=True)
    elif earlier is None:
        out.print(
            "The register is beside the output; with --output DIR, plan lists the releases that a run will be tested with"
        )
    elif not earlier:
        out.print("Nothing is registered yet that a run would be tested with")
    else:
        _show_earlier(out, earlier)


def _show_earlier(out: Console, earlier: list[dict[str, Any]]) -> None:
    out.print("Where it has some of the same records, a run is tested together with")
    rows = ((one["name"], one["made_at"], one["sharing"], f"{one['records']:,}") for one in earlier)
    out.print(_filled(("release", "made", "sharing", "records"), rows))


def _filled(headings: Iterable[str], rows: Iterable[Iterable[str]]) -> Table:
    made = table(*headings)
    for row in rows:
        made.add_row(*map(escape, row))
    return made


def _names(names: Sequence[str], verbose: bool) -> str:
    """Names in a list; of many the first ones, unless all are asked for."""
    told = list(names) if verbose else _first(names)
    left = len(names) - len(told)
    listed = escape(", ".join(told)) or "nothing"
    return f"{listed} and {left} more" if left else listed


def _first(names: Sequence[str]) -> list[str]:
    """The first names that go together into a line or two; all of them where only one is over."""
    lengths = accumulate(len(name) + 2 for name in names)
    few = max(1, sum(length <= _SHORT for length in lengths))
    return list(names if few + 1 >= len(names) else names[:few])
