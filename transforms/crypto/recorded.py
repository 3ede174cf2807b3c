"""What is done with the keys of a keyring stands in a record: before it is done, and how it ended."""

import contextlib
import os
from collections.abc import Iterator, Sequence
from typing import Any

from beam_deid.transforms.crypto.chained_record import ChainedRecord
from beam_deid.transforms.crypto.keyring import Keyring, KeyVersion
from beam_deid.transforms.errors import DeidError
from beam_deid.transforms.terms import Word

ENDING = ".record.jsonl"
"""What the name of a keyring's record ends with, behind the name of the keyring."""


class KeyAct(Word):
    """What is done with keys."""

    CREATE = "create"
    ROTATE = "rotate"
    DESTROY = "destroy"
    REIDENTIFY = "re-identify"
    DESTROY_SECRETS = "destroy secrets"
    """The secrets of persons, of which tokens were made."""


MAKING = (KeyAct.CREATE, KeyAct.ROTATE)
"""What makes new versions of keys."""


def record_beside(ring: str) -> str:
    """The record of a keyring where no other is named. A keyring that is reached by a link has one record all the same."""
    return os.path.realpath(ring) + ENDING


@contextlib.contextmanager
def recorded(
    record: ChainedRecord, act: KeyAct, ring: Keyring, keys: Sequence[KeyVersion], reason: str | None
) -> Iterator[Keyring]:
    """Do something with keys that a record tells of.

    Args:
        record: The record.
        act: What is done.
        ring: The keyring.
        keys: The keys that it is done with: their names, ids and purposes are recorded, and no byte of them.
        reason: Why; None where nobody says.

    Yields:
        The keyring to be written: where a key is made and the record is the one beside it, it says that it has one.

    Raises:
        OutputError: The record cannot be written: nothing is done, or what was done has no end in the record.
    """
    record.append("begun", {"act": str(act), "why": reason, "keyring": ring.id, "keys": [_told(key) for key in keys]})
    try:
        yield ring.in_record() if act in MAKING and _is_beside(record, ring) else ring
    except BaseException as error:
        with contextlib.suppress(DeidError):
            record.append("failed", {"act": str(act), "error": type(error).__name__})
        raise
    record.append("done", {"act": str(act)})


def _is_beside(record: ChainedRecord, ring: Keyring) -> bool:
    return os.path.realpath(record.path) == record_beside(ring.path)


def _told(key: KeyVersion) -> dict[str, Any]:
    return {"id": key.id, "name": key.name, "purpose": key.purpose}
