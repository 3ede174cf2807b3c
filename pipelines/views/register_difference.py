"""What differs between two entries of a register, and in the tests of their labels."""

from collections.abc import Mapping
from typing import Any

from rich.console import Console

from beam_deid.pipelines.differing import differing_rows
from beam_deid.pipelines.language.words import word
from beam_deid.pipelines.views.cells import mark, table
from beam_deid.pipelines.views.register_cells import indented, minute, printable, value
from beam_deid.transforms.register.document import Entry


def show_difference(out: Console, one: Entry, other: Entry, document: Mapping[str, Any]) -> None:
    """Show what differs in two entries, and in the tests of their labels.

    Args:
        out: Where it is shown.
        one: An entry.
        other: Another.
        document: What `beam_deid.transforms.register.comparing` found, with ``same`` and ``tests``.
    """
    out.print(
        f"[bold]{printable(one.name)}[/bold] ({minute(one.made_at)} UTC) and "
        f"[bold]{printable(other.name)}[/bold] ({minute(other.made_at)} UTC)"
    )
    if document["same"]:
        out.print("What the register says of them does not differ.")
    else:
        _show_pairs(out, one, other, document)
        _show_inputs(out, document["inputs"])
    _show_tests(out, one, other, document["tests"])


def _show_pairs(out: Console, one: Entry, other: Entry, document: Mapping[str, Any]) -> None:
    pairs = table("", printable(one.name), printable(other.name))
    for row in differing_rows(document, printable):
        pairs.add_row(word(row.what) if row.is_word else row.what, value(row.one), value(row.other))
    if pairs.row_count:
        out.print(indented(pairs))


def _show_inputs(out: Console, inputs: Mapping[str, Any]) -> None:
    lines = [
        *(f"- {printable(file['name'])}: no longer there" for file in inputs["removed"]),
        *(f"+ {printable(file['name'])}: new" for file in inputs["added"]),
        *(f"~ {printable(file['name'])}: other bytes" for file in inputs["changed"]),
        *(f"= {printable(file['name'][0])}: now {printable(file['name'][1])}" for file in inputs["renamed"]),
    ]
    if lines:
        out.print("  input files")
    for line in lines:
        out.print(f"    {line}")


def _show_tests(out: Console, one: Entry, other: Entry, tests: Mapping[str, Any]) -> None:
    unread = [problem for problem in tests["problems"].values() if problem]
    for problem in unread:
        out.print(f"[yellow]note[/yellow]: {printable(problem)}")
    if unread:
        out.print("Their tests cannot be compared; what the register itself says of them is above.")
    elif not tests["differing"]:
        out.print("Their tests do not differ.")
    else:
        _show_differing(out, one, other, tests["differing"])


def _show_differing(out: Console, one: Entry, other: Entry, differing: list[Mapping[str, Any]]) -> None:
    outcomes = table("test", printable(one.name), printable(other.name))
    for test in differing:
        outcomes.add_row(printable(test["name"]), _outcome(test["one"]), _outcome(test["other"]))
    out.print("  tests: what was measured")
    out.print(indented(outcomes))


def _outcome(test: Mapping[str, Any] | None) -> str:
    if test is None:
        return "not made"
    return f"{mark(test['passed'])} {value(test['measured'])} (limit {value(test['limit'])})"
