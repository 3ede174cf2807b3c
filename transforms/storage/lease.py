"""A lease: who may change an output now, told by a file with a heartbeat, on any store and across hosts.

Whoever wants to change an output writes a claim into a hidden folder of its own beside or in the output, and then lists all
claims. Who sees no other that is alive holds the output, and says so in its claim. Stores show what was written to whoever
lists afterwards, so of two that claim at once at least one sees the other; the one with the greater name gives way.

A claim is alive as long as its owner beats: writes it anew. Ages are differences of the store's own times, so that clocks of
hosts do not matter. An owner on this machine whose process is gone is known to be dead at once; of others that is known after
`SECONDS`.
"""

import contextlib
import json
import os
import random
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from beam_deid.transforms.clock import now
from beam_deid.transforms.errors import RIGHTS, DeidError, InUse, OutputError, UsageError, step_of
from beam_deid.transforms.storage.files import advice, reason, store_of, write_all
from beam_deid.transforms.storage.owners import is_gone, is_here, owner_part
from beam_deid.transforms.storage.paths import join, shown
from beam_deid.transforms.storage.stopping import STOPPING

SECONDS = float(os.environ.get("BEAM_DEID_LEASE_SECONDS", "60"))
"""How long a claim lives without a heartbeat."""
CLAIM = "lease.json"
_BEATS = 6
_TRIES = 3
_HELD = "held"
_WANTED = "wanted"


@dataclass(frozen=True)
class Words:
    """The words by which a lease's messages call what it holds.

    Attributes:
        taken: Somebody else holds it.
        wait: What to do about that.
        lost: Somebody else took it over.
        elsewhere: What to do where nothing can be written.
    """

    taken: str = "another run is writing to this output"
    wait: str = "Wait until it is done, or choose another --output"
    lost: str = "this run was silent for so long that another took the output over"
    elsewhere: str = "Choose another --output, or check the rights to it"


Folders = Callable[[], list[str]]
"""Lists the hidden folders of one output, each of which may hold a claim."""


@dataclass(frozen=True)
class Claim:
    """The claim of a process.

    Attributes:
        folder: The hidden folder that it is in.
        facts: What it says; empty where it cannot be read.
        modified: When it was last written, by the store's clock.
    """

    folder: str
    facts: dict[str, Any]
    modified: float

    @property
    def owner(self) -> str:
        """The owner of the claim, for a message."""
        host, process, since = (self.facts.get(name, "unknown") for name in ("host", "process", "since"))
        return f"host {host}, process {process}, since {since}"


