"""Ctrl-C and SIGTERM, at any moment: the command says what became of its work, and leaves no file and no process behind."""

import os
import random
import re
import signal
import subprocess
import time

import apache_beam as beam
import pytest
from apache_beam.runners.runner import PipelineRunner

from beam_deid.pipelines.cli import call
from beam_deid.transforms.beam import run
from beam_deid.transforms.storage import local
from beam_deid.transforms.storage.files import store_of
from beam_deid.transforms.storage.stopping import Stopping

from ..kit.outputs import leftovers, parts
from ..kit.processes import start, until

# What is started in the background of a script ignores Ctrl-C, and so would all that it starts.
HEEDED = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
IGNORED = "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)"
STOPPED = "beam-deid: Stopped. Nothing was published and nothing is left behind."
STOPS_WHILE_IT_PUBLISHES = f"""
{HEEDED}
import os
from beam_deid.transforms.storage.staging import Staging
publish = Staging.publish
def publish_at_a_bad_moment(*arguments):
    os.kill(os.getpid(), signal.SIGTERM)
    publish(*arguments)
Staging.publish = publish_at_a_bad_moment
"""
WAITS_WHEN_IT_IS_DONE = f"""
{HEEDED}
import time
from beam_deid.pipelines.views import outcome
outcome.show_outcome = lambda *arguments, **named: time.sleep(600)
"""

WAITS_TO_PRINT = f"""
{HEEDED}
import time
from beam_deid.pipelines import output
output.emit = lambda document: time.sleep(600)
"""

STOPS_TWICE_AS_A_PIPELINE_IS_MADE = f"""
{HEEDED}
import os
import apache_beam as beam
make = beam.Pipeline.__init__
def make_at_a_bad_moment(*arguments, **named):
    os.kill(os.getpid(), signal.SIGINT)
    os.kill(os.getpid(), signal.SIGINT)
    make(*arguments, **named)
beam.Pipeline.__init__ = make_at_a_bad_moment
"""


@pytest.fixture
def place(tmp_path):
    (tmp_path / "temporary").mkdir()
    return tmp_path


def begin(place, policy, orders, before=HEEDED):
    """Start a run into a folder that is not there yet, with a folder for temporary files of its own."""
    words = ["run", policy, "-i", str(orders / "*.parquet"), "-o", str(place / "new" / "out"), "--workers", "2"]
    return start(*words, before=before, TMPDIR=str(place / "temporary"))


def read_until(process, phase):
    """Read what a command says until it names a phase."""
    said = ""
    while not re.search(rf"^beam-deid: (step \d of \d, )?{phase}", said, re.MULTILINE):
        line = process.stderr.readline()
        assert line, f"it ended before it was {phase}: {said}"
        said += line
    return said


def ended(process):
    """What a command still said, and the processes of its session that are left."""
    _, said = process.communicate(timeout=300)
    listed = subprocess.run(["ps", "-s", str(process.pid), "-o", "pid=,args="], capture_output=True, text=True)
    return said, listed.stdout.strip()


MOMENTS = [
    (signal.SIGINT, "starting"),
    (signal.SIGTERM, "measuring"),
    (signal.SIGTERM, "deciding"),
    (signal.SIGINT, "releasing"),
]


@pytest.mark.slow("stops runs, each a process that imports Beam")
@pytest.mark.parametrize(("number", "phase"), MOMENTS)
def test_a_run_that_is_stopped_leaves_nothing_and_says_so(place, tmall_policy, orders, number, phase):
    moment = random.Random(phase)
    process = begin(place, tmall_policy, orders)
    said = read_until(process, phase)
    time.sleep(moment.uniform(0, 0.3))
    (os.killpg if moment.random() < 0.5 else os.kill)(process.pid, number)
    more, left = ended(process)
    assert left == ""
    for word in ("Traceback", "resource_tracker", "unforeseen", "Error"):
        assert word not in said + more
    assert list((place / "temporary").iterdir()) == []
    if process.returncode == 0 or "was published before that" in more:  # it was quicker than the signal
        assert call(["verify", str(place / "new" / "out")]) == 0
        return
    assert process.returncode == 128 + number
    assert more.splitlines()[-1] == STOPPED
    assert not (place / "new").exists()


