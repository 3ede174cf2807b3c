"""A command that is forked for a test finds what one finds that is started, and ends as it does."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from .kit.fork_server import Request
from .kit.forked import Command, install
from .kit.processes import PROGRAM, start

pytestmark = pytest.mark.slow("starts processes that import Beam")

LOOKS = """
import json, logging, multiprocessing, os, signal, sys, tempfile, threading
import numpy, pyarrow
import beam_deid.transforms.beam.run
from beam_deid.transforms.storage.lease import SECONDS
json.dump(
    {
        "arguments": sys.argv,
        "folder": os.getcwd(),
        "children begin": multiprocessing.process.ORIGINAL_DIR,
        "environment": dict(sorted(os.environ.items())),
        "own session": os.getsid(0) == os.getpid(),
        "main": [__name__, sys.modules["__main__"].__dict__ is globals(), __spec__],
        "first path": sys.path[0],
        "stdin": sys.stdin.read(),
        "buffered": [sys.stdout.line_buffering, sys.stderr.line_buffering],
        "encodings": [sys.stdin.encoding, sys.stdout.encoding, sys.stderr.encoding],
        "answers": {number: str(signal.getsignal(number)) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGCHLD)},
        "blocked": sorted(signal.pthread_sigmask(signal.SIG_BLOCK, [])),
        "threads": threading.active_count(),
        "open": sorted(os.listdir("/proc/self/fd")),
        "mask": os.umask(0o22),
        "temporary": tempfile.gettempdir(),
        "lease": SECONDS,
        "imported": numpy.__file__,
        "product": beam_deid.transforms.beam.run.__file__,
    },
    sys.stdout,
)
"""


def command(code, folder, **more):
    return Command(Request(code, ["--one", "二"], str(folder), {**os.environ, **more}))


def paths():
    """Where Python looks, from any folder."""
    return os.pathsep.join(os.path.abspath(one) for one in os.environ.get("PYTHONPATH", "").split(os.pathsep) if one)


@pytest.mark.parametrize("more", [{}, {"BEAM_DEID_LEASE_SECONDS": "3"}], ids=["as it is", "with another lease"])
def test_a_forked_process_finds_what_a_started_one_finds(tmp_path, more):
    given = {**os.environ, "TMPDIR": str(tmp_path), "TZ": "Asia/Shanghai", "PYTHONPATH": paths(), **more}
    words = [sys.executable, "-c", LOOKS, "--one", "二"]
    begun = {"cwd": tmp_path, "env": given, "start_new_session": True, "stdin": subprocess.DEVNULL}
    started = json.loads(subprocess.run(words, **begun, capture_output=True, check=True).stdout)
    said, wrong = command(LOOKS, tmp_path, **given).communicate(timeout=120)
    assert json.loads(said) == started, wrong
    assert started["lease"] == float(more.get("BEAM_DEID_LEASE_SECONDS", 60))


@pytest.mark.parametrize(
    ("code", "ended"),
    [
        ("pass", 0),
        ("raise SystemExit(3)", 3),
        ("1 / 0", 1),
        ("import os; os._exit(7)", 7),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", -signal.SIGKILL),
        ("import os, signal; os.kill(os.getpid(), signal.SIGTERM)", -signal.SIGTERM),
    ],
)
def test_a_forked_process_ends_as_it_would(tmp_path, code, ended):
    process = command(
        f"import atexit, sys; atexit.register(print, 'done')\nprint('said'); sys.stdout.flush()\n{code}", "."
    )
    said, wrong = process.communicate(timeout=120)
    assert process.returncode == process.wait() == process.poll() == ended
    assert not Path(f"/proc/{process.pid}").exists()
    assert said.split() == ["said", "done"][: 1 if ended < 0 or ended == 7 else 2]
    assert ("ZeroDivisionError" in wrong) == (code == "1 / 0")
    install(tmp_path / "program", code)
    assert subprocess.run([tmp_path / "program"], capture_output=True).returncode == (
        128 - ended if ended < 0 else ended
    )


def test_a_forked_process_runs_until_it_is_killed():
    process = command("import time; time.sleep(600)", ".")
    assert process.poll() is None
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(0.01)
    with pytest.raises(subprocess.TimeoutExpired):
        process.communicate(timeout=0.01)
    os.killpg(process.pid, signal.SIGKILL)
    time.sleep(0.2)
    os.kill(process.pid, signal.SIGTERM)  # dead, and nobody has looked: its number is not another's yet
    assert process.wait(60) == -signal.SIGKILL
    assert not Path(f"/proc/{process.pid}").exists()


def test_forked_processes_draw_their_own_random_numbers():
    code = "import random, secrets, numpy; print(random.random(), secrets.token_hex(), numpy.random.default_rng().random())"
    found = [command(code, ".").communicate(timeout=120)[0].split() for _ in range(2)]
    assert all(one != other for one, other in zip(*found, strict=True))


def test_an_installed_program_has_the_streams_of_whoever_calls_it(tmp_path):
    install(tmp_path / "beam-deid", PROGRAM)
    said = subprocess.run(
        [tmp_path / "beam-deid", "plan", "nowhere.yaml"], cwd=tmp_path, capture_output=True, text=True
    )
    process = start("plan", "nowhere.yaml", cwd=tmp_path)
    assert (said.stdout, said.stderr) == process.communicate(timeout=120)
    assert said.returncode == process.returncode == 2
    install(tmp_path / "echoes", "import sys; print(sys.stdin.read())")
    echoed = subprocess.run([tmp_path / "echoes"], input="as it is", capture_output=True, text=True)
    assert echoed.stdout == "as it is\n"
