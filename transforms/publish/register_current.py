"""Which registered releases stand in their outputs, and what became of those that were about to."""

import json
from dataclasses import replace
from typing import Any

from beam_deid.transforms.clock import now
from beam_deid.transforms.errors import InputError, OutputError, UsageError
from beam_deid.transforms.register.document import Document, Entry, Event, State
from beam_deid.transforms.register.folder import Held
from beam_deid.transforms.storage.files import read_all
from beam_deid.transforms.storage.paths import join, shown

_CURRENT = (State.PENDING, State.PUBLISHED)


def tested_with(document: Document, output: str, *, unreleased: bool) -> list[Entry]:
    """The registered releases that a run is tested with.

    Args:
        document: The register.
        output: The run's output.
        unreleased: Whether what the run replaces there was never given out.
    """
    out = replaced_in(document, output) if unreleased else set()
    return [entry for entry in document.tested if entry.name not in out]


def settle(held: Held) -> None:
    """See what became of releases that were about to be published when a process died, and write it down."""
    if held.document is None:
        return
    settled = settled_document(held.document)
    if settled != held.document:
        held.save(settled)


def settled_document(document: Document) -> Document:
    """A register once it is seen what became of releases that were about to be published when a process died.

    One whose label stands in its output was published, and others that stood there were replaced. Of any other nobody can say that
    it was not: somebody may have moved it.
    """
    changed: dict[str, Entry] = {}
    for entry in document.releases:
        if entry.state is State.PENDING and is_current(entry):
            changed[entry.name] = replace(entry, state=State.PUBLISHED)
            for other in current_in(document, entry.output):
                if not is_current(other):
                    changed[other.name] = other.after(Event(now(), State.SUPERSEDED, entry.run))
    return document.with_entries(changed) if changed else document


def current_in(document: Document, output: str) -> list[Entry]:
    """The entries of releases that stand in an output, or may."""
    return [entry for entry in document.releases if shown(entry.output) == shown(output) and entry.state in _CURRENT]


def replaced_in(document: Document, output: str) -> set[str]:
    """Names of the releases that whoever overwrites an output replaces: what was moved away is not among them."""
    return {entry.name for entry in current_in(document, output) if is_current(entry)}


def is_current(entry: Entry) -> bool:
    """Whether what was registered is what stands in its output."""
    run = run_in(entry.output)
    release = run.get("releases", {}).get(entry.release, {})
    return run.get("run") == entry.run and release.get("label_sha256") == entry.label_sha256


def run_in(output: str) -> dict[str, Any]:
    """The content of an output's ``run.json``; empty where there is none that can be read."""
    if not output:
        return {}  # of a pipeline of somebody's own
    try:
        found = json.loads(read_all(join(output, "run.json")))
    except (InputError, OutputError, OSError, UsageError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