def stopped_demo(place, folder):
    """What a demo said that was stopped while it measured."""
    process = start("demo", "--folder", str(folder), "--overwrite", before=HEEDED, TMPDIR=str(place / "temporary"))
    read_until(process, "measuring")
    os.kill(process.pid, signal.SIGINT)
    said, left = ended(process)
    assert process.returncode == 128 + signal.SIGINT
    assert said.splitlines()[-1] == STOPPED
    assert left == ""


@pytest.mark.slow("stops a run that imports Beam")
def test_a_demo_that_is_stopped_takes_its_orders_back(place):
    stopped_demo(place, place / "new" / "demo")
    assert not (place / "new").exists()


@pytest.mark.slow("stops a run that imports Beam")
def test_a_demo_that_is_stopped_keeps_what_was_there_before(place):
    folder = place / "demo"
    folder.mkdir()
    (folder / "notes.txt").write_text("kept")
    stopped_demo(place, folder)
    assert [path.name for path in folder.iterdir()] == ["notes.txt"]


@pytest.mark.slow("stops a run that imports Beam")
def test_a_signal_while_a_run_publishes_is_answered_when_it_has(place, tmall_policy, orders, published):
    process = begin(place, tmall_policy, orders, STOPS_WHILE_IT_PUBLISHES)
    said, left = ended(process)
    out = place / "new" / "out"
    assert process.returncode == 128 + signal.SIGTERM
    assert said.splitlines()[-1] == f"beam-deid: Stopped. {out} was published before that, and is whole."
    assert left == ""
    assert parts(out) == parts(published)
    assert leftovers(out) == []
    assert call(["verify", str(out)]) == 0
    assert call(["releases", "list", str(out.parent / "tmall_orders.register")]) == 0


@pytest.mark.slow("stops a run that imports Beam")
def test_two_signals_before_anything_is_published_leave_nothing_either(place, tmall_policy, orders):
    """Nor do they say that something was published."""
    process = begin(place, tmall_policy, orders, STOPS_TWICE_AS_A_PIPELINE_IS_MADE)
    said, left = ended(process)
    assert process.returncode == 128 + signal.SIGINT
    assert said.splitlines()[-1] == STOPPED
    assert left == ""
    assert list((place / "temporary").iterdir()) == []
    assert not (place / "new").exists()


@pytest.mark.slow("stops a run that imports Beam")
def test_a_run_that_is_stopped_says_so_in_the_language_of_the_call(place, tmall_policy, orders, monkeypatch):
    monkeypatch.setenv("BEAM_DEID_LANG", "zh")
    process = begin(place, tmall_policy, orders, STOPS_WHILE_IT_PUBLISHES)
    said, _ = ended(process)
    assert said.splitlines()[-1] == f"beam-deid: 已停止。{place / 'new' / 'out'} 在此之前已发布，是完整的。"


@pytest.mark.slow("stops a run that imports Beam")
def test_a_signal_after_publication_says_that_it_was_published(place, tmall_policy, orders):
    process = begin(place, tmall_policy, orders, WAITS_WHEN_IT_IS_DONE)
    out = place / "new" / "out"
    until(lambda: (out / "run.json").exists() and not leftovers(out))
    time.sleep(1)
    os.kill(process.pid, signal.SIGINT)
    said, left = ended(process)
    assert process.returncode == 128 + signal.SIGINT
    assert said.splitlines()[-1] == f"beam-deid: Stopped. {out} was published before that, and is whole."
    assert left == ""
    assert list((place / "temporary").iterdir()) == []


@pytest.mark.slow("stops a run that imports Beam")
def test_a_run_in_the_background_of_a_script_is_stopped_by_sigterm_alone(place, tmall_policy, orders):
    process = begin(place, tmall_policy, orders, IGNORED)
    read_until(process, "measuring")
    os.killpg(process.pid, signal.SIGINT)
    read_until(process, "deciding")
    assert process.poll() is None
    os.kill(process.pid, signal.SIGTERM)
    said, left = ended(process)
    assert process.returncode == 128 + signal.SIGTERM
    assert said.splitlines()[-1] == STOPPED
    assert left == ""
    assert not (place / "new").exists()


