"""Engines try again: an attempt may come late, come twice or die in the middle, and what is published stays the same."""

import contextlib
import json
import tempfile
from pathlib import Path

import pyarrow as pa
import pytest

from beam_deid.pipelines.cli import call
from beam_deid.transforms.beam import parts_sink
from beam_deid.transforms.beam import run as job
from beam_deid.transforms.errors import OutputError
from beam_deid.transforms.release import cutting
from beam_deid.transforms.release.pieces import Pieces, piece_path
from beam_deid.transforms.run import workers
from beam_deid.transforms.storage.files import read_all, store_of, write_all
from beam_deid.transforms.storage.paths import MARK, is_local, join, name_of
from beam_deid.transforms.storage.sweeping import OUTCOME
from beam_deid.transforms.treat.part import Part

from ..kit.keys import KEY
from ..kit.sampling import quick_for
from ..kit.two_releases import DIRECT, MIXED, MORE, fill, published, upload

PLACES = ["on a disk", "in a bucket", "in a bucket, with its staging"]
PARTS = 7
EMPTY = 2
"""The parts of the mixed release, and how many of them no group falls into."""


class Place:
    """A run's input and output, on a disk or in a bucket.

    Attributes:
        out: The output.
    """

    def __init__(self, folder, bucket):
        self._folder = folder
        self._bucket = bucket
        self._policy = fill(folder / "here")
        if bucket is not None:
            upload(bucket)
        self._source = str(folder / "here" / "in") if bucket is None else f"{bucket.uri}/in"
        self.out = str(folder / "out") if bucket is None else f"{bucket.uri}/out"

    def run(self, *options):
        return call(["run", str(self._policy), "-i", self._source, "-o", self.out, "--workers", "1", *MORE, *options])

    def published(self):
        return published(Path(self.out) if self._bucket is None else self._bucket)

    def is_empty(self):
        return not Path(self.out).exists() if self._bucket is None else self._bucket.keys("out/") == []

    def begin_uploads(self, staging, *_):
        """What workers that were killed leave in a bucket, where they wrote into it."""
        if self._bucket is not None and not is_local(staging.path):
            for name in ("parts/crm/part-00000.parquet.0", "pieces/report/00000-0.arrow"):
                self._bucket.begin_upload(f"out/{name_of(staging.path)}/{name}")

    def left(self):
        """What is left of runs: on the disk, in any version of an object, and in uploads that nobody finished."""
        found = [str(path) for path in self._folder.rglob("*") if MARK in path.name]
        if self._bucket is not None:
            found += [key for key, _, _ in self._bucket.versions() if MARK in key] + self._bucket.uploads()
        return found


@pytest.fixture(autouse=True)
def _small(tmp_path, monkeypatch):
    """A mixed release has several parts, and what a run keeps on this machine is in the test's own folder."""
    monkeypatch.setattr(cutting, "SHARD_ROWS", 300)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


@pytest.fixture(params=quick_for(PLACES, 1))
def place(request, tmp_path, monkeypatch):
    """Each place."""
    return made_place(request, tmp_path, monkeypatch)


@pytest.fixture(params=quick_for([PLACES[0], PLACES[2]], 1))
def staging_place(request, tmp_path, monkeypatch):
    """Each place that workers may write into: where the output is makes no difference to them."""
    return made_place(request, tmp_path, monkeypatch)


