"""How many persons a register's runs were about, and which thresholds that comes near to."""

from rich.console import Console

from beam_deid.pipelines.language.words import spoken, word
from beam_deid.pipelines.views.cells import NO_VALUE, table
from beam_deid.pipelines.views.register_cells import printable
from beam_deid.transforms.register.document import Document
from beam_deid.transforms.register.persons_counted import (
    ABROAD,
    HANDLED,
    PERSONS,
    SENSITIVE,
    UNDER_14,
    Counted,
    PersonsCounted,
)
from beam_deid.transforms.register.thresholds import Threshold

_WHOSE = {
    (HANDLED, PERSONS): "persons handled",
    (HANDLED, SENSITIVE): "persons handled, with sensitive information",
    (ABROAD, PERSONS): "persons given abroad",
    (ABROAD, SENSITIVE): "persons given abroad, with sensitive information",
}
_STATES = {"reached": "is reached", "near": "is near", "below": "is not reached", "unknown": "is not known"}


def show_persons(out: Console, document: Document, found: PersonsCounted) -> None:
    """Show the counts, and the thresholds."""
    out.print(f"persons of [bold]{printable(document.dataset)}[/bold], counted from the fingerprints of its runs")
    _show_counts(out, found)
    _show_doubts(out, found)
    _show_thresholds(out, found)
    out.print("These are figures. Whether a duty holds, and whether an exemption does, is for a person to decide.")


def _show_counts(out: Console, found: PersonsCounted) -> None:
    counts = table("")
    for heading in ("runs", "persons", "sensitive", "under 14"):
        counts.add_column(word(heading), justify="right")
    counts.add_row(word("handled, all years"), *_cells(found.of_all))
    counts.add_row(f"{word('handled')}, {found.year}", *_cells(found.of_year))
    counts.add_row(f"{word('given abroad, at most')}, {found.year}", *_cells(found.abroad))
    out.print(counts)


def _cells(counted: Counted) -> tuple[str, ...]:
    groups = (counted.groups[SENSITIVE], counted.groups[UNDER_14])
    return (f"{counted.runs:,}", f"{counted.persons:,}", *(NO_VALUE if one is None else f"{one:,}" for one in groups))


def _show_doubts(out: Console, found: PersonsCounted) -> None:
    if found.uncounted:
        runs = "1 run is" if found.uncounted == 1 else f"{found.uncounted} runs are"
        out.print(f"{runs} not counted: made by an earlier version, or nobody says whose the records are.")
    if len(found.of_all.subjects) > 1:
        subjects = ", ".join(map(printable, found.of_all.subjects))
        out.print(f"Persons were counted by {subjects}: who is the same by two of them is not known, and counts twice.")
    if found.of_all.untold[SENSITIVE]:
        silent = found.of_all.untold[SENSITIVE]
        out.print(f"Without a field that tells of sensitive information or age: {silent} of {found.of_all.runs} runs.")


def _show_thresholds(out: Console, found: PersonsCounted) -> None:
    listed = table("threshold", "whose", "state", "would require", "source")
    for one in found.reached:
        threshold = one.threshold
        whose = word(_WHOSE[threshold.of, threshold.group])
        source = threshold.source if threshold.checked else f"{threshold.source} ({word('from secondary sources')})"
        listed.add_row(f"{threshold.least:,}", whose, word(_STATES[one.state]), asked_by(threshold), source)
    out.print(listed)


def asked_by(threshold: Threshold) -> str:
    """What a threshold would require, in the language that is spoken."""
    return threshold.asks.get(spoken()[:2], threshold.asks["en"])
