"""What ``beam-deid releases`` says of the entries of a register, in words for a person."""

from collections.abc import Iterable, Mapping
from typing import Any

from rich import filesize
from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table

from beam_deid.transforms.register.document import Document, Entry, State
from beam_deid.transforms.terms import LabelName

_BECAME = {
    State.PENDING: "pending: it was about to be published when this was written, and nobody knows that it was not",
    State.PUBLISHED: "published",
    State.SUPERSEDED: "superseded: a later run replaced it; who has it has it still",
    State.UNRELEASED: "unreleased: a later run replaced it, and somebody said that it was never given out",
    State.FORGOTTEN: "forgotten: somebody said that it was never given out",
}
_WORDS = {"record": "records known by", "identities": "persons counted by", "policy_sha256": "policy"}
_OF_FIELDS = {"roles": "roles of", "l": "l of", "levels": "level of", "losses": "loss of", "records": "records"}
_NO_VALUE = "–"
_HASH = 12  # of a hash, so that files that differ are told apart
_MILLION = 1_000_000


def printable(text: str) -> str:
    """A text from a register without what would move a terminal's cursor, and without markup."""
    return escape("".join(one if one.isprintable() else "\N{REPLACEMENT CHARACTER}" for one in text))


def minute(time: str) -> str:
    """A time of a register for a person, without seconds and zone; all of them are UTC."""
    return time[:16].replace("T", " ")


def suppressed_share(entry: Entry) -> float:
    """The share of the records that were suppressed, of all that could have been released."""
    suppressed = entry.records.suppressed
    whole = entry.records.released + entry.records.withheld + suppressed
    return suppressed / whole if whole else 0.0


def sizes(document: Document) -> dict[str, Any]:
    """How large the tables of a register are.

    Returns:
        ``files``: their number. ``bytes``: of all. ``records``: those that have fingerprints, over all entries.
        ``record_bytes``: bytes of the tables of records. ``bytes_per_million``: the same for a million records, None where there
        are no records. ``person_bytes``: bytes of the runs' tables of persons.
    """
    # Entries may share a file, which is there once.
    tables = [entry.table for entry in document.releases if entry.table is not None]
    of_records = {table.file: table.size for table in tables}
    of_persons = {run.persons.file: run.persons.size for run in document.runs if run.persons is not None}
    records = sum(table.rows for table in tables)
    size = sum(of_records.values())
    return {
        "files": len(document.files),
        "bytes": size + sum(of_persons.values()),
        "records": records,
        "record_bytes": size,
        "bytes_per_million": size * _MILLION / records if records else None,
        "person_bytes": sum(of_persons.values()),
    }


def show_list(out: Console, document: Document) -> None:
    """Say what a register holds, an entry a line, and what it comes to."""
    # Two things stand in a cell where both would not find room in 80 columns.
    table = _table("name", "made at", "label\nstate", "sharing\nrecipient")
    for heading in ("records", "suppressed"):
        table.add_column(heading, justify="right")
    for entry in document.releases:
        sharing = printable(entry.sharing)
        recipient = printable(entry.recipient or "")
        table.add_row(
            printable(entry.name),
            minute(entry.made_at).replace(" ", "\n"),
            f"{_styled(entry.label)}\n{entry.state}",
            f"{sharing}\n{recipient}".rstrip("\n"),
            f"{entry.records.released:,}",
            f"{suppressed_share(entry):.2%}",
        )
    out.print(
        f"register of [bold]{printable(document.dataset)}[/bold], revision {document.revision}, "
        f"written {minute(document.written_at)} UTC"
    )
    if document.releases:
        out.print(table)
    else:
        out.print("No release is in it.")
    _show_total(out, document)


def _show_total(out: Console, document: Document) -> None:
    tested = document.tested
    records = sum(entry.records.released for entry in tested)
    whole = _count(len(document.releases), "release")
    out.print(
        f"tested together with a new release of the same records: {len(tested):,} of {whole}"
        f", {_count(records, 'record')}"
    )
    found = sizes(document)
    per_million = found["bytes_per_million"]
    told = "" if per_million is None else f", {_size(per_million)} for a million"
    out.print(
        f"fingerprints of {_count(found['records'], 'record')}: {_size(found['record_bytes'])}{told}; "
        f"of the persons of {_count(len(document.runs), 'run')}: {_size(found['person_bytes'])}"
    )


