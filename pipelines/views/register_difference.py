"""What differs between two entries of a register, and in the tests of their labels."""

from collections.abc import Iterator, Mapping
from typing import Any

from rich.console import Console

from beam_deid.pipelines.language.words import word
from beam_deid.pipelines.views.cells import mark, table
from beam_deid.pipelines.views.register_cells import indented, minute, printable, short, value
from beam_deid.transforms.register.document import Entry

_WORDS = {"record": "records known by", "identities": "persons counted by", "policy_sha256": "policy"}
_OF_FIELDS = {"roles": "roles of", "l": "l of", "levels": "level of", "losses": "loss of", "records": "records"}

Row = tuple[str, str, str]
"""What is compared, its value in the one entry, and in the other."""


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
    for row in (*_plain(document["plain"]), *_released(document["fields"]), *_of_fields(document)):
        pairs.add_row(*row)
    if pairs.row_count:
        out.print(indented(pairs))


def _plain(differing: Mapping[str, tuple[Any, Any]]) -> Iterator[Row]:
    for name, (one, other) in differing.items():
        if name == "policy_sha256":
            yield word(_WORDS[name]), short(value(one)), short(value(other))
        else:
            yield word(_WORDS.get(name, name)), value(one), value(other)


def _released(fields: Mapping[str, list[str]]) -> Iterator[Row]:
    for field in fields["removed"]:
        yield f"field {printable(field)}", "released", "not released"
    for field in fields["added"]:
        yield f"field {printable(field)}", "not released", "released"


def _of_fields(document: Mapping[str, Any]) -> Iterator[Row]:
    for name, of in _OF_FIELDS.items():
        for field, (one, other) in document[name].items():
            # A field that is released in one of them alone has no roles in the other; `_released` has told that.
            if name != "roles" or None not in (one, other):
                yield f"{of} {printable(field)}", value(one), value(other)


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