class Lease:
    """A claim on an output, held until it is released.

    Args:
        folder: The hidden folder of this process, whose name `new_name` made; it is made if it is not there yet.
        folders: Lists the hidden folders of the output.
        output: The output, for messages.
        words: What they call it.
    """

    def __init__(self, folder: str, folders: Folders, output: str, words: Words = Words()) -> None:
        self._folder = folder
        self._folders = folders
        self._output = output
        self._words = words
        self._path = join(folder, CLAIM)
        self._since = now()
        self._beat = 0
        self._lost = False
        self._beaten = _clock()
        self._ended = threading.Event()
        self._is_ending = False
        self._thread: threading.Thread | None = None
        self._stopping = -1

    def take(self) -> None:
        """Take the lease, after waiting for owners that may be dead.

        Raises:
            UsageError: Somebody who is alive holds it, or nothing can be written here.
        """
        self._stopping = STOPPING.add(self.give_back)
        try:
            self._write(_WANTED)
            self._contend()
            self._write(_HELD)
            self._thread = threading.Thread(target=self._keep, daemon=True)
            self._thread.start()
        except OSError as error:
            self.give_back()
            raise self._unwritable(error) from None
        except BaseException:  # Ctrl-C, too, leaves nothing
            self.give_back()
            raise

    def confirm(self) -> None:
        """Check that the lease is still held: a process that slept for long may have lost it.

        Raises:
            OutputError: It was lost.
        """
        claims = self._claims()
        others = [claim for claim in claims if claim.folder != self._folder and claim.facts.get("state") == _HELD]
        taken = any(not self._is_dead_claim(claim, claims) for claim in others)
        if self._lost or self._was_silent() or taken or not any(claim.folder == self._folder for claim in claims):
            raise OutputError(self._words.lost, shown(self._output), "Run again")

    def hand_over(self) -> None:
        """Leave what is in the folder to others from now on, even if this process is stopped: they finish what was begun."""
        STOPPING.forget(self._stopping)

    def release(self) -> None:
        """Release the lease, and leave everything else in the folder to others."""
        self._stop()
        with contextlib.suppress(OSError):
            store_of(self._path).delete([self._path])

    def give_back(self) -> None:
        """Release the lease, and remove the folder of the claim with everything in it."""
        self._stop()
        with contextlib.suppress(OSError):  # the next command sweeps it
            store_of(self._folder).purge(self._folder)

    def left_behind(self) -> list[str]:
        """The hidden folders of other owners that are dead."""
        return [folder for folder in self._folders() if folder != self._folder and self.is_dead(folder)]

    def _stop(self) -> None:
        STOPPING.forget(self._stopping)
        if (
            self._is_ending
        ):  # a signal that came within this very method: what is locked here stays locked until it is answered
            return
        self._is_ending = True
        self._ended.set()
        if self._thread is not None:
            self._thread.join(timeout=SECONDS)

    def _contend(self) -> None:
        seen: dict[str, Any] = {}
        while True:
            claims = self._claims()
            rivals = [
                claim for claim in claims if claim.folder != self._folder and not self._is_dead_claim(claim, claims)
            ]
            if not rivals:
                return
            for rival in rivals:
                beats = seen.setdefault(rival.folder, rival.facts.get("beat")) != rival.facts.get("beat")
                known = beats or is_here(rival.folder)
                if known and rival.facts.get("state") == _HELD:
                    raise InUse(f"{self._words.taken} ({rival.owner})", shown(self._output), self._words.wait)
                if rival.facts.get("state") != _HELD and rival.folder < self._folder:
                    self._give_way()
            time.sleep(min(SECONDS / _BEATS / 4, 1.0))
            self._write(_WANTED)  # also tells the store's time

    def _give_way(self) -> None:
        store_of(self._path).delete([self._path])
        time.sleep(random.uniform(0.2, 0.6) * min(SECONDS / _BEATS, 1.0))  # noqa: S311 - no secret
        self._write(_WANTED)

    def _keep(self) -> None:
        while not self._lost and not self._ended.wait(SECONDS / _BEATS):
            try:
                # Whoever was silent for long has lost it, and must not look alive to who has it now.
                self._lost = self._was_silent() or store_of(self._path).entry(self._path) is None
                if not self._lost:
                    self._write(_HELD)
            except (OSError, DeidError):
                continue  # the next beat may reach the store

    def _was_silent(self) -> bool:
        return _clock() - self._beaten > SECONDS

    def _write(self, state: str) -> None:
        self._beat += 1
        facts = {
            "host": socket.gethostname(),
            "process": os.getpid(),
            "since": self._since,
            "state": state,
            "beat": self._beat,
        }
        data = (json.dumps(facts) + "\n").encode()
        for left in range(_TRIES, 0, -1):
            try:
                begun = _clock()
                if state == _WANTED:  # a beat does not bring back what another swept
                    store_of(self._folder).make_private(self._folder)
                write_all(self._path, data)
                self._beaten = begun
                return
            except FileNotFoundError as error:  # somebody swept the folder before there was a claim in it
                if left == 1:
                    raise self._unwritable(error) from None
            except OSError as error:
                raise self._unwritable(error) from None

    def _unwritable(self, error: OSError) -> UsageError:
        said = reason(error)
        what = advice(said, self._words.elsewhere if error.errno in RIGHTS else step_of(error, self._words.elsewhere))
        return UsageError(f"cannot write here ({said})", shown(self._output), what)

    def _claims(self) -> list[Claim]:
        return [claim for folder in self._folders() if (claim := _read(folder)) is not None]

    def _is_dead_claim(self, claim: Claim, claims: list[Claim]) -> bool:
        mine = next((one.modified for one in claims if one.folder == self._folder), claim.modified)
        return is_gone(owner_part(claim.folder)) or mine - claim.modified > SECONDS

    def is_dead(self, folder: str) -> bool:
        """Whether a folder's owner is gone, released it, or was silent for long."""
        if is_gone(owner_part(folder)):
            return True
        store = store_of(folder)
        mine = store.entry(self._path)
        theirs = store.entry(join(folder, CLAIM))
        return theirs is None or (mine is not None and mine.modified - theirs.modified > SECONDS)


def is_abandoned(folder: str) -> bool:
    """Whether nobody holds a claim in a hidden folder any more, as far as this machine's clock can tell."""
    if is_gone(owner_part(folder)):
        return True
    claim = _read(folder)
    if claim is None:
        return True
    return not is_here(folder) and time.time() - claim.modified > 2 * SECONDS


def _read(folder: str) -> Claim | None:
    store = store_of(folder)
    path = join(folder, CLAIM)
    try:
        found = store.entry(path)
    except PermissionError:  # another user's: every beat changes the folder
        above = store.entry(folder)
        changed = above.modified if above else 0.0
        return Claim(folder, {"state": _HELD, "host": "of another user", "beat": changed}, changed)
    if found is None:
        return None
    try:
        with store.open_input(path) as stream:
            facts = json.loads(bytes(stream.read()))
    except FileNotFoundError:
        return None
    except (OSError, ValueError):
        facts = {}
    return Claim(folder, facts if isinstance(facts, dict) else {}, found.modified)


def _clock() -> float:
    """Seconds that also pass while this machine sleeps, where the system has such a clock."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()
