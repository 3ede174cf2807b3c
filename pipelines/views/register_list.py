"""What a register holds, an entry a line."""

from rich.console import Console

from beam_deid.pipelines.language.words import words
from beam_deid.pipelines.registered import overdue_of
from beam_deid.pipelines.views.cells import count, table
from beam_deid.pipelines.views.register_cells import minute, printable, size, styled
from beam_deid.transforms.register.document import Document, Entry
from beam_deid.transforms.register.summary import sizes, suppressed_share


def show_list(out: Console, document: Document) -> None:
    """Show what a register holds, and what it comes to."""
    out.print(
        f"register of [bold]{printable(document.dataset)}[/bold], revision {document.revision}, "
        f"written {minute(document.written_at)} UTC"
    )
    if document.releases:
        _show_entries(out, document.releases)
    else:
        out.print("No release is in it.")
    _show_tested(out, document)
    _show_sizes(out, document)
    _show_overdue(out, document.releases)


def _show_overdue(out: Console, entries: tuple[Entry, ...]) -> None:
    for entry in entries:
        for past in overdue_of(entry):
            out.print(f"[yellow]![/yellow] {printable(entry.name)}: {printable(past)}", soft_wrap=True)


def _show_entries(out: Console, entries: tuple[Entry, ...]) -> None:
    # Two things stand in a cell where both would not find room in 80 columns.
    listed = table("name", "made at", "label\nstate", "sharing\nrecipient")
    for heading in words("records", "suppressed"):
        listed.add_column(heading, justify="right")
    for entry in entries:
        listed.add_row(*_cells(entry))
    out.print(listed)


def _cells(entry: Entry) -> tuple[str, ...]:
    sharing = printable(entry.sharing)
    recipient = printable(_recipient(entry))
    return (
        printable(entry.name),
        minute(entry.made_at).replace(" ", "\n"),
        f"{styled(entry.label)}\n{entry.state}",
        f"{sharing}\n{recipient}".rstrip("\n"),
        f"{entry.records.released:,}",
        f"{suppressed_share(entry):.2%}",
    )


def _recipient(entry: Entry) -> str:
    """To whom it was given, and until when that may hold it; empty where nobody said."""
    until = (entry.given_to or {}).get("until")
    return f"{entry.recipient or ''} (until {until})" if until else entry.recipient or ""


def _show_tested(out: Console, document: Document) -> None:
    tested = document.tested
    records = sum(entry.records.released for entry in tested)
    whole = count(len(document.releases), "release")
    out.print(
        f"tested together with a new release of the same records: {len(tested):,} of {whole}"
        f", {count(records, 'record')}"
    )


def _show_sizes(out: Console, document: Document) -> None:
    found = sizes(document)
    per_million = found["bytes_per_million"]
    told = "" if per_million is None else f", {size(per_million)} for a million"
    out.print(
        f"fingerprints of {count(found['records'], 'record')}: {size(found['record_bytes'])}{told}; "
        f"of the persons of {count(len(document.runs), 'run')}: {size(found['person_bytes'])}"
    )