@pytest.mark.slow("kills a run that imports Beam")
def test_what_a_killed_run_left_goes_with_the_next(place, tmall_policy, orders):
    process = begin(place, tmall_policy, orders)
    temporary = place / "temporary"
    until(lambda: leftovers(place / "new" / "out") and list(temporary.iterdir()) if (place / "new").exists() else None)
    os.killpg(process.pid, signal.SIGKILL)
    ended(process)
    assert list(temporary.iterdir())
    following = begin(place, tmall_policy, orders)
    ended(following)
    assert following.returncode == 0
    assert leftovers(place / "new" / "out") == []
    assert list(temporary.iterdir()) == []


def test_a_command_that_has_nothing_to_take_back_says_so_too():
    process = start("schema", before=WAITS_TO_PRINT)
    until(lambda: _hears(process.pid, signal.SIGTERM))
    process.terminate()
    said, _ = ended(process)
    assert process.returncode == 128 + signal.SIGTERM
    assert said.splitlines() == [STOPPED]


def _hears(process, number):
    """Whether a process answers a signal by now."""
    try:
        with open(f"/proc/{process}/status") as facts:
            caught = next(line for line in facts if line.startswith("SigCgt"))
    except (OSError, StopIteration):
        return False
    return bool(int(caught.split()[1], 16) >> (number - 1) & 1)


def test_everything_is_taken_back_the_last_first_and_what_is_gone_is_not():
    stopping = Stopping()
    taken = []
    stopping.add(lambda: taken.append("first"))
    gone = stopping.add(lambda: taken.append("gone"))
    stopping.add(lambda: 1 / 0)  # what cannot be taken back keeps nothing else from it
    stopping.add(lambda: taken.append("last"))
    stopping.forget(gone)
    stopping.take_back()
    assert taken == ["last", "first"]
    assert not stopping.is_needed


def test_a_step_that_is_whole_hears_of_a_signal_at_its_end_and_of_a_second_at_once():
    stopping = Stopping()
    heard = []
    with stopping.whole():
        with stopping.whole():
            assert stopping.wait_for_whole(lambda: heard.append("end"))
        assert not stopping.wait_for_whole(lambda: heard.append("again"))
        assert heard == []
    assert heard == ["end"]
    assert not stopping.wait_for_whole(lambda: heard.append("outside"))


def test_a_short_step_is_whole_however_often_somebody_asks():
    stopping = Stopping()
    heard = []
    with stopping.whole(short=True):
        assert stopping.wait_for_whole(lambda: heard.append("end"))
        assert stopping.wait_for_whole(lambda: heard.append("again"))
        assert heard == []
    assert heard == ["end"]


class _Job:
    """A job on a cluster, which goes on until it is cancelled."""

    is_cancelled = False

    def cancel(self):
        self.is_cancelled = True


class _Cluster(PipelineRunner):
    """An engine that is asked to stop once it has a job, and before it tells of it."""

    def __init__(self, job, stopping):
        super().__init__()
        self.job = job
        self.stopping = stopping

    def run_pipeline(self, pipeline, options):
        assert self.stopping.wait_for_whole(self.stopping.take_back)
        return self.job


def test_a_job_of_which_an_engine_has_not_told_yet_is_cancelled(monkeypatch):
    job, stopping = _Job(), Stopping()
    monkeypatch.setattr(run, "STOPPING", stopping)  # this process goes on
    pipeline = beam.Pipeline(_Cluster(job, stopping))
    _ = pipeline | beam.Create([1])
    run._begun(pipeline, "FlinkRunner")
    assert job.is_cancelled


def test_what_is_told_of_a_step_that_is_cut_is_its_own():
    stopping = Stopping()
    with stopping.whole(if_cut="Stopped in the middle."):
        assert stopping.if_cut == "Stopped in the middle."
        with stopping.whole():
            assert stopping.if_cut == "Stopped in the middle."
    assert stopping.if_cut == ""


def test_a_file_that_cannot_be_made_leaves_nothing_to_take_back(tmp_path, monkeypatch):
    stopping = Stopping()
    monkeypatch.setattr(
        local, "STOPPING", stopping
    )  # this process has more to take back: workers that wait for the next run
    with pytest.raises(OSError, match="too long"):
        store_of(str(tmp_path)).create(str(tmp_path / ("x" * 300)))
    assert not stopping.is_needed
