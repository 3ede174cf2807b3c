"""Tasks of a run, in this process and in others: results in order, and no exception that quotes data."""

import os

import pytest

from beam_deid.transforms.errors import InternalFault, UsageError
from beam_deid.transforms.run.workers import Tasks, close, guarded


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
        with pytest.raises(InternalFault, match="a worker process died"):
            dying(Tasks(2, "a test"))
    finally:
        close()