def made_place(request, folder, monkeypatch):
    if request.param == PLACES[2]:  # as for workers on other machines
        monkeypatch.setattr(job, "is_here", lambda *_: False)
        monkeypatch.setattr(job, "check_reach", lambda *_: None)
    return Place(folder, None if request.param == PLACES[0] else request.getfixturevalue("bucket"))


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """What a run publishes that nothing happens to."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BEAM_DEID_KEY", KEY)
        patch.setattr(cutting, "SHARD_ROWS", 300)
        made = Place(tmp_path_factory.mktemp("undisturbed"), None)
        assert made.run() == 0
    told = made.published()
    assert len([path for path in told if path.startswith(f"{MIXED}/part-")]) == PARTS
    assert len([path for path in told if path.startswith(f"{DIRECT}/part-")]) == 3
    return told


def assert_same(place, undisturbed):
    assert place.published() == undisturbed
    assert place.left() == []
    assert call(["verify", place.out]) == 0


def attempts(monkeypatch, attempt):
    """Let a function carry out every task of the second read, given what does it; returns all tasks that were asked for."""
    asked = []
    guarded = workers.guarded

    def tried(where, task, *arguments):
        def once():
            return guarded(where, task, *arguments)

        if where != "releasing":
            return once()
        asked.append(once)
        return attempt(once)

    monkeypatch.setattr(workers, "guarded", tried)
    return asked


def before(monkeypatch, module, name, act):
    """Do something before a step of a run."""
    step = getattr(module, name)

    def acted(*arguments):
        act(*arguments)
        return step(*arguments)

    monkeypatch.setattr(module, name, acted)


def test_every_bundle_done_three_times_by_the_engine_publishes_the_same(place, undisturbed):
    assert place.run("--", "--direct_runner_bundle_repeat=2") == 0
    assert_same(place, undisturbed)


@pytest.mark.parametrize("counts", [0, 1], ids=["the first counts", "the second counts"])
def test_every_task_done_twice_publishes_the_same(counts, staging_place, undisturbed, monkeypatch):
    asked = attempts(monkeypatch, lambda once: [once(), once()][counts])
    assert staging_place.run() == 0
    assert len(asked) == 3 + PARTS
    assert_same(staging_place, undisturbed)


@pytest.mark.parametrize(
    ("module", "step"),
    [(parts_sink, "conclude"), (job, "publish"), (job.RunKeys, "discard")],
    ids=["before the proof", "before publication", "after publication"],
)
def test_attempts_that_come_late_publish_the_same(module, step, staging_place, undisturbed, monkeypatch):
    asked = attempts(monkeypatch, lambda once: once())
    late = []

    def again(*_):
        late.extend(once() for once in list(asked))

    before(monkeypatch, module, step, again)
    assert staging_place.run() == 0
    assert len(late) == 3 + PARTS
    assert_same(staging_place, undisturbed)


def test_a_shard_released_again_while_parts_are_put_together_publishes_the_same(
    staging_place, undisturbed, monkeypatch
):
    asked = []

    def attempt(once):
        if len(asked) > 3:  # three shards, then the parts
            asked[len(asked) % 3]()
        return once()

    asked = attempts(monkeypatch, attempt)
    assert staging_place.run() == 0
    assert_same(staging_place, undisturbed)


def test_an_attempt_that_comes_when_all_is_over_changes_nothing_and_is_swept_by_the_next_command(
    request, place, undisturbed, monkeypatch
):
    asked = attempts(monkeypatch, lambda once: once())
    assert place.run() == 0
    with contextlib.suppress(Exception):  # the parts' pieces are gone
        for once in asked:
            once()
    is_in_store = request.node.callspec.params["place"] == PLACES[2]
    assert bool(place.left()) is is_in_store  # a folder that is gone is not made again; a store knows no folders
    assert place.published() == undisturbed
    assert call(["verify", place.out]) == 0
    assert_same(place, undisturbed)


class Died(BaseException):
    """The end of a worker process."""


@pytest.mark.parametrize(
    ("late", "closes"),
    [(False, False), (False, True), (True, True)],
    ids=[
        "the first, its files stay open",
        "the first, its files are closed as they are",
        "a late one after the one that counts",
    ],
)
def test_an_attempt_that_dies_in_the_middle_publishes_the_same(late, closes, staging_place, undisturbed, monkeypatch):
    dying = []
    deaths = []
    open_still = []

    def dies(step, ends):
        def done(self, *arguments):
            if not dying:
                return step(self, *arguments)
            if ends and not closes:
                open_still.append(lambda: step(self))  # nobody is there any more to close anything
                return None
            step(self, *arguments)
            if not ends:
                raise Died
            return None

        return done

    for kind, step, ends in (
        (Part, "write", False),
        (Pieces, "write", False),
        (Part, "close", True),
        (Pieces, "close", True),
    ):
        monkeypatch.setattr(kind, step, dies(getattr(kind, step), ends))

    def attempt(once):
        counts = once() if late else None
        dying.append(True)
        try:
            once()
        except Died:
            deaths.append(True)
        finally:
            dying.clear()
        return counts or once()

    attempts(monkeypatch, attempt)
    before(monkeypatch, job, "publish", staging_place.begin_uploads)
    try:
        assert staging_place.run() == 0
        assert len(deaths) == 3 + PARTS - EMPTY
        assert_same(staging_place, undisturbed)
    finally:  # not left to the collector, in which a stream would wait for the server, and the server for it
        for close in open_still:
            with contextlib.suppress(OutputError):
                close()


def truncated(path):
    data = read_all(path)
    replace(path, data[: len(data) // 2])


def emptied(path):
    replace(path, b"")


def changed(path):
    data = read_all(path)
    replace(path, data[:-1] + bytes([data[-1] ^ 1]))


def removed(path):
    store_of(path).delete([path])


def replace(path, data):
    removed(path)
    write_all(path, data)


def counting(staging, name):
    """The file that counts of a part, or of the rejects, as the last worker told the driver."""
    outcome = json.loads(read_all(join(staging, OUTCOME)))
    every = [part for release in outcome["releases"].values() for part in release["parts"]] + outcome["rejected"]
    return next(join(staging, one["source"]) for one in every if one["target"] == name)


@pytest.mark.parametrize(
    ("name", "spoil"),
    [
        (f"{DIRECT}/part-00001.parquet", truncated),
        ("rejected.parquet", emptied),
        (f"{MIXED}/part-00000.parquet", changed),
        (f"{DIRECT}/part-00002.parquet", removed),
    ],
)
def test_a_file_torn_before_publication_stops_it_and_is_named(name, spoil, place, monkeypatch, capsys):
    torn = []

    def tear(staging, *_):
        torn.append(counting(staging.path, name))
        spoil(torn[0])

    before(monkeypatch, job, "publish", tear)
    assert place.run() == 1
    said = capsys.readouterr().err
    assert name_of(torn[0]) in said
    assert ("is missing" if spoil is removed else "is not what was written") in said
    assert place.is_empty()
    assert place.left() == []


def test_a_torn_file_leaves_an_earlier_output_as_it_was(place, monkeypatch):
    assert place.run() == 0
    earlier = place.published()
    before(
        monkeypatch,
        job,
        "publish",
        lambda staging, *_: truncated(counting(staging.path, f"{MIXED}/part-00003.parquet")),
    )
    assert place.run("--overwrite") == 1
    assert_same(place, earlier)


def piece_of_second_shard(told, release, lot):
    """The file of pieces of the second shard, as whoever assembles a lot will look for it."""
    return piece_path(told.value.staging, release, 1, told.value.attempts[release][1])


def test_a_piece_that_lost_rows_stops_the_run(staging_place, monkeypatch, capsys):
    guarded = workers.guarded

    def shorten(where, task, *arguments):
        if task.__name__ == "assemble":
            path = piece_of_second_shard(*arguments)
            with pa.ipc.open_file(read_all(path)) as stream:
                sink = pa.BufferOutputStream()
                pa.ipc.new_file(sink, stream.schema).close()
            replace(path, sink.getvalue().to_pybytes())
        return guarded(where, task, *arguments)

    monkeypatch.setattr(workers, "guarded", shorten)
    assert staging_place.run() == 1
    assert MIXED in capsys.readouterr().err
    assert staging_place.is_empty()
    assert staging_place.left() == []


@pytest.mark.parametrize("spoil", [truncated, removed])
def test_a_piece_torn_before_its_part_is_put_together_stops_the_run_and_is_named(
    spoil, staging_place, monkeypatch, capsys
):
    torn = []
    guarded = workers.guarded

    def tear(where, task, *arguments):
        if task.__name__ == "assemble" and not torn:
            torn.append(piece_of_second_shard(*arguments))
            spoil(torn[0])
        return guarded(where, task, *arguments)

    monkeypatch.setattr(workers, "guarded", tear)
    assert staging_place.run() == 1
    assert name_of(torn[0]) in capsys.readouterr().err
    assert staging_place.is_empty()
    assert staging_place.left() == []
