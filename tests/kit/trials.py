"""Trials: a real run during which the store fails once, and what must be true afterwards."""

import contextlib
import hashlib
import json
import random
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from pyarrow import fs

from beam_deid.pipelines.cli import call
from beam_deid.transforms.storage import connecting, files, journal
from beam_deid.transforms.storage.local import LocalStore
from beam_deid.transforms.storage.object_store import ObjectStore
from beam_deid.transforms.storage.paths import BESIDE_PARTS, MARK, REPORT
from beam_deid.transforms.synthetic import orders

from .faulty import Calls, Fault, Faulty, kinds_of
from .outputs import labels, parts
from .reports import made_once, reports_in

LOCAL = "local"
OBJECTS = "objects"
TRIALS = 50
"""Of each store: half of them over an earlier output."""

_SCHEME = "shelf"
_SHELF = "shelf"
_BEFORE = 12
"""Of these trials so many befall what comes before publication."""

_COLUMNS = ("buyer_open_uid", "receiver_mobile", "birth_year", "num")
# Without a register, for these trials are about outputs, and all of them are of the same orders.
_POLICY = """
version: 1
dataset: orders
subject: buyer_open_uid
keys: {key: env:BEAM_DEID_KEY}
register: none
fields:
  buyer_open_uid: {role: direct_identifier}
  receiver_mobile: {role: direct_identifier, kind: mobile}
  birth_year: {role: quasi_identifier, kind: integer}
  num: {role: quasi_identifier, kind: integer}
releases:
  analytics:
    purpose: market analysis
    sharing: enclave
    expect: anonymized
    require: {k: 3, suppression: 0.2}
    environment: {controls: high, motive: low, prevalence: 0, acquaintances: 0, security: high}
    fields:
      birth_year: {generalize: {ranges: [50], level: 0}}
      num: {generalize: {ranges: [2], level: 0}}
  crm:
    purpose: marketing to members
    sharing: enclave
    expect: still_personal
    fields:
      buyer_open_uid: {tokenize: {domain: customer}}
      receiver_mobile: {fpe: {domain: mobile}}
"""


@dataclass
class House:
    """Orders, a policy, and what undisturbed runs make of them.

    Attributes:
        folder: Where all of it is.
        earlier: An output over three files of orders.
        undisturbed: An output over two of them: fewer parts.
        recorded: The calls of undisturbed runs, by store and whether there was an earlier output.
    """

    folder: Path
    earlier: Path
    undisturbed: Path
    recorded: dict[tuple[str, bool], list[str]] = field(default_factory=dict)

    def command(self, output: str, seeds: int = 2, *more: str) -> list[str]:
        """A run over some of the files, as a command."""
        given = [word for seed in range(seeds) for word in ("-i", str(self.folder / f"orders-{seed}.parquet"))]
        return ["run", str(self.folder / "policy.yaml"), *given, "-o", output, "--workers", "1", *more]

    def run(self, output: str, seeds: int = 2, *more: str) -> int:
        """The same, carried out here."""
        return call(self.command(output, seeds, *more))


def furnish(folder: Path) -> House:
    """Make a house."""
    (folder / "policy.yaml").write_text(_POLICY, "utf-8")
    for seed in range(3):
        pq.write_table(orders(100, seed).select(_COLUMNS), folder / f"orders-{seed}.parquet")
    made = House(folder, folder / "earlier", folder / "undisturbed")
    assert made.run(str(made.earlier), 3) == 0
    assert made.run(str(made.undisturbed)) == 0
    assert len(parts(made.earlier)) > len(parts(made.undisturbed))
    return made


@dataclass
class Place:
    """Somewhere to publish, in a store that may fail.

    Attributes:
        kind: The store.
        output: The output as a command is given it.
        folder: The same, as the disk has it.
        temporary: The folder for temporary files.
        calls: The calls of the store.
    """

    kind: str
    output: str
    folder: Path
    temporary: Path
    calls: Calls

    def hidden(self) -> list[str]:
        """Whatever of a run that is no output is left anywhere."""
        around = [path for path in self.folder.parent.rglob("*") if path.name.startswith(".") or MARK in path.name]
        return [str(path) for path in [*around, *self.temporary.iterdir()]]


@contextlib.contextmanager
def place(kind: str, folder: Path, earlier: Path | None) -> Iterator[Place]:
    """A place to publish, over an earlier output or none."""
    temporary = folder / "temporary"
    shelf = folder / "store" / _SHELF
    for made in (temporary, shelf):
        made.mkdir(parents=True)
    if earlier is not None:
        shutil.copytree(earlier, shelf / "out")
    calls = Calls()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TMPDIR", str(temporary))
        patch.setattr(tempfile, "tempdir", None)
        patch.setattr(journal, "_AT_ONCE", 1)  # so that a number always means the same call
        patch.setattr(files, "_LOCAL", Faulty(LocalStore(), calls))
        if kind == OBJECTS:
            shelves = fs.SubTreeFileSystem(str(folder / "store"), fs.LocalFileSystem())
            patch.setitem(connecting.SCHEMES, _SCHEME, lambda bucket, options: (shelves, bucket))
            connecting._connected.cache_clear()
            store = Faulty(ObjectStore(f"{_SCHEME}://{_SHELF}/"), calls)
            patch.setattr(files, "_remote", lambda root: store)
        try:
            output = str(shelf / "out") if kind == LOCAL else f"{_SCHEME}://{_SHELF}/out"
            yield Place(kind, output, shelf / "out", temporary, calls)
        finally:
            connecting._connected.cache_clear()


