"""What forgetting a release or compacting a register means, and what it came to."""

from rich.console import Console

from beam_deid.pipelines.language.words import said
from beam_deid.pipelines.program import program
from beam_deid.pipelines.views.cells import count
from beam_deid.pipelines.views.register_cells import minute, printable, size, styled
from beam_deid.transforms.register.document import Document, Entry, State


def show_forgetting(out: Console, entry: Entry) -> None:
    """Show what an entry is, and what forgetting it means, before anybody is asked."""
    given = said(f", for {printable(entry.recipient)}") if entry.recipient else ""
    when = f"{minute(entry.made_at)} UTC"
    what = "was perhaps published" if entry.state is State.PENDING else "was published"
    out.print(
        f"[bold]{printable(entry.name)}[/bold] {what} in the run of {when} as {styled(entry.label)}{given}: "
        f"{count(entry.records.released, 'record')}, in {printable(entry.output)}."
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
    """Show what can no longer be tested once an entry is forgotten.

    Args:
        out: Where it is shown.
        document: The register as it is now.
        entry: The entry as it was before.
        register: The register's folder, for the command that removes the fingerprints.
    """
    out.print("Forgotten. That it was made, and why it was forgotten, stays in the register.")
    if entry.is_tested:
        out.print(
            f"No longer tested: {count(entry.records.released, 'record')} of {printable(entry.name)}, "
            f"made {minute(entry.made_at)} UTC."
        )
    left = count(len(document.tested), "release")
    out.print(f"Still tested together with a new release of the same records: {left} of the register.")
    if entry.table is not None:
        out.print(
            f"Its fingerprints are still there. To remove them: {program()} releases compact {printable(register)}"
        )


def show_compacted(out: Console, before: int, after: int, rows: int) -> None:
    """Show what compaction gained: bytes before and after, and the rows in which they are now."""
    share = f" ({after / before:.0%})" if before else ""
    out.print(f"fingerprints of records: {size(before)} before, {size(after)} after{share}, in {count(rows, 'row')}")
