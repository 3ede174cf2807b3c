"""A run that is killed leaves nothing that looks published, and the next run gives the same bytes."""

import os
import random
import shutil
import signal
import subprocess
import tempfile
import time

import pytest

from beam_deid.pipelines.cli import call
from beam_deid.transforms.policy.reader import read_policy

from ..kit.crash_states import bring_back, changing, crash_states
from ..kit.outputs import labels, leftovers, parts
from ..kit.processes import staging_of
from ..kit.processes import start as start_command
from ..kit.trials import LOCAL, contents, furnish, judge_reader, recorded

# What is started in the background ignores Ctrl-C, and so would all that it starts.
HEEDED = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"

FOLLOWING = ("verify", "publish", "run")
"""The commands that may come next; all kinds of calls are shared out among them."""


def start(policy, orders, out, *more):
    return start_command("run", policy, "-i", str(orders / "*.parquet"), "-o", str(out), *more, before=HEEDED)


@pytest.mark.slow("kills runs, each a process that imports Beam")
def test_killing_a_run_at_ten_random_moments_leaves_nothing_published(published, orders, tmall_policy, tmp_path):
    out = tmp_path / "out"
    moments = random.Random(2)
    (tmp_path / "apart").mkdir()  # with a register of its own, or the others would be tested with it
    whole = {}
    for workers in ("1", "2"):
        undisturbed = start(tmall_policy, orders, tmp_path / "apart" / workers, "--workers", workers)
        begun = time.monotonic()
        assert undisturbed.wait() == 0
        whole[workers] = time.monotonic() - begun
    interrupted = 0
    for _ in range(40):
        if interrupted == 10:
            break
        workers = "2" if interrupted % 3 == 0 else "1"  # to start two more processes takes longer than all else
        process = start(tmall_policy, orders, out, "--workers", workers)
        time.sleep(moments.uniform(0.1, 0.9) * whole[workers])
        process.kill()
        ended = process.wait()
        if ended == 0 or out.exists():
            whole[workers] *= 0.8  # it takes less than it did at first
        if ended == 0:
            continue  # it was done before the blow
        if out.exists():  # the blow came after publication: then everything is there
            assert call(["verify", str(out)]) == 0
            assert parts(out) == parts(published)
            shutil.rmtree(out)
            shutil.rmtree(
                _register(tmall_policy, out)
            )  # it knows of what was published, and would test the next with it
            continue
        interrupted += 1
    assert interrupted == 10
    assert start(tmall_policy, orders, out).wait() == 0
    assert parts(out) == parts(published)
    assert labels(out) == labels(published)
    assert leftovers(out) == []


def _register(policy, out):
    """The folder of the register that a run keeps beside its output."""
    return out.parent / f"{read_policy(policy).dataset}.register"


@pytest.fixture
def house(tmp_path):
    (tmp_path / "house").mkdir()
    return furnish(tmp_path / "house")


@pytest.mark.slow("a process that keeps what it would leave, and three commands over each such state")
@pytest.mark.parametrize("following", FOLLOWING)
def test_killing_a_run_at_moments_of_its_publication_loses_nothing(house, tmp_path, monkeypatch, following):
    """Over an earlier output, which is there, or the new one is, whatever command comes next."""
    whole = tmp_path / "whole"
    shelf = whole / "shelf"
    temporary = whole / "temporary"
    for made in (shelf, temporary):
        made.mkdir(parents=True)
    monkeypatch.setenv("HOME", str(whole))
    monkeypatch.setenv("TMPDIR", str(temporary))
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    monkeypatch.chdir(shelf)
    out = shelf / "out"
    written = ["out", "~/shelf/out", f"file://{shelf}/out", str(out)]
    moments = changing(recorded(house, LOCAL, True, tmp_path / "recorded"))
    shutil.copytree(house.earlier, out)
    first = FOLLOWING.index(following)
    command = house.command(written[first], 2, "--overwrite")
    states = crash_states(command, whole, tmp_path / "copies", len(moments))
    for number, at in enumerate(sorted({*range(first, len(moments), len(FOLLOWING)), _last_rename(moments)})):
        told = written[number % len(written)]
        bring_back(states[at], whole)
        os.chdir(shelf)
        judge_reader(out, tmp_path / f"copy-{at}")
        if following == "verify":
            assert call(["verify", told]) == 0
            assert contents(out) in (contents(house.earlier), contents(house.undisturbed)), moments[at]
        elif following == "publish":
            # Had it come into place before the blow, then nothing is left to be published.
            published = call(["publish", str(staging_of(out))]) == 0
            assert published or contents(out) == contents(house.undisturbed), moments[at]
            assert call(["verify", told]) == 0
            assert contents(out) == contents(house.undisturbed)
        assert house.run(told, 2, "--overwrite") == 0
        assert contents(out) == contents(house.undisturbed)
        assert leftovers(out) == []


def _last_rename(moments):
    """The place of the new output's way into that of the earlier one, which has made room for it."""
    return max(at for at, told in enumerate(moments) if told.startswith("rename"))


@pytest.mark.slow("kills runs, each a process that imports Beam")
def test_ctrl_c_leaves_nothing_and_exits_130(orders, tmall_policy, tmp_path):
    out = tmp_path / "out"
    process = start(tmall_policy, orders, out, "--workers", "2")
    deadline = time.monotonic() + 60
    while not leftovers(out) and time.monotonic() < deadline:
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGINT)
    assert process.wait(30) == 130
    assert not out.exists()
    assert leftovers(out) == []


@pytest.mark.slow("kills runs, each a process that imports Beam")
def test_a_worker_that_dies_ends_the_run_with_an_answer(orders, tmall_policy, tmp_path):
    out = tmp_path / "out"
    process = start(tmall_policy, orders, out, "--workers", "2")
    deadline = time.monotonic() + 60
    child = None
    while child is None and time.monotonic() < deadline:
        listed = subprocess.run(
            ["ps", "-ww", "-o", "pid=,args=", "--ppid", str(process.pid)], capture_output=True, text=True
        )
        spawned = [line.split()[0] for line in listed.stdout.splitlines() if "spawn_main" in line]
        child = int(spawned[0]) if spawned else None
        time.sleep(0.01)
    assert child is not None
    os.kill(child, signal.SIGKILL)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "a worker process was killed" in said
    assert not out.exists()
    assert leftovers(out) == []
