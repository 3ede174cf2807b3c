"""The register in a bucket that keeps versions: as on a disk, and nothing is left of what goes."""

import hashlib
import os
import signal
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from beam_deid.transforms.errors import OutputError, UsageError
from beam_deid.transforms.register.document import FORMAT
from beam_deid.transforms.register.folder import hold, read, table_path
from beam_deid.transforms.storage.files import read_all

from ..kit.processes import python
from ..kit.s3.bucket import MARK, assert_nothing_hidden
from .kit import document, register, staged, without

HOLDER = "import sys; from tests.register.holder import main; main(*sys.argv[1:])"


@pytest.fixture
def place(bucket):
    return f"{bucket.uri}/shop.register"


@pytest.fixture
def full(place, tmp_path):
    with hold(place) as held:
        for number in range(1, 6):
            register(held, tmp_path, f"a.{number}")
    return place


def assert_whole(bucket, place, names):
    """The newest revision says these releases, its tables are what it says, and no version of anything else is left."""
    found = read(place)
    assert [one.name for one in found.releases] == names
    for one in found.releases:
        assert hashlib.sha256(read_all(table_path(place, one.table.file))).hexdigest() == one.table.sha256
    assert_nothing_hidden(bucket)
    revisions = [f"revision-{number:06d}.json" for number in range(max(1, found.revision - 2), found.revision + 1)]
    wanted = sorted(f"shop.register/{name}" for name in [*revisions, *(f"tables/{file}" for file in found.files)])
    assert bucket.keys() == wanted
    assert [key for key, _, _ in bucket.versions()] == wanted
    assert (bucket.markers(), bucket.uploads()) == ([], [])


def test_what_was_saved_is_read_and_of_what_goes_no_version_is_left(bucket, place, tmp_path):
    assert read(place) is None
    with hold(place) as held:
        assert held.document is None
        for number in range(1, 6):
            saved = register(held, tmp_path, f"a.{number}")
        assert read(place) == held.document == saved
    assert_whole(bucket, place, [f"a.{number}" for number in range(1, 6)])
    with hold(place) as held:
        fewer = held.save(without(saved, "a.2"))
    assert len(bucket.versions("shop.register/tables")) == len(fewer.files) == 4


def test_a_register_in_which_nothing_was_saved_leaves_nothing(bucket, place, tmp_path):
    source, digest = staged(tmp_path, "a")
    with hold(place) as held:
        held.add(source, "a", digest)
        assert read(place) is None
    assert (bucket.versions(), bucket.markers()) == ([], [])


def test_a_table_that_waits_in_the_bucket_is_copied_there(bucket, place, tmp_path):
    path, digest = staged(tmp_path, "a")
    with open(path, "rb") as stream:
        source = bucket.put("staging/a", stream.read())
    with hold(place) as held:
        file = held.add(source, "a", digest)
        assert hashlib.sha256(bucket.get(f"shop.register/tables/{file}")).hexdigest() == digest
        with pytest.raises(OutputError, match="is not what was written"):
            held.add(source, "a", "0" * 64)


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "was not written to its end"),
        (b"{}", "this is no revision"),
        (f'{{"format": {FORMAT + 1}}}'.encode(), "by a newer beam-deid"),
        (b'{"format": 1}', "changed by hand"),
    ],
)
def test_what_is_damaged_is_told(bucket, full, data, told):
    bucket.put("shop.register/revision-000006.json", data)
    before = bucket.keys()
    for call in (read, hold):
        with pytest.raises(UsageError, match=told):
            call(full)
    assert bucket.keys() == before


def test_missing_revisions_are_told(bucket, full):
    bucket.hide("shop.register/revision-000005.json")
    with pytest.raises(UsageError, match="revision 5 is missing"):
        hold(full)
    for number in (3, 4):
        bucket.hide(f"shop.register/revision-00000{number}.json")
    with pytest.raises(UsageError, match="its revisions are missing"):
        hold(full)
    assert len(bucket.keys("shop.register/tables")) == 5


def test_a_table_that_was_hidden_by_mistake_keeps_its_versions(bucket, full):
    file = sorted(read(full).files)[0]
    bucket.hide(f"shop.register/tables/{file}")
    hold(full).close()
    assert [key for key, _, _ in bucket.versions(f"shop.register/tables/{file}")] == [f"shop.register/tables/{file}"]


@pytest.mark.parametrize("forbidden", ["revision-000005.json", "list-type=2"])
def test_what_may_not_be_read_is_told(bucket, full, s3, forbidden):
    s3.hear(lambda one: "AccessDenied" if one.method != "PUT" and forbidden in f"{one.key}?{one.query}" else None)
    with pytest.raises(UsageError, match=r"cannot be read \(ACCESS_DENIED\)\. Check the rights of the credentials"):
        read(full)


