"""A file that is written only where nothing is: of several that try, one succeeds, in every store."""

import builtins
import errno
import os
import stat
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from pyarrow import fs

from beam_deid.transforms.errors import UsageError
from beam_deid.transforms.storage import connecting
from beam_deid.transforms.storage.files import store_of
from beam_deid.transforms.storage.object_store import ObjectStore
from beam_deid.transforms.storage.paths import is_unfinished, unfinished
from beam_deid.transforms.storage.s3 import S3Store

posix = pytest.mark.skipif(os.name != "posix", reason="rights are those of POSIX")
MANY = 8


def all_at_once(path):
    """What becomes of many writers that start together: how many succeeded, and which one the file is by."""
    start = threading.Barrier(MANY)
    store = store_of(path)

    def write(number):
        start.wait()
        try:
            store.create_once(path, f"writer {number} ".encode() * 1000)
        except FileExistsError:
            return None
        return number

    with ThreadPoolExecutor(MANY) as pool:
        return [number for number in pool.map(write, range(MANY)) if number is not None]


@pytest.fixture
def shelf(tmp_path, monkeypatch):
    """A store that Arrow knows no condition for, over a folder of this machine."""
    (tmp_path / "shelf").mkdir()
    shelves = fs.SubTreeFileSystem(str(tmp_path), fs.LocalFileSystem())
    monkeypatch.setitem(connecting.SCHEMES, "shelf", lambda bucket, options: (shelves, bucket))
    connecting._connected.cache_clear()
    yield ObjectStore("shelf://shelf/"), tmp_path / "shelf"
    connecting._connected.cache_clear()


@posix
def test_a_local_file_is_whole_and_private_and_nothing_is_left_beside_it(tmp_path):
    path = tmp_path / "new" / "one"
    store_of(str(path)).create_once(str(path), b"first")
    assert (path.read_bytes(), stat.S_IMODE(path.stat().st_mode)) == (b"first", 0o600)
    assert [one.name for one in path.parent.iterdir()] == ["one"]


def test_a_local_file_that_is_there_stays(tmp_path):
    path = tmp_path / "one"
    path.write_bytes(b"first")
    with pytest.raises(FileExistsError):
        store_of(str(path)).create_once(str(path), b"second")
    assert path.read_bytes() == b"first"
    assert [one.name for one in tmp_path.iterdir()] == ["one"]


@posix
def test_a_link_that_leads_nowhere_is_in_the_way_as_well(tmp_path):
    path = tmp_path / "one"
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(FileExistsError):
        store_of(str(path)).create_once(str(path), b"mine")
    assert not (tmp_path / "elsewhere").exists()


def test_of_many_local_writers_one_succeeds(tmp_path):
    path = tmp_path / "one"
    (number,) = all_at_once(str(path))
    assert path.read_bytes() == f"writer {number} ".encode() * 1000
    assert [one.name for one in tmp_path.iterdir()] == ["one"]


def test_a_filesystem_without_second_names_is_looked_at_first(tmp_path, monkeypatch):
    def refuse(*arguments, **more):
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(os, "link", refuse)  # as a memory card's driver does
    path = tmp_path / "one"
    store_of(str(path)).create_once(str(path), b"first")
    with pytest.raises(FileExistsError):
        store_of(str(path)).create_once(str(path), b"second")
    assert path.read_bytes() == b"first"
    assert [one.name for one in tmp_path.iterdir()] == ["one"]


def test_a_store_without_conditions_is_looked_at_first(shelf):
    store, folder = shelf
    store.create_once("shelf://shelf/a/one", b"first")
    with pytest.raises(FileExistsError):
        store.create_once("shelf://shelf/a/one", b"second")
    assert [(one.name, one.read_bytes()) for one in (folder / "a").iterdir()] == [("one", b"first")]


def test_an_object_is_written_where_none_is(bucket):
    path = f"{bucket.uri}/a/one"
    store_of(path).create_once(path, b"first")
    with pytest.raises(FileExistsError):
        store_of(path).create_once(path, b"second")
    assert bucket.get("a/one") == b"first"
    assert len(bucket.versions()) == 1


def test_of_many_writers_of_an_object_one_succeeds(bucket):
    (number,) = all_at_once(f"{bucket.uri}/a/one")
    assert bucket.get("a/one") == f"writer {number} ".encode() * 1000
    assert len(bucket.versions()) == 1


