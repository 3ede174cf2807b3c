"""A process that holds a register, and does what the lines that it is sent say."""

import os
import signal
import sys
from pathlib import Path

from beam_deid.transforms.errors import DeidError
from beam_deid.transforms.register.folder import hold
from beam_deid.transforms.storage import files, owners
from beam_deid.transforms.storage.local import LocalStore

from .kit import register


class Sleepy(LocalStore):
    """A disk before which a process falls asleep when it is about to write a revision."""

    def create_once(self, path: str, data: bytes) -> None:
        say("sleeps")
        os.kill(os.getpid(), signal.SIGSTOP)
        super().create_once(path, data)


def say(what: str) -> None:
    """A line for whoever started this process."""
    sys.stdout.write(what + "\n")
    sys.stdout.flush()


def main(place: str, folder: str) -> None:
    """Hold the register, and obey: a line is a release's name, ``sleep`` before the next revision, or ``close``."""
    if "MACHINE" in os.environ:
        owners._machine = lambda: os.environ["MACHINE"]
    try:
        held = hold(place)
    except DeidError as error:
        say(error.message)
        return
    say(f"held {held.document.revision if held.document else 0}")
    for line in sys.stdin:
        word = line.strip()
        try:
            if word == "close":
                held.close()
                say("closed")
            elif word == "sleep":
                held._store = files._LOCAL = Sleepy()
                say("will sleep")
            else:
                say(f"saved {register(held, Path(folder), word).revision}")
        except DeidError as error:
            say(error.message)


if __name__ == "__main__":
    main(*sys.argv[1:])
