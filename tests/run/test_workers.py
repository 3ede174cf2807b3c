"""Tasks of a run, in this process and in others: results in order, and no exception that quotes data."""

import os
import pickle
import sys
import types
from importlib.machinery import ModuleSpec

import pytest

from beam_deid.transforms.errors import InternalFault, UsageError
from beam_deid.transforms.run import workers
from beam_deid.transforms.run.workers import Shared, Tasks, close, guarded, processes


def refuse() -> None:
    raise UsageError("a message of ours", "here")


def quote() -> None:
    raise ValueError("13800000000")


def test_with_one_worker_tasks_run_here_in_turn():
    tasks = Tasks(1, "a test")
    assert [one for number in range(5) for one in tasks.submit(pow, number, 2)] == [0, 1, 4, 9, 16]
    assert list(tasks.rest()) == []
    assert list(tasks.submit(os.getpid)) == [os.getpid()]


def test_our_errors_pass_and_others_lose_their_text():
    with pytest.raises(UsageError, match="a message of ours"):
        guarded("a test", refuse)
    with pytest.raises(InternalFault, match="ValueError") as raised:
        guarded("a test", quote)
    assert "138" not in str(raised.value)


def dying(tasks: Tasks) -> None:
    for code in range(1, 50):
        list(tasks.submit(os._exit, code))
    list(tasks.rest())


@pytest.mark.slow("starts a process that imports the package, and kills it")
def test_a_worker_that_dies_ends_the_run_with_an_answer():
    try:
        with pytest.raises(InternalFault, match=r"a worker process (died|was killed)"):
            dying(Tasks(2, "a test"))
    finally:
        close()


def told(shared: Shared[list[str]]) -> tuple[str, int]:
    """What a task was told, and which object that is."""
    return shared.value[0], id(shared.value)


def test_what_tasks_are_told_is_one_object_in_a_process_and_no_other_steps():
    first = Shared(["first"])
    second = Shared(["second"])
    assert told(first) == ("first", id(first.value))
    sent = [pickle.loads(pickle.dumps(one)) for one in (first, first, second, first)]
    assert [one.value[0] for one in sent] == ["first", "first", "second", "first"]
    assert sent[0] is sent[1]
    assert sent[0].value is not first.value


@pytest.mark.slow("starts two processes that import the package")
def test_two_steps_and_two_runs_in_the_same_processes_are_told_their_own():
    try:
        for _ in range(2):
            first = Shared(["first"])
            second = Shared(["second"])
            tasks = Tasks(2, "a test")
            found = [one for shared in (first, second, first, second) for one in tasks.submit(told, shared)]
            found += tasks.rest()
            assert [word for word, _ in found] == ["first", "second", "first", "second"]
    finally:
        close()


def module(file: str | None, name: str | None) -> types.ModuleType:
    """A main module of a file, or of a name."""
    made = types.ModuleType("__main__")
    made.__spec__ = None if name is None else ModuleSpec(name, None)
    if file is not None:
        made.__file__ = file
    return made


@pytest.mark.parametrize(
    ("main", "many"),
    [
        (module("pipeline.py", None), False),
        (module("__main__.py", "somebody.pipeline"), False),
        (module("worker.py", "apache_beam.runners.worker.sdk_worker_main"), True),
        (module(None, None), True),
    ],
    ids=["a script", "somebody's module", "a worker of Beam's", "no file"],
)
def test_processes_are_started_only_where_that_runs_no_script_again(monkeypatch, main, many):
    monkeypatch.setattr(workers, "cores", lambda: 7)
    monkeypatch.setitem(sys.modules, "__main__", main)
    with processes(None) as found:
        assert found == (7 if many else 1)
    with processes(3) as found:
        assert found == 3


@pytest.mark.slow("starts processes that import the package")
def test_processes_that_nobody_asked_for_are_ended_with_their_block(monkeypatch):
    monkeypatch.setattr(workers, "cores", lambda: 2)
    monkeypatch.setitem(sys.modules, "__main__", module(None, None))
    with processes(None) as found:
        tasks = Tasks(found, "a test")
        (pid,) = [*tasks.submit(os.getpid), *tasks.rest()]
        os.kill(pid, 0)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