def recorded(house: House, kind: str, earlier: bool, folder: Path) -> list[str]:
    """The calls that an undisturbed run makes; the run itself is judged, too."""
    if (kind, earlier) not in house.recorded:
        with place(kind, folder, house.earlier if earlier else None) as where:
            assert house.run(where.output, 2, *(["--overwrite"] if earlier else [])) == 0
            house.recorded[kind, earlier] = list(where.calls.seen)
            _judge_whole(house, where)
    return house.recorded[kind, earlier]


def publishing(calls: list[str]) -> int:
    """The place of the first call that publication makes."""
    return (
        next(number for number, told in enumerate(calls) if told.startswith("close") and told.endswith("/outcome.json"))
        + 1
    )


def drawn(calls: list[str], kind: str, number: int) -> Fault:
    """The fault of a trial. The calls get their turn evenly, those of publication more often than others."""
    begin = publishing(calls)
    early = [at for at in range(begin) if not calls[at].startswith("write") or calls[at] != calls[at - 1]]
    late = range(begin, len(calls))
    some, first, end = (early, 0, _BEFORE) if number < _BEFORE else (late, _BEFORE, TRIALS)
    at = some[(number - first) * len(some) // (end - first)]
    return replace(random.Random(f"{kind} {number}").choice(kinds_of(calls[at])), call=at + 1)


def trial(house: House, kind: str, earlier: bool, folder: Path, fault: Fault) -> int:
    """A run whose store fails, and what comes after it.

    Returns:
        The exit code of the run.

    Raises:
        AssertionError: Something is not as it must be.
    """
    with place(kind, folder, house.earlier if earlier else None) as where:
        where.calls.fault = fault
        code = house.run(where.output, 2, *(["--overwrite"] if earlier else []))
        where.calls.fault = None
        assert code in ((0, 1) if fault.call > publishing(house.recorded[kind, earlier]) else (0, 1, 2, 3))
        judge_reader(where.folder, folder / "copy")
        if code == 0:
            assert call(["verify", where.output]) == 0
            assert contents(where.folder) == contents(house.undisturbed)
            if not where.hidden():
                return code  # as after an undisturbed run, so that a further one finds what it finds there
        end_process(where)
        found = call(["verify", where.output])
        _judge_state(house, where, earlier, found)
        assert house.run(where.output, 2, "--overwrite") == 0
        _judge_whole(house, where)
        return code


def judge_reader(output: Path, copy: Path) -> None:
    """What somebody sees who looks now, before any command has cleaned up: all that looks published is whole."""
    if not output.exists():
        return
    shutil.copytree(output, copy, ignore=lambda folder, names: [name for name in names if MARK in name])
    if (copy / "run.json").exists():
        assert call(["verify", str(copy)]) == 0
    for path in copy.glob("*/label.json"):
        listed = {one["path"]: one["sha256"] for one in json.loads(path.read_text("utf-8"))["files"]}
        beside = [one for one in path.parent.iterdir() if one.name not in BESIDE_PARTS]
        assert {one.name: hashlib.sha256(one.read_bytes()).hexdigest() for one in beside} == listed
    _judge_reports(copy)


def _judge_reports(output: Path) -> None:
    """No report stands without its label, or beside another one."""
    for path in reports_in(output):
        assert (output / path).with_name("label.json").exists() or path == REPORT
    if (output / "run.json").exists():
        assert reports_in(output) == made_once(output)


def _judge_state(house: House, where: Place, earlier: bool, verified: int) -> None:
    """After one further command: the earlier output, or the new one, or none where there was none."""
    if not (where.folder / "run.json").exists():
        assert not earlier
        assert verified == 2
        assert not list(where.folder.glob("*/label.json"))
        return
    assert verified == 0
    whole = [house.undisturbed, *([house.earlier] if earlier else [])]
    assert contents(where.folder) in [contents(one) for one in whole]


def _judge_whole(house: House, where: Place) -> None:
    assert call(["verify", where.output]) == 0
    assert contents(where.folder) == contents(house.undisturbed)
    assert where.hidden() == []


def contents(output: Path) -> tuple[Any, ...]:
    """What a reader finds in an output: every file, the bytes of those that bear no time, and the labels."""
    found = {path.relative_to(output).as_posix(): path for path in output.rglob("*") if path.is_file()}
    seen = {name: path for name, path in found.items() if MARK not in name}
    data = {
        name: hashlib.sha256(path.read_bytes()).hexdigest()
        for name, path in seen.items()
        if path.suffix not in (".json", ".html")
    }
    assert reports_in(output) == made_once(output)
    return sorted(seen), data, labels(output)


def end_process(where: Place) -> None:
    """A command that failed ends its process, which a trial's does not: what it could not take back is the dead's."""
    for folder in [*where.folder.parent.rglob(f"*{MARK}*"), *where.temporary.glob(f"*{MARK}*")]:
        before, mark, owner = folder.name.rpartition(MARK)
        machine, process, _, rest = owner.split("-")
        folder.rename(folder.with_name(f"{before}{mark}{machine}-{process}-0-{rest}"))
