"""Keys that live for one run: made before it, read by all of its workers, destroyed when it is published."""

import os
import secrets

from beam_deid.transforms.errors import KeyFault
from beam_deid.transforms.storage.private import make, open_read, shred

EPHEMERAL = "ephemeral"
"""What a release writes to have such a key."""


def make_ephemeral(folder: str, release: str) -> None:
    """Make the key of one release for one run, where all of the run's workers find it.

    Raises:
        OSError: It cannot be written.
    """
    os.makedirs(folder, mode=0o700, exist_ok=True)
    with make(_ephemeral_path(folder, release)) as stream:
        stream.write(secrets.token_bytes(32))


def read_ephemeral(folder: str, release: str) -> bytes:
    """The key of one release in this run.

    Raises:
        KeyFault: There is none.
    """
    where = f"release {release}, key: {EPHEMERAL}"
    if not folder:
        raise KeyFault(
            "only `beam-deid run` can make such a key, share it, and destroy it when it publishes",
            where,
            "Name a key in the policy instead",
        )
    try:
        with open_read(_ephemeral_path(folder, release)) as stream:
            return stream.read()
    except OSError:
        raise KeyFault("the run's own key is gone", where, "Start the run again") from None


def destroy_ephemeral(folder: str, release: str) -> None:
    """Overwrite and remove the key of one release.

    Raises:
        OSError: It cannot be removed.
    """
    shred(_ephemeral_path(folder, release))


def _ephemeral_path(folder: str, release: str) -> str:
    return os.path.join(folder, f"{release}.key")
