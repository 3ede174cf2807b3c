"""A process that wants the lease of an output, for the tests of it."""

import os
import sys
import time
from pathlib import Path

from beam_deid.transforms.errors import DeidError
from beam_deid.transforms.storage import lease, owners
from beam_deid.transforms.storage.hidden import hidden_folder, hidden_folders


def say(what: str) -> None:
    """A line for whoever started this process."""
    sys.stdout.write(what + "\n")
    sys.stdout.flush()


def main(output: str, go: str) -> None:
    """Wait until a file is there, take the lease, hold it until a line is said, see whether it is still held."""
    if "MACHINE" in os.environ:
        owners._machine = lambda: os.environ["MACHINE"]
    folder = hidden_folder(output, owners.new_name())
    mine = lease.Lease(folder, lambda: hidden_folders(output), output)
    say("ready")
    while not Path(go).exists():
        time.sleep(0.001)
    try:
        mine.take()
        say("held")
        sys.stdin.readline()
        mine.confirm()
        say("still held")
    except DeidError as error:
        say(error.message)
    mine.give_back()


if __name__ == "__main__":
    main(*sys.argv[1:])
