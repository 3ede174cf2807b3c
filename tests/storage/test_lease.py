"""The lease of an output, held and wanted by real processes."""

import contextlib
import os
import re
import signal
import subprocess
import sys

import pytest

from beam_deid.transforms.storage.hidden import hidden_folder, hidden_folders
from beam_deid.transforms.storage.lease import Lease
from beam_deid.transforms.storage.owners import new_name

from ..kit.processes import ROOT, until

SECONDS = "3"


@pytest.fixture
def contenders(tmp_path):
    """Starts processes that want the lease of one output, all at once or one by one."""
    started = []

    def start(**more):
        given = {**os.environ, "BEAM_DEID_LEASE_SECONDS": SECONDS, **more}
        given["PYTHONPATH"] = os.pathsep.join([ROOT, *filter(None, [os.environ.get("PYTHONPATH")])])
        command = [sys.executable, "-m", "tests.storage.contender", str(tmp_path / "out"), str(tmp_path / "go")]
        process = subprocess.Popen(command, env=given, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        started.append(process)
        return process

    yield start
    for process in started:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        process.wait()
        process.stdin.close()
        process.stdout.close()


def said(process):
    return process.stdout.readline().strip()


def told(process):
    process.stdin.write("\n")
    process.stdin.flush()
    return said(process)


def hidden(tmp_path):
    return [path.name for path in tmp_path.iterdir() if path.name.startswith(".")]


@pytest.mark.slow("starts processes that wait for each other's leases")
@pytest.mark.parametrize("hosts", [1, 6], ids=["of one host", "of six hosts"])
def test_of_many_at_once_exactly_one_holds_and_the_others_are_told_who(contenders, tmp_path, hosts):
    machines = [{} if hosts == 1 else {"MACHINE": f"{number:012x}"} for number in range(6)]
    many = [contenders(**machine) for machine in machines]
    assert [said(process) for process in many] == ["ready"] * 6
    (tmp_path / "go").touch()
    answers = {process.pid: said(process) for process in many}
    held = [pid for pid, answer in answers.items() if answer == "held"]
    assert len(held) == 1
    others = [answer for answer in answers.values() if answer != "held"]
    assert all(
        re.search(rf"another run is writing to this output \(host .*, process {held[0]}, since", one) for one in others
    )
    (holder,) = [process for process in many if process.pid == held[0]]
    assert told(holder) == "still held"
    assert [process.wait(30) for process in many] == [0] * 6
    assert hidden(tmp_path) == []


def test_it_can_be_held_again_once_it_was_given_back(contenders, tmp_path):
    (tmp_path / "go").touch()
    for _ in range(2):
        process = contenders()
        assert [said(process), said(process), told(process)] == ["ready", "held", "still held"]


def test_of_a_process_that_was_killed_it_is_taken_over_at_once(contenders, tmp_path):
    (tmp_path / "go").touch()
    dead = contenders(BEAM_DEID_LEASE_SECONDS="3600")
    assert [said(dead), said(dead)] == ["ready", "held"]
    dead.kill()
    dead.wait()
    heir = contenders(BEAM_DEID_LEASE_SECONDS="3600")
    assert [said(heir), said(heir), told(heir)] == ["ready", "held", "still held"]


def test_a_killed_process_that_nobody_has_buried_yet_is_dead(contenders, tmp_path):
    (tmp_path / "go").touch()
    dead = contenders(BEAM_DEID_LEASE_SECONDS="3600")
    assert [said(dead), said(dead)] == ["ready", "held"]
    dead.kill()
    os.waitid(os.P_PID, dead.pid, os.WEXITED | os.WNOWAIT)
    heir = contenders(BEAM_DEID_LEASE_SECONDS="3600")
    assert [said(heir), said(heir)] == ["ready", "held"]


@pytest.mark.slow("starts processes that wait for each other's leases")
@pytest.mark.parametrize("elsewhere", [False, True], ids=["on this host", "on another host"])
def test_whoever_is_silent_for_longer_than_it_lives_loses_it(contenders, tmp_path, elsewhere):
    (tmp_path / "go").touch()
    silent = contenders(**({"MACHINE": "a" * 12} if elsewhere else {}))
    assert [said(silent), said(silent)] == ["ready", "held"]
    os.kill(silent.pid, signal.SIGSTOP)

    def taken():
        heir = contenders(**({"MACHINE": "b" * 12} if elsewhere else {}))
        assert said(heir) == "ready"
        return heir if said(heir) == "held" else None

    heir = until(taken)
    os.kill(silent.pid, signal.SIGCONT)
    assert "silent for so long that another took the output over" in told(silent)
    assert told(heir) == "still held"


@pytest.mark.slow("starts processes that wait for each other's leases")
def test_whoever_beats_keeps_it_for_longer_than_it_lives(contenders, tmp_path):
    (tmp_path / "go").touch()
    holder = contenders(MACHINE="a" * 12)
    assert [said(holder), said(holder)] == ["ready", "held"]
    claim = next(tmp_path.glob(".out.*/lease.json"))
    first = claim.stat().st_mtime
    until(lambda: claim.exists() and claim.stat().st_mtime > first + 2 * float(SECONDS))
    other = contenders(MACHINE="b" * 12)
    assert said(other) == "ready"
    assert f"process {holder.pid}" in said(other)
    assert told(holder) == "still held"


def test_a_lease_that_is_given_back_while_it_is_given_back_waits_for_nothing(tmp_path, monkeypatch):
    """As a signal's answer does it, before which what was interrupted goes no further, and holds whatever lock it holds."""
    out = str(tmp_path / "out")
    lease = Lease(hidden_folder(out, new_name()), lambda: hidden_folders(out), out)
    lease.take()
    end = lease._ended.set
    ends = []

    def end_at_a_bad_moment():
        ends.append("begun")
        lease.give_back()
        assert hidden_folders(out) == []
        end()

    monkeypatch.setattr(lease._ended, "set", end_at_a_bad_moment)
    lease.give_back()
    assert ends == ["begun"]
    assert hidden_folders(out) == []