def show_entry(out: Console, document: Document, entry: Entry) -> None:
    """Say all that a register holds of an entry."""
    out.print(f"[bold]{printable(entry.name)}[/bold]: {_styled(entry.label)}, {_BECAME[entry.state]}")
    facts = Table.grid(padding=(0, 2, 0, 0))
    facts.add_column(style="dim")
    facts.add_column(overflow="fold")
    for name, value in _facts(document, entry):
        facts.add_row(name, value)
    out.print(_indented(facts))
    _show_fields(out, entry)
    _show_files(
        out,
        "input files",
        ("name", "bytes", "sha256"),
        ((str(file["name"]), f"{file['size']:,}", str(file["sha256"])) for file in entry.inputs),
    )
    _show_files(
        out,
        "parts",
        ("path", "rows", "sha256"),
        ((str(file["path"]), f"{file['rows']:,}", str(file["sha256"])) for file in entry.files),
    )
    _show_events(out, entry)


def _facts(document: Document, entry: Entry) -> Iterable[tuple[str, str]]:
    yield "release", printable(entry.release)
    yield "run", f"{printable(entry.run)}, begun {minute(entry.made_at)} UTC"
    yield "purpose", _or_none(entry.purpose)
    yield "sharing", printable(entry.sharing)
    yield "recipient", _or_none(entry.recipient)
    yield "output", printable(entry.output)
    yield "records", ", ".join(f"{number:,} {what}" for what, number in entry.records.to_document().items())
    yield "suppressed", f"{suppressed_share(entry):.2%}"
    yield "records known by", printable(entry.record)
    yield "persons counted by", _names(entry.identities)
    yield "k", str(entry.k)
    yield "tested with earlier", _names(entry.together)
    yield "tested with later", _names(later_tested(document, entry))
    yield "tested with a new one", _tested_now(entry)
    yield "label.json", printable(entry.label_sha256)
    yield "policy", printable(entry.policy_sha256)


def later_tested(document: Document, entry: Entry) -> list[str]:
    """The names of the later entries that were tested together with an entry."""
    return [one.name for one in document.releases if entry.name in one.together]


def _tested_now(entry: Entry) -> str:
    if not entry.is_tested:
        return "no"
    if entry.table is None:
        return "yes, but it has no fingerprints: what is tested with it fails"
    return f"yes, by the fingerprints of {_count(entry.table.rows, 'record')}"


def _show_fields(out: Console, entry: Entry) -> None:
    table = _table("field", "roles", "level", "loss", "l")
    for field, roles in entry.roles.items():
        loss = entry.losses.get(field)
        table.add_row(
            printable(field),
            _names(roles),
            _or_none(entry.levels.get(field)),
            _NO_VALUE if loss is None else f"{loss:.4g}",
            str(entry.l.get(field, _NO_VALUE)),
        )
    out.print(_indented(table))


def _show_files(out: Console, title: str, headings: tuple[str, str, str], rows: Iterable[tuple[str, str, str]]) -> None:
    table = _table(f"{title}: {headings[0]}")
    table.add_column(headings[1], justify="right")
    table.add_column(headings[2])
    for name, number, sha256 in rows:
        table.add_row(printable(name), number, _short(printable(sha256)))
    out.print(_indented(table))


def _show_events(out: Console, entry: Entry) -> None:
    for event in entry.events:
        by = f" by run {printable(event.run)}" if event.run else ""
        why = f": {printable(event.reason)}" if event.reason else ""
        out.print(f"  {minute(event.at)} UTC: {event.state}{by}{why}")


