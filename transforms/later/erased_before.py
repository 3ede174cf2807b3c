"""Whose rows earlier erasures took out of a release: a person who is gone has no row there that could be taken again."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from beam_deid.transforms.publish.register_current import current_in
from beam_deid.transforms.register.document import Document, Entry, Request, RequestKind
from beam_deid.transforms.register.reference import Reference
from beam_deid.transforms.storage.hidden import place_of
from beam_deid.transforms.terms import Withheld


@dataclass(frozen=True)
class ErasedBefore:
    """The persons who were erased from a release before.

    Attributes:
        persons: The register, with the tables of these persons alone; None where there are none, or nobody knows them.
        all_known: Whether these are all of them.
    """

    persons: Reference | None
    all_known: bool


def erased_before(
    register: Reference | None, document: Document | None, output: str, label: Mapping[str, Any]
) -> ErasedBefore:
    """Find the persons who were erased from a release before, as its label and its register tell.

    Args:
        register: The register; None where none is kept.
        document: What it holds.
        output: The output that the release is in.
        label: The release's label.
    """
    since = sum(int(one.get("erased", 0)) for one in label.get("amendments", ()))
    by_run = int(label["records"].get("withheld_by", {}).get(str(Withheld.ERASED), 0)) - since
    entry = None if document is None else _entry(document, output, label)
    if register is None or document is None or entry is None:
        return ErasedBefore(None, not since and not by_run)
    requests = [one for one in document.requests if one.kind is RequestKind.ERASED]
    taken = [one for one in requests if one.rows.get(entry.name)]
    others = [one for one in requests if not one.rows.get(entry.name)]
    # Its own run left out whom the register knew by then; a request of the same second may have come later.
    left_out = [one for one in others if by_run and one.at < entry.made_at]
    missing = since - sum(one.rows[entry.name] for one in taken)
    died = _died(others, entry) if missing > 0 else []
    known = [*taken, *left_out, *died]
    persons = replace(register, erased=tuple(one.table for one in known)) if known else None
    return ErasedBefore(persons, (not missing or bool(died)) and (not by_run or bool(left_out)))


def _entry(document: Document, output: str, label: Mapping[str, Any]) -> Entry | None:
    """What the register holds of the release."""
    entries = current_in(document, place_of(output))
    return next((one for one in entries if (one.release, one.run) == (label["release"], label["run"])), None)


def _died(requests: list[Request], entry: Entry) -> list[Request]:
    """The one request whose command died before it wrote down what it took; none where several may be it."""
    since = [one for one in requests if one.at >= entry.made_at]
    return since if len(since) == 1 else []
