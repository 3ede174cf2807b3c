"""How far a command is: steps in their order, counted in this process and in others, and moving while a task is under way."""

import threading
import time

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from beam_deid.pipelines.cli import call
from beam_deid.transforms.run.progress import PROGRESS, Progress, Unit
from beam_deid.transforms.run.stages import Stages
from beam_deid.transforms.run.workers import Tasks, close

STEPS = ("measuring", "deciding", "releasing")


def test_a_step_counts_rows_and_knows_its_place():
    progress = Progress()
    progress.plan(STEPS, rows=200)
    assert (progress.now().step, progress.now().number) == ("starting", 0)
    progress.start("measuring", reads=True)
    progress.add(50)
    now = progress.now()
    assert (now.step, now.number, now.steps, now.done, now.total, now.share) == ("measuring", 1, 3, 50, 200, 0.25)
    progress.start("measuring", reads=True)  # as each bundle of an engine does
    progress.add(50)
    assert progress.now().done == 100
    progress.start("releasing", reads=True)
    assert (progress.now().number, progress.now().done, progress.now().total) == (3, 0, 200)
    progress.start("deciding")
    assert progress.now().total is None  # no row of the input is read in it


def test_rows_that_are_known_only_when_they_were_read_count_from_then_on():
    progress = Progress()
    progress.plan(STEPS)
    progress.start("measuring", reads=True)
    progress.add(10)
    assert (progress.now().total, progress.now().share) == (None, None)
    progress.know_rows(40)
    progress.start("releasing", reads=True)
    progress.add(10)
    assert progress.now().share == 0.25


def test_where_rows_are_not_known_the_pieces_of_the_input_tell_the_share():
    progress = Progress()
    progress.plan(STEPS, shards=4)
    progress.start("measuring", reads=True)
    assert progress.now().share is None
    progress.add_shard()
    assert progress.now().share == 0.25
    progress.plan(STEPS, shards=1)
    progress.start("measuring", reads=True)
    progress.add_shard()
    assert progress.now().share is None


def test_what_is_done_within_a_step_is_told_until_it_is_done():
    progress = Progress()
    progress.plan(STEPS)
    progress.start("deciding")

    @progress.doing("suppressing groups")
    def suppress() -> str:
        progress.count(8)
        progress.add(2)
        return progress.now().doing

    with progress.doing("searching levels"):
        assert suppress() == "suppressing groups"
        assert progress.now().doing == "searching levels"
    assert progress.now().doing == ""
    with pytest.raises(ValueError, match="x"), progress.doing("searching levels"):
        raise ValueError("x")
    assert progress.now().doing == ""


class Counts:
    """Looks at the progress while each bucket is worked on."""

    def run(self, bucket, out):
        now = PROGRESS.now()
        return (now.unit, now.done, now.total, now.share)


def test_stages_count_their_buckets():
    PROGRESS.plan(("deciding",))
    PROGRESS.start("deciding")
    seen, _ = Stages(4).run(Counts())
    assert seen == [(Unit.BUCKETS, done, 4, done / 4) for done in range(4)]


def slowly(rows: int) -> None:
    PROGRESS.add(rows)
    time.sleep(1.5)
    PROGRESS.add(rows)


def test_what_other_processes_count_is_seen_while_they_work():
    PROGRESS.plan(("measuring",), rows=40)
    PROGRESS.start("measuring", reads=True)
    seen = set()
    done = threading.Event()

    def watch() -> None:
        while not done.wait(0.05):
            seen.add(PROGRESS.now().done)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        tasks = Tasks(2, "a test")
        for _ in range(2):
            list(tasks.submit(slowly, 10))
        list(tasks.rest())
    finally:
        done.set()
        watcher.join()
        close()
    assert PROGRESS.now().done == 40
    assert seen & {10, 20, 30}
    PROGRESS.start("deciding")
    assert PROGRESS.now().done == 0


POLICY = """\
version: 1
dataset: shop
subject: each_record
fields:
  city: {role: quasi_identifier}
releases:
  out: {purpose: test, sharing: controlled, fields: {city: keep}}
"""


def test_a_run_goes_through_its_steps_in_their_order(tmp_path, monkeypatch):
    """A file of one row group moves as well, for it is read in batches."""
    begun = []
    monkeypatch.setattr(PROGRESS, "start", _noting(begun, PROGRESS.start))
    moved = []
    monkeypatch.setattr(PROGRESS, "add", _noting(moved, PROGRESS.add))
    pq.write_table(pa.table({"city": ["A", "B"] * 100_000}), tmp_path / "in.parquet")
    (tmp_path / "policy.yaml").write_text(POLICY)
    arguments = ["run", str(tmp_path / "policy.yaml"), "-i", str(tmp_path / "in.parquet"), "-o", str(tmp_path / "out")]
    assert call([*arguments, "--workers", "1"]) == 0
    from beam_deid.transforms.beam.run import STEPS as OF_A_RUN

    places = [OF_A_RUN.index(step) for step in dict.fromkeys(begun)]
    assert places == sorted(places)
    assert {"measuring", "deciding", "releasing", "proving", "publishing"} <= set(begun)
    assert moved[:2] != [200_000]
    assert sum(moved) >= 200_000


def _noting(noted, then):
    def note(first, *more, **named):
        noted.append(first)
        return then(first, *more, **named)

    return note
