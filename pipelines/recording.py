"""What commands that use keys have in common: who does it and why, the record that says so, and a look at that record."""

import os
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import click

from beam_deid.pipelines import output
from beam_deid.transforms.errors import KeyFault, UsageError, VerificationError

if TYPE_CHECKING:
    from beam_deid.transforms.crypto.chained_record import Chain, ChainedRecord
    from beam_deid.transforms.crypto.keyring import Keyring
    from beam_deid.transforms.who import Operator

Command = Callable[..., Any]

_GONE = "Take a copy of it; find out who could delete it"


def operator_option(command: Command) -> Command:
    """``--operator``."""
    return click.option(
        "--operator", metavar="NAME", help="Who answers for this, beside the login, which is recorded as well."
    )(command)


def record_options(command: Command) -> Command:
    """``--reason``, ``--operator`` and ``--record``."""
    place = click.option(
        "--record", metavar="FILE", help="The record of what is done with keys. Default: FILE.record.jsonl."
    )
    reason = click.option("--reason", metavar="TEXT", help="Why; it stands in the record.")
    return reason(operator_option(place(command)))


def record_of(ring: str, path: str | None, operator: "Operator") -> "ChainedRecord":
    """The record in which it stands what is done with the keys of a keyring.

    Args:
        ring: The keyring.
        path: The record, where one is named.
        operator: Who answers for it.

    Raises:
        UsageError: The record is not on a local disk.
    """
    from beam_deid.transforms.crypto.chained_record import ChainedRecord
    from beam_deid.transforms.crypto.recorded import record_beside
    from beam_deid.transforms.storage.paths import absolute, is_local, shown

    place = record_beside(ring) if path is None else path
    if not is_local(place):  # an object store has no files that grow by a line
        raise UsageError(
            "what is done with keys is recorded on a local disk only", shown(place), "Name a local --record"
        )
    return ChainedRecord(absolute(place), operator)


def reason_of(given: str | None, sources: Iterable[str] = ()) -> str | None:
    """A reason as one line; None where none is given.

    Args:
        given: The reason.
        sources: Where keys are that must not stand in it.

    Raises:
        UsageError: It is no line of text, or holds a key or what identifies a person.
    """
    if given is None:
        return None
    from beam_deid.transforms.persons.account import REASON, checked_line

    return checked_line(given, REASON, sources)


def operator_of(given: str | None, sources: Iterable[str] = ()) -> "Operator":
    """Who answers for what is done; whoever runs the program where that is not said.

    Args:
        given: ``--operator``.
        sources: Where keys are that must not stand in it.

    Raises:
        UsageError: It is no line of text, or holds a key or what identifies a person.
    """
    from beam_deid.transforms.persons.account import OPERATOR, checked_line
    from beam_deid.transforms.who import operator_here

    return operator_here(None if given is None else checked_line(given, OPERATOR, sources))


def show_record(path: str, holds: str | None, as_json: bool) -> None:
    """Show a record, and fail where its lines are not those that were written.

    Args:
        path: The record, or the keyring beside which it is.
        holds: SHA-256 of a line that must be in it, as it was shown before.
        as_json: Whether it is shown as JSON.

    Raises:
        UsageError: There is no record.
        VerificationError: A line does not fit, the line of that hash is gone, or those of keys of the keyring beside it are.
    """
    from beam_deid.pipelines.views.key_record import show_chain
    from beam_deid.transforms.crypto.chained_record import read_chain
    from beam_deid.transforms.crypto.record_gaps import Gaps, gaps_of

    ring = _ring_at(path)
    record = _record_at(path, ring)
    chain = read_chain(record)
    gaps = Gaps() if ring is None else gaps_of(ring, chain)
    show_chain(output.console(as_json), chain, record)
    if as_json:
        output.emit({**_document(record, chain), "unrecorded": gaps.gone, "untold": gaps.untold})
    if chain.broken is not None:
        what = f"line {chain.broken} of the record does not fit: {chain.why}"
        raise VerificationError(what, record, "Compare it with a copy; find out who could write to it")
    if holds is not None and not chain.has(holds):
        what = "the record has no line of this hash: lines at its end are gone, or it is another record"
        raise VerificationError(what, record, "Compare it with a copy; find out who could write to it")
    if gaps.gone:
        what = f"the record has no line of what was done with these keys of the keyring: {_listed(gaps.gone)}"
        advice = "See a copy of it, or the --record that was named for them; find out who could delete it"
        raise VerificationError(what, record, advice)
    if gaps.untold:
        output.note([f"these keys are older than the record, or recorded elsewhere: {_listed(gaps.untold)}"])


def _listed(ids: Iterable[int]) -> str:
    return ", ".join(map(str, ids))


def _ring_at(path: str) -> "Keyring | None":
    """The keyring that is meant by itself or by the record beside it; None where a record is by itself.

    Raises:
        KeyFault: It has a record beside it, and cannot be read.
    """
    from beam_deid.transforms.crypto.keyring_file import opened
    from beam_deid.transforms.crypto.recorded import ENDING, record_beside

    ring = path.removesuffix(ENDING)
    if not os.path.isfile(ring):
        return None
    try:
        return opened(ring)
    except KeyFault:
        if os.path.exists(record_beside(ring)):
            raise
        return None  # the file of a record, whole or not


def _record_at(path: str, ring: "Keyring | None") -> str:
    """The record that is meant by itself or by its keyring.

    Raises:
        UsageError: The keyring has none, and need not have one.
        VerificationError: The keyring had one.
    """
    from beam_deid.transforms.crypto.recorded import ENDING, record_beside

    beside = record_beside(path)
    if os.path.exists(beside) or ring is None or path.endswith(ENDING):
        return beside if os.path.exists(beside) else path
    if ring.recorded_from is None:
        raise UsageError("the keyring has no record", beside, "Name the --record that was named when keys were made")
    raise VerificationError("the keyring's record is gone", beside, _GONE)


def _document(record: str, chain: "Chain") -> dict[str, Any]:
    fits = chain.broken is None
    return {
        "record": record,
        "fits": fits,
        "broken": chain.broken,
        "why": chain.why or None,
        "head": chain.head,
        "lines": list(chain.lines),
    }
