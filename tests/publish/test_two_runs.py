"""Two runs that want one output: on one machine, as if on two, and where one of them slept."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time

import pytest

from beam_deid.pipelines.cli import call

from ..kit.outputs import leftovers
from ..kit.processes import staging_of, start, until
from ..kit.trials import contents

SECONDS = "3"
OTHER_HOST = "0123456789ab-4711-88123-9e1b5c07"

WAITS = """
import os, time
from beam_deid.transforms.beam import run as job
publish = job.publish
def later(*arguments):
    while not os.path.exists(os.environ["GO"]):
        time.sleep(0.005)
    return publish(*arguments)
job.publish = later
"""
"""The run waits before it publishes, until it is told to go on."""


@pytest.fixture
def out(tmp_path):
    return tmp_path / "out"


@pytest.fixture
def go(tmp_path):
    return tmp_path / "go"


def ends(process):
    _, said = process.communicate(timeout=120)
    return process.returncode, said


@pytest.mark.slow("starts runs that wait, processes that import Beam")
def test_of_two_at_once_exactly_one_wins_and_the_other_is_told_who(house, out, go):
    two = [start(*house.command(str(out)), before=WAITS, GO=str(go)) for _ in range(2)]
    loser = until(lambda: next((process for process in two if process.poll() is not None), None))
    (winner,) = [process for process in two if process is not loser]
    code, said = ends(loser)
    assert code == 2
    assert "another run is writing to this output" in said
    assert f"process {winner.pid}" in said
    go.touch()
    assert ends(winner)[0] == 0
    assert contents(out) == contents(house.undisturbed)
    assert leftovers(out) == []


def left_by_another_host(out, age):
    """What a run on another host leaves that shares this folder."""
    folder = out.parent / f".{out.name}.beam-deid-{OTHER_HOST}"
    (folder / "parts" / "crm").mkdir(parents=True)
    (folder / "parts" / "crm" / "part-00000.parquet.0123456789abcdef").write_bytes(b"torn")
    claim = folder / "lease.json"
    claim.write_text(json.dumps({"host": "other", "process": 4711, "since": "yesterday", "state": "held", "beat": 7}))
    then = time.time() - age
    os.utime(claim, (then, then))
    return folder


@pytest.mark.parametrize("command", ["run", "verify"])
def test_what_a_dead_run_of_another_host_left_is_swept(house, out, command):
    folder = left_by_another_host(out, 3600)
    if command == "run":
        assert house.run(str(out)) == 0
    else:
        assert call(["verify", str(out)]) == 2
    assert not folder.exists()
    assert leftovers(out) == []


@pytest.mark.slow("starts runs that wait, processes that import Beam")
def test_what_a_run_of_another_host_left_that_is_silent_is_swept_once_its_lease_is_over(house, out):
    folder = left_by_another_host(out, 0)
    code, said = ends(start(*house.command(str(out)), BEAM_DEID_LEASE_SECONDS=SECONDS))
    assert (code, folder.exists()) == (0, False), said
    assert leftovers(out) == []


def can_unshare():
    done = subprocess.run(["unshare", "--pid", "--fork", "--mount-proc", "true"], capture_output=True)
    return done.returncode == 0


@pytest.mark.slow("starts a run that waits, a process that imports Beam")
@pytest.mark.skipif(shutil.which("unshare") is None or not can_unshare(), reason="no right to a space of process ids")
def test_a_living_run_in_another_container_is_left_alone(house, out, go):
    code = f"{WAITS}\nfrom beam_deid.pipelines.cli import main\nmain()"
    command = ["unshare", "--pid", "--fork", "--mount-proc", sys.executable, "-c", code, *house.command(str(out))]
    given = {**os.environ, "GO": str(go), "BEAM_DEID_LEASE_SECONDS": SECONDS}
    living = subprocess.Popen(command, env=given, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    folder = until(lambda: (found := staging_of(out)) and (found / "outcome.json").exists() and found)
    assert (
        json.loads((folder / "lease.json").read_text())["process"] == 1
    )  # its number there, where this machine has another 1
    code, said = ends(start(*house.command(str(out)), BEAM_DEID_LEASE_SECONDS=SECONDS))
    assert code == 2
    assert "another run is writing to this output" in said
    assert "process 1," in said
    assert folder.exists()
    go.touch()
    assert ends(living)[0] == 0
    assert contents(out) == contents(house.undisturbed)
    assert leftovers(out) == []


@pytest.mark.slow("waits until leases of seconds are over")
@pytest.mark.parametrize("place", ["state.json", "outcome.json"], ids=["while it works", "when all is written"])
def test_a_run_that_slept_for_longer_than_its_lease_lives_does_not_publish(house, out, go, place):
    slept = start(*house.command(str(out), 2, "--overwrite"), before=WAITS, GO=str(go), BEAM_DEID_LEASE_SECONDS=SECONDS)
    until(lambda: (found := staging_of(out)) and (found / place).exists())
    os.kill(slept.pid, signal.SIGSTOP)
    go.touch()
    try:
        until(lambda: ends(start(*house.command(str(out), 3), BEAM_DEID_LEASE_SECONDS=SECONDS))[0] == 0)
    finally:
        os.kill(slept.pid, signal.SIGCONT)
    code, said = ends(slept)
    assert code == 1, said
    assert "silent for so long that another took the output over" in said
    assert contents(out) == contents(house.earlier)
    assert leftovers(out) == []
    assert call(["verify", str(out)]) == 0
