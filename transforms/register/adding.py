"""Claims of the tables that a process is adding to a register, written before the first of their bytes.

Tables are there before a revision names them. What a claim says of them tells them from those of a revision that is missing.
"""

import json
from collections.abc import Iterable

from beam_deid.transforms.storage.files import store_of, write_all
from beam_deid.transforms.storage.paths import join

_FILE = "adding.json"


def write_adding(claim: str, files: Iterable[str]) -> None:
    """Write the claim of the tables that are being added.

    Args:
        claim: The hidden folder of whoever adds them.
        files: Their names.

    Raises:
        OSError: It cannot be written.
    """
    path = join(claim, _FILE)
    store = store_of(claim)
    write_all(path, (json.dumps({"tables": sorted(files)}) + "\n").encode())
    store.persist(path)
    store.persist(claim)


def read_adding(claim: str) -> frozenset[str]:
    """Names of the tables that somebody said to be adding; none where nothing was said, or it cannot be told.

    Raises:
        OSError: The store fails.
    """
    path = join(claim, _FILE)
    try:
        with store_of(path).open_input(path) as stream:
            given = json.loads(bytes(stream.read()))
    except (FileNotFoundError, ValueError):
        return frozenset()
    files = given.get("tables") if isinstance(given, dict) else None
    return frozenset(file for file in files if isinstance(file, str)) if isinstance(files, list) else frozenset()