def show_difference(out: Console, one: Entry, other: Entry, document: Mapping[str, Any]) -> None:
    """Say what differs in two entries, and in the tests of their labels.

    Args:
        out: Where it is said.
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
    table = _table("", printable(one.name), printable(other.name))
    for name, pair in document["plain"].items():
        told = map(_value, pair)
        table.add_row(_WORDS.get(name, name), *(map(_short, told) if name == "policy_sha256" else told))
    for field in document["fields"]["removed"]:
        table.add_row(f"field {printable(field)}", "released", "not released")
    for field in document["fields"]["added"]:
        table.add_row(f"field {printable(field)}", "not released", "released")
    for name, word in _OF_FIELDS.items():
        for field, pair in document[name].items():
            if name == "roles" and None in pair:  # as told above: it is released in one of them alone
                continue
            table.add_row(f"{word} {printable(field)}", *map(_value, pair))
    if table.row_count:
        out.print(_indented(table))


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
        return
    if not tests["differing"]:
        out.print("Their tests do not differ.")
        return
    table = _table("test", printable(one.name), printable(other.name))
    for test in tests["differing"]:
        table.add_row(printable(test["name"]), _outcome(test["one"]), _outcome(test["other"]))
    out.print("  tests: what was measured")
    out.print(_indented(table))


def _outcome(test: Mapping[str, Any] | None) -> str:
    if test is None:
        return "not made"
    mark = "[green]✓[/green]" if test["passed"] else "[red]✗[/red]"
    return f"{mark} {_value(test['measured'])} (limit {_value(test['limit'])})"


def show_forgetting(out: Console, entry: Entry) -> None:
    """Say what an entry is, and what forgetting it means, before anybody is asked."""
    given = f", for {printable(entry.recipient)}" if entry.recipient else ""
    when = f"{minute(entry.made_at)} UTC"
    what = "was perhaps published" if entry.state is State.PENDING else "was published"
    out.print(
        f"[bold]{printable(entry.name)}[/bold] {what} in the run of {when} as {_styled(entry.label)}{given}: "
        f"{_count(entry.records.released, 'record')}, in {printable(entry.output)}."
    )
    if not entry.is_tested:
        out.print(
            "  No new release is tested with it as it is, for it was never anonymized; that it existed stays recorded."
        )
        return
    out.print(
        "  From then on nothing that is given out is tested together with it. Whoever has it could find persons by it and "
        "a later release of the same records together."
    )
    out.print("  [bold]This is right only if nobody ever got it[/bold], not even a part or a copy.")


def show_forgotten(out: Console, document: Document, entry: Entry, register: str) -> None:
    """Say what can no longer be tested once an entry is forgotten.

    Args:
        out: Where it is said.
        document: The register as it is now.
        entry: The entry as it was before.
        register: The register's folder, for the command that removes the fingerprints.
    """
    out.print("Forgotten. That it was made, and why it was forgotten, stays in the register.")
    if entry.is_tested:
        out.print(
            f"No longer tested: {_count(entry.records.released, 'record')} of {printable(entry.name)}, "
            f"made {minute(entry.made_at)} UTC."
        )
    left = _count(len(document.tested), "release")
    out.print(f"Still tested together with a new release of the same records: {left} of the register.")
    if entry.table is not None:
        out.print(f"Its fingerprints are still there. To remove them: beam-deid releases compact {printable(register)}")


def show_compacted(out: Console, before: int, after: int, rows: int) -> None:
    """Say what compaction gained: bytes before and after, and the rows in which they are now."""
    share = f" ({after / before:.0%})" if before else ""
    out.print(f"fingerprints of records: {_size(before)} before, {_size(after)} after{share}, in {_count(rows, 'row')}")


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"


def _size(size: float) -> str:
    return filesize.decimal(round(size))


def _styled(label: LabelName) -> str:
    style = "green" if label is LabelName.ANONYMIZED else "yellow"
    return f"[{style}]{label}[/]"


def _short(sha256: str) -> str:
    return f"{sha256[:_HASH]}…"


def _names(names: Iterable[str]) -> str:
    return ", ".join(map(printable, names)) or _NO_VALUE


def _or_none(text: str | None) -> str:
    return printable(text) if text else _NO_VALUE


def _value(value: Any) -> str:
    """A value of an entry or a test in a cell."""
    if value is None:
        return _NO_VALUE
    if isinstance(value, bool) or not isinstance(value, int | float):
        return _names(value) if isinstance(value, list) else printable(str(value))
    return f"{value:,}" if isinstance(value, int) else f"{value:.4g}"


def _table(*headings: str) -> Table:
    """A table whose cells are folded rather than cut off."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
    for heading in headings:
        table.add_column(heading, overflow="fold")
    return table


def _indented(table: Table) -> Padding:
    return Padding(table, (0, 0, 0, 2))
