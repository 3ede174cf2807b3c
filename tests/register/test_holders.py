"""Several who want one register: one at a time holds it, and whoever slept changes nothing that others wrote."""

import contextlib
import json
import os
import re
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from beam_deid.transforms.errors import OutputError, UsageError
from beam_deid.transforms.register.document import Table
from beam_deid.transforms.register.folder import hold, read
from beam_deid.transforms.storage.owners import new_name

from ..kit.processes import python, until
from .kit import SHA, assert_whole, contents, document, entry, register

SECONDS = "3"
HERE = "a" * 12
THERE = "b" * 12


@pytest.fixture
def place(tmp_path):
    place = tmp_path / "shop.register"
    with hold(str(place)) as held:
        register(held, tmp_path, "a.1")
    return place


@pytest.fixture
def holders(place, tmp_path):
    """Starts processes that want the register."""
    started = []

    def start(at=place, **more):
        code = "import sys; from tests.register.holder import main; main(*sys.argv[1:])"
        process = python(code, str(at), str(tmp_path), **{"BEAM_DEID_LEASE_SECONDS": SECONDS, **more})
        started.append(process)
        return process

    yield start
    for process in started:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        process.communicate()


def said(process):
    return process.stdout.readline().strip()


def told(process, word):
    process.stdin.write(word + "\n")
    process.stdin.flush()
    return said(process)


def test_whoever_comes_second_is_told_who_holds_it(place, holders):
    holder = holders()
    assert said(holder) == "held 1"
    with pytest.raises(UsageError) as refused:
        hold(str(place))
    assert re.search(
        rf"another run is using this register \(host .*, process {holder.pid}, since 20.*\)\. Wait until",
        refused.value.message,
    )
    assert read(str(place)).revision == 1  # whoever looks need not wait
    assert told(holder, "b.1") == "saved 2"
    assert told(holder, "close") == "closed"
    assert_whole(place, ["a.1", "b.1"])


def test_of_threads_of_one_process_one_holds_it(place, tmp_path):
    with hold(str(place)) as held:
        with pytest.raises(UsageError, match="another run is using this register"):
            hold(str(place))
        register(held, tmp_path, "b.1")
    assert_whole(place, ["a.1", "b.1"])


@pytest.mark.slow("waits until many threads have had their turn")
@pytest.mark.parametrize("is_new", [True, False], ids=["a new register", "one that is there"])
def test_many_threads_that_try_until_they_hold_it_lose_nothing(place, tmp_path, is_new):
    at = tmp_path / "new.register" if is_new else place

    def work(number):
        while True:
            try:
                with hold(str(at)) as held:
                    return register(held, tmp_path, f"thread.{number}").revision
            except UsageError:
                time.sleep(0.01)

    with ThreadPoolExecutor(4) as pool:
        numbers = sorted(pool.map(work, range(4)))
    begun = 1 if is_new else 2
    assert numbers == list(range(begun, begun + 4))
    names = [one.name for one in read(str(at)).releases]
    assert sorted(names) == sorted([*(f"thread.{number}" for number in range(4)), *([] if is_new else ["a.1"])])
    assert_whole(at, names)


def test_whoever_looks_while_it_is_written_sees_one_revision_or_the_next(tmp_path):
    place = tmp_path / "shop.register"
    ended = threading.Event()
    seen = []

    def watch():
        while not ended.is_set():
            found = read(str(place))
            seen.append(found.revision if found else 0)

    with ThreadPoolExecutor(2) as pool:
        watching = [pool.submit(watch) for _ in range(2)]
        try:
            for _ in range(10):
                with hold(str(place)) as held:
                    register(held, tmp_path, f"a.{len(held.document.releases) if held.document else 0}")
        finally:
            ended.set()
        for one in watching:
            one.result()
    assert set(seen) <= set(range(11))
    assert len(set(seen)) > 2


@pytest.mark.slow("starts processes that wait for each other's leases")
def test_of_many_processes_exactly_one_holds_a_new_register(tmp_path, holders):
    at = tmp_path / "new.register"
    many = [holders(at, MACHINE=f"{number:012x}") for number in range(4)]
    answers = [said(process) for process in many]
    assert answers.count("held 0") == 1
    assert sum("another run is using this register" in answer for answer in answers) == 3
    (holder,) = [process for process, answer in zip(many, answers, strict=True) if answer == "held 0"]
    assert told(holder, "a.1") == "saved 1"
    assert told(holder, "close") == "closed"
    assert_whole(at, ["a.1"])


def test_a_dead_holder_is_followed_at_once(place, tmp_path, holders):
    dead = holders(BEAM_DEID_LEASE_SECONDS="3600")
    assert said(dead) == "held 1"
    dead.kill()
    dead.wait()
    with hold(str(place)) as held:
        register(held, tmp_path, "b.1")
    assert_whole(place, ["a.1", "b.1"])


@pytest.mark.slow("starts processes that wait for each other's leases")
@pytest.mark.parametrize("machines", [(HERE, HERE), (HERE, THERE)], ids=["on one host", "on two hosts"])
def test_whoever_slept_for_long_cannot_write(place, holders, machines):
    slept = holders(MACHINE=machines[0])
    assert said(slept) == "held 1"
    os.kill(slept.pid, signal.SIGSTOP)
    heir = until(lambda: follower(holders, machines[1]))
    os.kill(slept.pid, signal.SIGCONT)
    assert "silent for so long that another took the register over" in told(slept, "late.1")
    assert told(slept, "close") == "closed"
    assert told(heir, "b.1") == "saved 2"
    assert told(heir, "close") == "closed"
    assert_whole(place, ["a.1", "b.1"])