def test_where_nothing_can_be_written_it_is_told(bucket, place, s3):
    s3.hear(lambda request: "AccessDenied" if request.method == "PUT" else None)
    with pytest.raises(UsageError, match="cannot write here"):
        hold(place)


def test_a_revision_that_another_wrote_meanwhile_is_not_written_over(bucket, full, s3, tmp_path):
    theirs = bucket.get("shop.register/revision-000005.json")

    came = threading.Event()

    def listen(request):
        if request.puts("revision-000006.json") and not came.is_set():
            came.set()
            bucket.put("shop.register/revision-000006.json", theirs)

    with hold(full) as held:
        s3.hear(listen)
        with pytest.raises(OutputError, match=r"another run registered revision 6 meanwhile\. Run again"):
            register(held, tmp_path, "b.1")
    s3.hear(None)
    assert bucket.get("shop.register/revision-000006.json") == theirs
    assert len(bucket.versions("shop.register/revision-000006.json")) == 1
    assert len(bucket.versions("shop.register/tables")) == 5


def test_one_at_a_time_holds_it_and_is_told_who(full):
    with (
        hold(full),
        pytest.raises(UsageError, match=rf"is using this register \(host .*, process {os.getpid()}, since"),
    ):
        hold(full)


def test_many_threads_that_try_until_they_hold_it_lose_nothing(bucket, place, tmp_path):
    def work(number):
        while True:
            try:
                with hold(place) as held:
                    return register(held, tmp_path, f"thread.{number}").revision
            except UsageError:
                threading.Event().wait(0.05)

    with ThreadPoolExecutor(3) as pool:
        assert sorted(pool.map(work, range(3))) == [1, 2, 3]
    assert_whole(bucket, place, [one.name for one in read(place).releases])


class Strike:
    """A ``kill -9`` for a process, dealt before the server does the n-th thing that it is asked to change."""

    def __init__(self, number):
        self.left = number
        self.process = None
        self.dealt = False
        self._lock = threading.Lock()
        self._ready = threading.Event()

    def falls_on(self, process):
        self.process = process
        self._ready.set()

    def __call__(self, request):
        self._ready.wait()
        with self._lock:
            if not self.dealt and request.writes:
                self.left -= 1
                if self.left == 0:
                    os.killpg(self.process.pid, signal.SIGKILL)
                    self.dealt = True
        return "AccessDenied" if self.dealt else None


@pytest.mark.slow("kills a process at each request that changes a bucket")
@pytest.mark.parametrize("is_new", [True, False], ids=["a new register", "one that is there"])
def test_a_register_is_whole_whenever_its_writer_was_killed(bucket, place, s3, tmp_path, is_new):
    number = 0
    seen = []
    while True:
        number += 1
        bucket.clear()
        first = 0
        if not is_new:
            with hold(place) as held:
                for _ in range(3):
                    held.save(held.document or document())
                first = register(held, tmp_path, "a.1").revision
        strike = Strike(number)
        s3.hear(strike)
        process = python(HOLDER, place, str(tmp_path))
        strike.falls_on(process)
        said, _ = process.communicate("b.1\nclose\n", timeout=60)
        s3.hear(None)
        found = read(place)
        revision = found.revision if found else 0
        assert revision == first + 1 or (revision == first and f"saved {first + 1}" not in said)
        seen.append(revision)
        with hold(place) as held:
            assert held.document == found
        if found:
            assert_whole(bucket, place, [one.name for one in found.releases])
        else:
            assert (bucket.versions(), bucket.markers(), bucket.uploads()) == ([], [], [])
        if not strike.dealt:
            assert process.returncode == 0
            break
    assert set(seen) == {first, first + 1}
    assert number > 6


def test_what_a_killed_process_left_is_swept_with_versions_and_uploads(bucket, full):
    dead = python(HOLDER, full, "/nowhere")
    assert dead.stdout.readline().strip() == "held 5"
    dead.kill()
    dead.communicate()
    assert MARK in bucket.keys()[0]
    stray = "shop.register/tables/x-000005-0123456789abcdef.parquet"
    bucket.put(stray, b"old")
    bucket.put(stray, b"new")
    bucket.hide(stray)
    bucket.begin_upload("shop.register/tables/y-000004-0123456789abcdef.parquet")
    bucket.put("shop.register/revision-000001.json", b"old")
    bucket.hide("shop.register/revision-000001.json")
    hold(full).close()
    assert_whole(bucket, full, [f"a.{number}" for number in range(1, 6)])
