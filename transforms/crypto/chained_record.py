"""The record of what was done with keys: a file of JSON lines, one per event, that is only ever appended to.

Keys that are made, rotated or destroyed stand in it, and what was re-identified with them. Each line holds the SHA-256 of the
line before it. Lines that are taken away at the end leave no gap: the hash of the last line, written down elsewhere, shows that.
"""

import hashlib
import json
import os
from dataclasses import dataclass
from typing import Any

from beam_deid.transforms.clock import now
from beam_deid.transforms.errors import OutputError, UsageError
from beam_deid.transforms.storage.locks import lock
from beam_deid.transforms.storage.private import Unfit, open_kept, open_read
from beam_deid.transforms.who import Operator, operator_here

_OF_A_LINE = frozenset({"event", "at", "who", "host", "previous"})
"""What every line says."""


class ChainedRecord:
    """Who did what with keys, when and why.

    Args:
        path: The file; made if it is not there, readable by its owner alone. A link is not followed.
        operator: Who answers for it; whoever runs the program if not given.
    """

    def __init__(self, path: str, operator: Operator | None = None) -> None:
        self.path = path
        self._operator = operator or operator_here()

    def append(self, event: str, facts: dict[str, Any]) -> None:
        """Add a line and see it onto the disk.

        Args:
            event: ``begun``, ``done`` or ``failed``.
            facts: What else the line says: JSON values, but no value of the data and no byte of a key.

        Raises:
            OutputError: The line cannot be written; so nothing may be done.
        """
        try:
            os.makedirs(os.path.dirname(os.path.abspath(self.path)), exist_ok=True)
            with open_kept(self.path, append=True) as stream:
                lock(stream.fileno())
                written = stream.read()
                lines = written.splitlines()
                previous = hashlib.sha256(lines[-1]).hexdigest() if lines else None
                line = {**self._who_and_when(event), **facts, "previous": previous}
                # A line that was not written to its end stays one, and shows.
                begin = b"" if written.endswith(b"\n") or not written else b"\n"
                stream.write(begin + json.dumps(line, ensure_ascii=False).encode() + b"\n")
                stream.flush()
                os.fsync(stream.fileno())
        except OSError as error:
            raise OutputError(
                f"the record of what is done with keys cannot be written ({error.strerror})",
                self.path,
                "Nothing is done with a key without it; choose another --record",
            ) from None

    def _who_and_when(self, event: str) -> dict[str, Any]:
        who = self._operator
        named = {"operator": who.operator} if who.operator != who.login else {}
        return {"event": event, "at": now(), "who": who.login, **named, "host": who.host, "process": os.getpid()}


@dataclass(frozen=True)
class Chain:
    """What a record holds, and whether its lines are those that were written.

    Attributes:
        lines: What each line says, as far as the lines fit.
        head: SHA-256, in hex, of the last line that fits; None where there is none.
        broken: Number of the first line that does not fit, from 1; None where all do.
        why: What is wrong with it.
        hashes: SHA-256 of every line that fits.
    """

    lines: tuple[dict[str, Any], ...]
    head: str | None
    broken: int | None = None
    why: str = ""
    hashes: frozenset[str] = frozenset()

    def has(self, sha256: str) -> bool:
        """Whether a line of this hash is among those that fit."""
        return sha256.strip().lower() in self.hashes


def read_chain(path: str) -> Chain:
    """Read a record and check its chain.

    Args:
        path: The record.

    Returns:
        Its lines up to the first that does not fit.

    Raises:
        UsageError: The file cannot be read.
    """
    try:
        with open_read(path) as stream:
            data = stream.read()
    except OSError as error:
        what = f"the record cannot be read ({error.strerror})"
        raise UsageError(what, path, "Name a keyring that has a record, or the record itself") from None
    lines: list[dict[str, Any]] = []
    hashes: list[str] = []
    for number, line in enumerate(data.splitlines(), 1):
        said = _parsed(line)
        head = hashes[-1] if hashes else None
        why = _misfit(said, head)
        if why or said is None:
            return Chain(tuple(lines), head, number, why, frozenset(hashes))
        lines.append(said)
        hashes.append(hashlib.sha256(line).hexdigest())
    if not hashes:
        return Chain((), None)
    if not data.endswith(b"\n"):
        return Chain(tuple(lines), hashes[-1], len(lines), "it was not written to its end", frozenset(hashes))
    return Chain(tuple(lines), hashes[-1], hashes=frozenset(hashes))


def _parsed(line: bytes) -> dict[str, Any] | None:
    try:
        said = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return said if isinstance(said, dict) else None


def _misfit(said: dict[str, Any] | None, head: str | None) -> str:
    """What is wrong with a line that follows one of this hash; empty where nothing is."""
    if said is None:
        return "it is no JSON object: it was changed, or not written to its end"
    if not set(said) >= _OF_A_LINE:
        return "it is no line of a record"
    if said["previous"] == head:
        return ""
    if head is None:
        return "it is not the first line that was written: lines before it are gone"
    return "the line before it was changed, or lines between them are gone"


def is_record(path: str) -> bool:
    """Whether a file is a record of what was done with keys."""
    try:
        with open_read(path) as stream:
            first = json.loads(stream.readline(1 << 20))
    except (Unfit, ValueError):
        return False
    return isinstance(first, dict) and {"event", "who", "previous"} <= set(first)