def follower(holders, machine):
    heir = holders(MACHINE=machine)
    return heir if said(heir).startswith("held") else None


def asleep(holders, machine):
    """A process that fell asleep when all was ready and only the revision was to be written."""
    sleeper = holders(MACHINE=machine)
    assert said(sleeper).startswith("held")
    assert told(sleeper, "sleep") == "will sleep"
    assert told(sleeper, "late.1") == "sleeps"
    return sleeper


@pytest.mark.slow("starts processes that wait for each other's leases")
@pytest.mark.parametrize("machine", [HERE, THERE], ids=["on this host", "on another host"])
def test_whoever_wakes_after_another_wrote_that_revision_is_refused(place, holders, machine):
    sleeper = asleep(holders, HERE)
    heir = until(lambda: follower(holders, machine))
    assert told(heir, "b.1") == "saved 2"
    os.kill(sleeper.pid, signal.SIGCONT)
    assert "another run registered revision 2 meanwhile. Run again" in said(sleeper)
    assert told(sleeper, "close") == "closed"
    assert told(heir, "c.1") == "saved 3"
    assert told(heir, "close") == "closed"
    hold(str(place)).close()
    assert_whole(place, ["a.1", "b.1", "c.1"])


@pytest.mark.slow("starts processes that wait for each other's leases")
@pytest.mark.parametrize("is_new", [True, False], ids=["a new register", "one that is there"])
def test_whoever_wakes_first_has_its_tables_still_and_the_other_is_refused(place, tmp_path, holders, is_new):
    at = tmp_path / "new.register" if is_new else place
    number, names = (1, []) if is_new else (2, ["a.1"])

    def start(**more):
        return holders(at, **more)

    sleeper = asleep(start, HERE)
    heir = until(lambda: follower(start, THERE))
    os.kill(sleeper.pid, signal.SIGCONT)
    assert said(sleeper) == f"saved {number}"
    assert f"another run registered revision {number} meanwhile" in told(heir, "b.1")
    assert told(heir, "close") == "closed"
    assert told(sleeper, "close") == "closed"
    hold(str(at)).close()
    assert_whole(at, [*names, "late.1"])


@pytest.mark.slow("starts processes that wait for each other's leases")
def test_what_a_sleeper_was_adding_goes_once_it_can_no_longer_be_registered(place, tmp_path, holders):
    sleeper = asleep(holders, HERE)
    heir = until(lambda: follower(holders, THERE))
    assert told(heir, "close") == "closed"
    assert len(os.listdir(place / "tables")) == 2
    assert read(str(place)).revision == 1
    heir = until(lambda: follower(holders, THERE))
    assert told(heir, "b.1") == "saved 2"
    assert told(heir, "close") == "closed"
    heir = until(lambda: follower(holders, THERE))
    assert told(heir, "close") == "closed"
    assert_whole(place, ["a.1", "b.1"])
    sleeper.kill()


def test_the_claim_of_another_host_that_is_long_silent_is_swept_with_what_it_added(place, tmp_path):
    _, process, started, rest = new_name().split("-")
    claim = place / f".beam-deid-{HERE}-{process}-{started}-{rest}"
    claim.mkdir(mode=0o700)
    over = "x-000001-0123456789abcdef.parquet"
    coming = "x-000002-0123456789abcdef.parquet"
    (claim / "lease.json").write_text(
        json.dumps({"host": "other", "process": 1, "since": "yesterday", "state": "held", "beat": 7})
    )
    (claim / "adding.json").write_text(json.dumps({"tables": [over, coming, "../../mine", "notes.parquet"]}))
    for name in (over, coming, "notes.parquet"):
        (place / "tables" / name).write_bytes(b"fingerprints")
    (tmp_path / "mine").write_text("mine")
    os.utime(claim / "lease.json", (time.time() - 3600,) * 2)
    hold(str(place)).close()
    assert not (place / "tables" / over).exists()
    assert (place / "tables" / coming).exists()  # it may still wake
    with hold(str(place)) as held:
        register(held, tmp_path, "b.1")
    hold(str(place)).close()
    left = [name for name in contents(place) if "-0123456789abcdef" in name or ".beam-deid-" in name]
    assert (left, (tmp_path / "mine").read_text()) == ([], "mine")
    assert (place / "tables" / "notes.parquet").exists()  # nobody of ours named it


def test_a_revision_that_somebody_wrote_meanwhile_is_not_written_over(place, tmp_path):
    with hold(str(place)) as held:
        theirs = (place / "revision-000001.json").read_bytes()
        (place / "revision-000002.json").write_bytes(theirs)
        with pytest.raises(OutputError, match="another run registered revision 2 meanwhile"):
            register(held, tmp_path, "b.1")
    assert (place / "revision-000002.json").read_bytes() == theirs
    assert len(os.listdir(place / "tables")) == 1


def test_a_register_that_was_given_up_is_not_written_to(place):
    held = hold(str(place))
    held.close()
    held.close()
    with pytest.raises(OutputError, match="took the register over"):
        held.save(document().with_entries({"a.1": entry("a.1", Table(*held.document.files, 1, 1, SHA))}))
    assert read(str(place)).revision == 1
