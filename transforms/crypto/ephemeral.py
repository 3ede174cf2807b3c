"""Keys that live for one run: made before it, read by all of its workers, destroyed when it is published."""

import os
import secrets

from beam_deid.transforms import files
from beam_deid.transforms.errors import InputError, KeyFault
from beam_deid.transforms.storage.private import make

EPHEMERAL = "ephemeral"
"""What a release writes to have such a key."""


def make_ephemeral(folder: str, release: str) -> None:
    """Make the key of one release for one run, where all of the run's workers find it.

    Raises:
        OSError: It cannot be written.
    """
    path = _ephemeral_path(folder, release)
    if not files.is_local(path):
        files.write_all(path, secrets.token_bytes(32))
        return
    os.makedirs(folder, mode=0o700, exist_ok=True)
    with make(path) as stream:
        stream.write(secrets.token_bytes(32))


def read_ephemeral(folder: str, release: str) -> bytes:
    """The key of one release in this run.

    Raises:
        KeyFault: There is none.
    """
    where = f"release {release}, key: {EPHEMERAL}"
    if not folder:
        raise KeyFault(
            "only `beam-deid run` can make such a key, share it, and destroy it when it publishes", where,
            "Name a key in the policy instead",
        )  # fmt: skip
    try:
        return files.read_all(_ephemeral_path(folder, release))
    except InputError:
        raise KeyFault("the run's own key is gone", where, "Start the run again") from None


def destroy_ephemeral(folder: str, release: str) -> None:
    """Overwrite and remove the key of one release.

    Raises:
        OSError: It cannot be removed.
    """
    path = _ephemeral_path(folder, release)
    if files.is_local(path):
        with open(path, "r+b") as stream:
            stream.write(bytes(32))
            stream.flush()
            os.fsync(stream.fileno())
    files.delete([path])


def _ephemeral_path(folder: str, release: str) -> str:
    return f"{folder}/{release}.key"
