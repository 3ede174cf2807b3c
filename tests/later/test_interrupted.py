"""An erasure whose store fails: the output is what it was or what it should become, and the same command again finishes it."""

import hashlib
import json
import random
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from beam_deid.pipelines.cli import call
from beam_deid.transforms.storage.paths import MARK, REPORT

from ..kit.faulty import GONE, REFUSED, TORN, UNHEARD, Fault, kinds_of
from ..kit.reports import made_once, reports_in
from ..kit.sampling import sampled
from ..kit.trials import LOCAL, OBJECTS, House, Place, end_process, judge_reader, place

STORES = [LOCAL, OBJECTS]
TRIALS = 20
_RECORDED: dict[str, list[str]] = {}


def subjects(house: House) -> str:
    """A person of the orders, as a list."""
    path = house.folder / "withdrawn.csv"
    who = pq.read_table(house.folder / "orders-0.parquet")["buyer_open_uid"][0].as_py()
    path.write_text(f"buyer_open_uid\n{who}\n", "utf-8")
    return str(path)


def erase(house: House, where: Place) -> int:
    policy = str(house.folder / "policy.yaml")
    return call(["erase", policy, where.output, "--subjects", subjects(house), "--reason", "request 17"])


def state(folder: Path) -> dict[str, object]:
    """What a reader finds: the bytes of parts and rejects, and how many records labels tell; and that its reports tell the same."""
    assert reports_in(folder) == made_once(folder)
    files = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    return {
        name: json.loads(path.read_text("utf-8"))["records"]
        if path.suffix == ".json"
        else hashlib.sha256(path.read_bytes()).hexdigest()
        for name, path in files.items()
        if MARK not in name and path.name != REPORT
    }


def recorded(house: House, kind: str, folder: Path) -> list[str]:
    """The calls of an erasure that nothing disturbs, which is judged, too."""
    if kind not in _RECORDED:
        with place(kind, folder, house.undisturbed) as where:
            assert erase(house, where) == 0
            _RECORDED[kind] = list(where.calls.seen)
            assert call(["verify", where.output]) == 0
            assert state(where.folder) != state(house.undisturbed)
            assert where.hidden() == []
    return _RECORDED[kind]


def trial(house: House, kind: str, folder: Path, fault: Fault) -> int:
    with place(kind, folder / "sound", house.undisturbed) as where:
        assert erase(house, where) == 0
        wanted = state(where.folder)
    with place(kind, folder / "broken", house.undisturbed) as where:
        where.calls.fault = fault
        code = erase(house, where)
        where.calls.fault = None
        assert code in (0, 1, 2, 3)
        judge_reader(where.folder, folder / "copy")
        end_process(where)
        assert call(["verify", where.output]) == 0
        assert state(where.folder) in (wanted, state(house.undisturbed))
        assert code or state(where.folder) == wanted
        assert erase(house, where) == 0
        assert call(["verify", where.output]) == 0
        assert state(where.folder) == wanted
        assert where.hidden() == []
        return code


@pytest.mark.parametrize(
    ("kind", "name", "end", "wrong"),
    [
        (LOCAL, "close", "/publication.json", TORN),
        (LOCAL, "copy", ".parquet", GONE),
        (OBJECTS, "copy", "/run.json", UNHEARD),
        (OBJECTS, "close", ".parquet", TORN),
        (OBJECTS, "purge_files", "", REFUSED),
    ],
)
def test_an_erasure_that_fails_leaves_the_old_or_the_new_and_can_be_finished(house, tmp_path, kind, name, end, wrong):
    calls = recorded(house, kind, tmp_path / "recorded")
    found = [number for number, told in enumerate(calls, 1) if told.startswith(f"{name} ") and told.endswith(end)]
    trial(house, kind, tmp_path / "trial", Fault(wrong, found[-1]))


@pytest.mark.slow("three erasures for each of many faults of their store")
@pytest.mark.parametrize("number", sampled(range(TRIALS), 3))
@pytest.mark.parametrize("kind", STORES)
def test_whatever_call_of_the_store_fails(house, tmp_path, kind, number):
    calls = recorded(house, kind, tmp_path / "recorded")
    at = number * len(calls) // TRIALS
    fault = replace(random.Random(f"{kind} {number}").choice(kinds_of(calls[at])), call=at + 1)
    trial(house, kind, tmp_path / "trial", fault)
