"""Processes that are killed at every step of changing a register, one after the other; and what is found afterwards.

A step is whatever the system is asked to do with something below the register: Python tells it before it asks.
"""

import os
import shutil
import signal
import sys
from dataclasses import replace
from pathlib import Path

from beam_deid.transforms.register.folder import hold, read

from .kit import assert_whole, document, register, without

TOLD = (
    "open",
    "os.chmod",
    "os.link",
    "os.listdir",
    "os.mkdir",
    "os.remove",
    "os.rename",
    "os.rmdir",
    "os.scandir",
    "shutil.rmtree",
)


def change(place: str, folder: Path, say) -> None:
    """Register two releases, forget the table of one, and say after each step what was saved."""
    with hold(place) as held:
        if held.document is None:
            say(held.save(document()).revision)
        for name in ("b.1", "c.1"):
            say(register(held, folder, name).revision)
        say(held.save(without(held.document, "b.1")).revision)


def found(place: str, folder: Path, say) -> None:
    """The first registration of all."""
    with hold(place) as held:
        say(register(held, folder, "a.1").revision)


def struck(place: str, folder: Path, work, number: int) -> tuple[int, bool]:
    """A process of its own that is killed before its n-th step.

    Returns:
        The newest revision that it said to have saved, and whether it was killed.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        left = number

        def strike(event, arguments):
            nonlocal left
            if event in TOLD and any(isinstance(one, str) and one.startswith(place) for one in arguments):
                left -= 1
                if left == 0:
                    os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(strike)
        work(place, folder, lambda revision: os.write(writing, b"%d\n" % revision))
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as stream:
        told = [int(line) for line in stream]
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0
    return max(told, default=0), os.WIFSIGNALED(status)


def judge(place: Path, folder: Path, at_least: int) -> int:
    """What the next process finds: a whole register of what was saved, and no litter once it held it."""
    seen = read(str(place))
    with hold(str(place)) as held:
        assert held.document == seen
    revision = seen.revision if seen else 0
    assert revision >= at_least
    if seen is None:
        assert not place.exists()
    else:
        assert sorted(os.listdir(place / "tables") if (place / "tables").exists() else []) == sorted(seen.files)
        newest = {f"revision-{number:06d}.json" for number in range(revision - 2, revision + 1)}
        assert set(os.listdir(place)) - {"tables"} <= newest
    with hold(str(place)) as held:
        saved = register(held, folder, "next.1")
        lost = [one.name for one in saved.releases if one.table is None]
        for name in lost:  # so that what is left is compared with its hashes
            saved = held.save(replace(saved, releases=tuple(one for one in saved.releases if one.name != name)))
    assert_whole(place, [one.name for one in saved.releases])
    return revision


def main(folder: str) -> None:
    """Kill one process before each of its steps, until one comes to its end; say how often, and what was found."""
    here = Path(folder)
    with hold(str(here / "earlier")) as held:
        for _ in range(4):
            held.save(held.document or document())
        register(held, here, "a.1")
    for work, earlier in ((change, True), (found, False)):
        number = 0
        seen = []
        is_killed = True
        while is_killed:
            number += 1
            place = here / f"{work.__name__}-{number}"
            if earlier:
                shutil.copytree(here / "earlier", place)
            told, is_killed = struck(str(place), here, work, number)
            seen.append(judge(place, here, told))
        sys.stdout.write(f"{work.__name__} {number - 1} {sorted(set(seen))}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
