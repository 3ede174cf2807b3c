"""The record of re-identifications: a file of JSON lines, one per event, that is only ever appended to."""

import getpass
import hashlib
import json
import os
import socket
from typing import Any

from beam_deid.transforms.clock import now
from beam_deid.transforms.errors import OutputError
from beam_deid.transforms.storage.locks import lock
from beam_deid.transforms.storage.private import Unfit, open_kept, open_read


class ReidentificationRecord:
    """Who re-identified what, when, why, and how many rows.

    Each line holds the SHA-256 of the line before it, so that a line which was changed or taken out shows.

    Args:
        path: The file; made if it is not there, readable by its owner alone. A link is not followed.
    """

    def __init__(self, path: str) -> None:
        self._path = path

    def append(self, event: str, facts: dict[str, Any]) -> None:
        """Add a line and see it onto the disk.

        Args:
            event: ``begun``, ``done`` or ``failed``.
            facts: What else the line says: JSON values, but no value of the data.

        Raises:
            OutputError: The line cannot be written; so nothing may be re-identified.
        """
        try:
            os.makedirs(os.path.dirname(os.path.abspath(self._path)), exist_ok=True)
            with open_kept(self._path, append=True) as stream:
                lock(stream.fileno())
                lines = stream.read().splitlines()
                previous = hashlib.sha256(lines[-1]).hexdigest() if lines else None
                line = {**_who_and_when(event), **facts, "previous": previous}
                stream.write(json.dumps(line, ensure_ascii=False).encode() + b"\n")
                stream.flush()
                os.fsync(stream.fileno())
        except OSError as error:
            raise OutputError(
                f"the record of re-identifications cannot be written ({error.strerror})",
                self._path,
                "Nothing is re-identified without it; choose another --record",
            ) from None


def _who_and_when(event: str) -> dict[str, Any]:
    return {"event": event, "at": now(), "who": _who(), "host": socket.gethostname(), "process": os.getpid()}


def is_record(path: str) -> bool:
    """Whether a file is a record of re-identifications."""
    try:
        with open_read(path) as stream:
            first = json.loads(stream.readline(1 << 20))
    except (Unfit, ValueError):
        return False
    return isinstance(first, dict) and {"event", "who", "previous"} <= set(first)


def _who() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return str(os.getuid()) if hasattr(os, "getuid") else "unknown"
