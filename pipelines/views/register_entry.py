"""All that a register holds of one entry."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

from beam_deid.pipelines.differing import short
from beam_deid.pipelines.language.words import word, words
from beam_deid.pipelines.views.cells import NO_VALUE, count, table
from beam_deid.pipelines.views.register_cells import (
    indented,
    minute,
    names,
    or_none,
    printable,
    styled,
)
from beam_deid.transforms.label.record_counts import RECORD_COUNTS
from beam_deid.transforms.register.document import Document, Entry, State
from beam_deid.transforms.register.summary import later_tested, suppressed_share

_BECAME = {
    State.PENDING: "pending: it was about to be published when this was written, and nobody knows that it was not",
    State.PUBLISHED: "published",
    State.SUPERSEDED: "superseded: a later run replaced it; who has it has it still",
    State.UNRELEASED: "unreleased: a later run replaced it, and somebody said that it was never given out",
    State.DELETED: "deleted: its retention was over; who was given it may have it still",
    State.FORGOTTEN: "forgotten: somebody said that it was never given out",
}


def show_entry(out: Console, document: Document, entry: Entry) -> None:
    """Show an entry of a register: its facts, fields, files and events."""
    out.print(f"[bold]{printable(entry.name)}[/bold]: {styled(entry.label)}, {word(_BECAME[entry.state])}")
    _show_facts(out, document, entry)
    _show_fields(out, entry)
    inputs = ((str(file["name"]), f"{file['size']:,}", str(file["sha256"])) for file in entry.inputs)
    _show_files(out, word("input files"), words("name", "bytes", "sha256"), inputs)
    parts = ((str(file["path"]), f"{file['rows']:,}", str(file["sha256"])) for file in entry.files)
    _show_files(out, word("parts"), words("path", "rows", "sha256"), parts)
    _show_events(out, entry)


def _show_facts(out: Console, document: Document, entry: Entry) -> None:
    facts = Table.grid(padding=(0, 2, 0, 0))
    facts.add_column(style="dim")
    facts.add_column(overflow="fold")
    for name, fact in _facts(document, entry):
        facts.add_row(word(name), fact)
    out.print(indented(facts))


def _facts(document: Document, entry: Entry) -> Iterable[tuple[str, str]]:
    yield "release", printable(entry.release)
    yield "run", f"{printable(entry.run)}, begun {minute(entry.made_at)} UTC"
    yield "purpose", or_none(entry.purpose)
    yield "sharing", printable(entry.sharing)
    yield "recipient", or_none(entry.recipient)
    yield from _recipient(entry)
    yield from _accountable(document, entry)
    yield "output", printable(entry.output)
    yield "records", ", ".join(f"{getattr(entry.records, what):,} {what}" for what in RECORD_COUNTS)
    if entry.records.withheld_by:
        yield "withheld", ", ".join(f"{number:,} {why}" for why, number in entry.records.withheld_by.items())
    yield "suppressed", f"{suppressed_share(entry):.2%}"
    yield "records known by", printable(entry.record)
    yield "persons counted by", names(entry.identities)
    yield "k", str(entry.k)
    yield "tested with earlier", names(entry.together)
    yield "tested with later", names(later_tested(document, entry))
    yield "tested with a new one", _tested_now(entry)
    yield "label.json", printable(entry.label_sha256)
    yield "policy", printable(entry.policy_sha256)


def _recipient(entry: Entry) -> Iterable[tuple[str, str]]:
    """What the policy declared of the recipient; nothing where it declared none."""
    for name, fact in (entry.given_to or {}).items():
        told = fact if isinstance(fact, str) else json.dumps(fact, ensure_ascii=False)
        yield f"recipient, {name.replace('_', ' ')}", printable(told)


def _accountable(document: Document, entry: Entry) -> Iterable[tuple[str, str]]:
    """Who answers for it, and until when what is said of it holds; nothing of what earlier versions wrote."""
    if not entry.review_by:
        return
    run = next((run for run in document.runs if run.run == entry.run and run.made_at == entry.made_at), None)
    if run is not None and run.operator is not None:
        yield "operator", _joined(run.operator)
    yield "approved by", _joined(entry.approver)
    yield "environment stated", _joined(entry.environment)
    yield "assessed", f"{minute(entry.assessed_at)} UTC"
    yield "review by", printable(entry.review_by)
    yield "kept until", or_none(entry.retain_until)


def _joined(facts: Mapping[str, Any] | None) -> str:
    told = [f"{name.replace('_', ' ')} {fact}" for name, fact in (facts or {}).items() if fact is not None]
    return or_none(", ".join(told))


def _tested_now(entry: Entry) -> str:
    if not entry.is_tested:
        return word("no")
    if entry.table is None:
        return "yes, but it has no fingerprints: what is tested with it fails"
    return f"yes, by the fingerprints of {count(entry.table.rows, 'record')}"


def _show_fields(out: Console, entry: Entry) -> None:
    fields = table("field", "roles", "level", "loss", "l")
    for field, roles in entry.roles.items():
        loss = entry.losses.get(field)
        lost = NO_VALUE if loss is None else f"{loss:.4g}"
        level = or_none(entry.levels.get(field))
        fields.add_row(printable(field), names(roles), level, lost, str(entry.l.get(field, NO_VALUE)))
    out.print(indented(fields))


def _show_files(out: Console, title: str, headings: tuple[str, ...], rows: Iterable[tuple[str, str, str]]) -> None:
    files = table(f"{title}: {headings[0]}")
    files.add_column(headings[1], justify="right")
    files.add_column(headings[2])
    for name, number, sha256 in rows:
        files.add_row(printable(name), number, short(printable(sha256)))
    out.print(indented(files))


def _show_events(out: Console, entry: Entry) -> None:
    for event in entry.events:
        by = f" by run {printable(event.run)}" if event.run else ""
        why = f": {printable(event.reason)}" if event.reason else ""
        out.print(f"  {minute(event.at)} UTC: {event.state}{by}{why}")
