"""What workers answered, beside what this process finds: versions, clocks, keys, and what was written."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from beam_deid.transforms.doctor.checks import APART, STAGING
from beam_deid.transforms.doctor.finding import Finding
from beam_deid.transforms.doctor.key_checks import KEYS
from beam_deid.transforms.errors import DeidError, KeyFault, OutputError, UsageError

MOST_SKEW = 60.0
"""Seconds by which a worker's clock may be wrong: days of consent and retention, and stores' signatures, go by it."""

_MUST_BE_EQUAL = ("Python", "apache_beam")
_MAY_DIFFER = ("pyarrow", "numpy")
"""Libraries of which another minor version does no harm; of another major one nothing is promised."""
_NAMES = {"apache_beam": "Apache Beam"}
_SAME_KEY = (
    "Give the worker the same key: in the environment in which it is started, or in a file or keyring that both read"
)
_INSTALL = "Install the same version there as here, with all that it needs, and start the workers again"


@dataclass(frozen=True)
class Told:
    """What a worker told of itself.

    Attributes:
        worker: What it is called: its host and its process.
        at: Its clock, in seconds since 1970.
        versions: Versions by library, see `beam.on_any_worker.versions`.
        code: What tells the code of beam_deid there from other code; empty where there is none.
        fault: Why beam_deid could not be loaded, or answer; empty where it was not even asked, or answered.
        findings: What it looked at; empty where it has other code.
        keys: Check values of its keys.
        left: The name under which it left its answer, where it could.
        answered: Whether it looked at anything.
    """

    worker: str
    at: float
    versions: Mapping[str, str]
    code: str
    fault: str
    findings: tuple[Finding, ...]
    keys: Mapping[str, str]
    left: str
    answered: bool


@dataclass(frozen=True)
class Expected:
    """What workers are held against.

    Attributes:
        versions: Versions here.
        code: What tells the code here from other code.
        keys: Check values of the keys here; those that this process does not have are not there.
        begun: When workers were asked, by the clock of this process, in seconds since 1970.
        ended: When all had answered.
    """

    versions: Mapping[str, str]
    code: str
    keys: Mapping[str, str]
    begun: float
    ended: float


def told_by(texts: Iterable[str]) -> list[Told]:
    """What workers told, each once."""
    found = {told.worker: told for told in map(_told, texts)}
    return [found[worker] for worker in sorted(found)]


def _told(text: str) -> Told:
    said: dict[str, Any] = json.loads(text)
    answer = said["answer"] or {"findings": [], "keys": {}}
    worker = said["worker"]
    findings = tuple(Finding.from_document(one, worker) for one in answer["findings"])
    return Told(
        worker,
        said["at"],
        said["versions"],
        said["code"],
        said["fault"],
        findings,
        answer["keys"],
        said["left"],
        answered=said["answer"] is not None,
    )


def compared(workers: Sequence[Told], expected: Expected) -> list[Finding]:
    """What is found on the workers.

    Args:
        workers: What each told, at least one.
        expected: What it is held against.
    """
    found: list[Finding] = []
    for told in workers:
        found += _of_worker(told, expected)
    if len(workers) > 1:
        found += _among(workers, expected)
    return found


def _of_worker(told: Told, expected: Expected) -> Iterator[Finding]:
    yield from _versions(told, expected)
    yield _finding("clock", told.worker, partial(_clock, told, expected))
    others = [name for name, value in told.keys.items() if expected.keys.get(name, value) != value]
    yield from (one for one in told.findings if not (others and one.check == KEYS and one.passed))
    for name in others:
        yield Finding(KEYS, error=_another_key(name), at=told.worker)
    if not told.answered:
        what = "keys, paths, register and rights were not looked at"
        step = "See why beam_deid cannot answer there, and call doctor again"
        yield Finding("worker", error=UsageError(what, "", step), at=told.worker)


def _among(workers: Sequence[Told], expected: Expected) -> Iterator[Finding]:
    """Keys that differ between workers, where this process has none to compare them with."""
    first = workers[0]
    for told in workers[1:]:
        for name, value in told.keys.items():
            if name not in expected.keys and first.keys.get(name, value) != value:
                yield Finding(KEYS, error=_differing_key(name, first.worker), at=told.worker)


def _another_key(name: str) -> KeyFault:
    return KeyFault("the key is another one than here, so what it makes could not be joined", name, _SAME_KEY)


def _differing_key(name: str, other: str) -> KeyFault:
    return KeyFault(
        f"the key is another one than that of {other}, so what they make could not be joined", name, _SAME_KEY
    )


def _versions(told: Told, expected: Expected) -> Iterator[Finding]:
    yield _finding("beam_deid", told.worker, partial(_code, told, expected))
    for name in _MUST_BE_EQUAL:
        yield _finding(_NAMES.get(name, name), told.worker, partial(_equal, name, told, expected))
    for name in _MAY_DIFFER:
        yield _finding(name, told.worker, partial(_alike, name, told, expected))


def _code(told: Told, expected: Expected) -> str:
    there = told.versions["beam_deid"]
    here = expected.versions["beam_deid"]
    if told.fault and not told.answered:
        if not told.code:
            raise UsageError(
                "beam_deid is not installed there", "", f"Install it there, of the version here: {here or '-'}"
            )
        raise UsageError(f"beam_deid cannot be loaded there ({told.fault})", "", _INSTALL)
    if told.code != expected.code:
        which = f"{there} there, {here} here" if there != here else f"{here} by its number, but its files differ"
        raise UsageError(f"another beam_deid is installed there: {which}", "", _INSTALL)
    return f"{here}, the same code as here"


def _equal(name: str, told: Told, expected: Expected) -> str:
    there = told.versions[name]
    here = expected.versions[name]
    if there != here:
        raise UsageError(f"another version is installed there: {there or 'none'} there, {here} here", "", _INSTALL)
    return there


def _alike(name: str, told: Told, expected: Expected) -> str:
    there = told.versions[name]
    here = expected.versions[name]
    if there.partition(".")[0] != here.partition(".")[0]:
        raise UsageError(f"another version is installed there: {there or 'none'} there, {here} here", "", _INSTALL)
    return (
        there
        if there == here
        else f"{there} there, {here} here: the bytes of files may be others, and their rows the same"
    )


def _clock(told: Told, expected: Expected) -> str:
    fast = told.at - expected.ended
    slow = expected.begun - told.at
    if max(fast, slow) > MOST_SKEW:
        which = f"{fast:,.0f} seconds fast" if fast > slow else f"{slow:,.0f} seconds slow"
        raise UsageError(f"the clock there is {which}", "", "Set the clocks of all machines by NTP")
    return "as here"


def _finding(check: str, worker: str, look: Callable[[], str]) -> Finding:
    try:
        return Finding(check, look(), at=worker)
    except DeidError as error:
        return Finding(check, error=error, at=worker)


def unseen(workers: Iterable[Told], there: Iterable[str], folder: str) -> Iterator[Finding]:
    """What workers wrote and this process does not find: they have another folder under that path.

    Args:
        workers: What each told.
        there: The names of the answers that this process finds.
        folder: The folder, as messages call it.
    """
    found = set(there)
    for told in workers:
        wrote = any(one.check == STAGING and one.passed for one in told.findings)
        if wrote and told.left not in found:
            what = "what the worker wrote is not here: under this path it has another folder"
            error = OutputError(what, folder, APART)
            yield Finding(STAGING, error=error, at=told.worker)