def test_whoever_looked_before_another_wrote_is_refused_by_the_store(bucket, s3):
    path = f"{bucket.uri}/a/one"
    late = threading.Event()

    def listen(request):
        if request.puts("a/one") and not late.is_set():
            late.set()
            bucket.put("a/one", b"first")

    s3.hear(listen)
    with pytest.raises(FileExistsError):
        store_of(path).create_once(path, b"second")
    assert late.is_set()
    assert bucket.get("a/one") == b"first"


def test_a_store_that_is_asked_twice_at_once_is_asked_again(bucket, s3):
    path = f"{bucket.uri}/a/one"
    asked = []

    def listen(request):
        if request.puts("a/one"):
            asked.append(request)
            return "ConditionalRequestConflict" if len(asked) == 1 else None
        return None

    s3.hear(listen)
    store_of(path).create_once(path, b"mine")
    assert (bucket.get("a/one"), len(asked)) == (b"mine", 2)


def test_a_store_that_knows_no_condition_is_written_to_after_a_look(bucket, s3):
    path = f"{bucket.uri}/a/one"
    asked = []

    def listen(request):
        if request.puts("a/one"):
            asked.append(request)
            return "NotImplemented" if len(asked) == 1 else None
        return None

    s3.hear(listen)
    store_of(path).create_once(path, b"mine")
    with pytest.raises(FileExistsError):
        store_of(path).create_once(path, b"second")
    assert bucket.get("a/one") == b"mine"


def test_an_object_that_may_not_be_written_is_forbidden_and_not_there(bucket, s3):
    path = f"{bucket.uri}/a/one"
    s3.hear(lambda request: "AccessDenied" if request.puts("a/one") else None)
    with pytest.raises(PermissionError):
        store_of(path).create_once(path, b"mine")
    assert bucket.keys() == []


def test_purged_files_leave_no_version_and_others_stay(bucket):
    paths = [f"{bucket.uri}/{key}" for key in ("a/one", "a/two", "b/three")]
    for key in ("a/one", "a/two", "a/one-more", "a/one/below", "b/three"):
        bucket.put(key, b"old")
        bucket.put(key, b"new")
    bucket.hide("a/two")
    bucket.begin_upload("a/one")
    bucket.begin_upload("a/one-more")
    store_of(bucket.uri).purge_files(paths)
    assert sorted({key for key, _, _ in bucket.versions()}) == ["a/one-more", "a/one/below"]
    assert (bucket.markers(), bucket.uploads()) == ([], ["a/one-more"])


def test_files_are_removed_as_everybody_does_where_versions_may_not_be_seen(bucket, s3):
    bucket.put("a/one", b"old")
    s3.hear(lambda request: "AccessDenied" if request.method == "GET" and "versions" in request.query else None)
    store_of(bucket.uri).purge_files([f"{bucket.uri}/a/one"])
    s3.hear(None)
    assert (bucket.keys(), bucket.markers()) == ([], ["a/one"])


@posix
def test_a_private_folder_is_its_owners_alone_and_those_above_it_are_as_any(tmp_path):
    os.chmod(tmp_path, 0o755)
    made = tmp_path / "above" / "made"
    opened = tmp_path / "opened"
    opened.mkdir(mode=0o775)
    for folder in (made, opened):
        store_of(str(folder)).make_private(str(folder))
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(made.parent.stat().st_mode) == 0o777 & ~_mask()


def _mask():
    mask = os.umask(0)
    os.umask(mask)
    return mask


def test_only_an_empty_folder_is_dropped(tmp_path):
    full = tmp_path / "full"
    empty = tmp_path / "empty"
    for folder in (full, empty):
        folder.mkdir()
    (full / "one").touch()
    for folder in (full, empty, tmp_path / "missing"):
        store_of(str(folder)).drop_empty(str(folder))
    assert [one.name for one in tmp_path.iterdir()] == ["full"]


def test_names_of_what_is_being_written_are_told_from_others():
    assert is_unfinished(unfinished("revision-000001.json"))
    for name in ("revision-000001.json", ".hidden", ".a.0123", "a.0123456789abcdef"):
        assert not is_unfinished(name)


def test_writing_once_to_s3_says_that_it_needs_boto3(bucket, monkeypatch):
    real = builtins.__import__

    def without(name, *rest, **more):
        if name == "boto3":
            raise ImportError(name)
        return real(name, *rest, **more)

    path = f"{bucket.uri}/a/one"
    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(UsageError, match="boto3"):
        S3Store(path).create_once(path, b"mine")
