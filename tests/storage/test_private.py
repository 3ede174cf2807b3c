import contextlib
import os
import socket
import subprocess
import sys

import pytest

from beam_deid.transforms.storage.locks import lock, open_lock
from beam_deid.transforms.storage.private import (
    Unfit,
    is_at,
    is_ours,
    make,
    open_change,
    open_kept,
    open_read,
    others_may_use,
    others_may_write,
)

from ..kit.prompt import promptly

OPENERS = [open_read, open_change, open_kept, open_lock]
NOBODY = 65534

only_root = pytest.mark.skipif(os.getuid() != 0, reason="only root gives files away")


@pytest.fixture
def target(tmp_path):
    path = tmp_path / "target"
    path.touch(mode=0o600)
    path.write_bytes(b"what is there")
    return path


@pytest.fixture
def link(tmp_path, target):
    path = tmp_path / "link"
    path.symlink_to(target)
    return str(path)


def judged(stream):
    return others_may_use(stream), others_may_write(stream), is_ours(stream)


@pytest.mark.parametrize("opener", OPENERS)
def test_a_file_is_opened_with_what_it_holds(target, opener):
    with opener(str(target)) as stream:
        assert stream.read() == b"what is there"
    assert target.read_bytes() == b"what is there"


def test_a_link_is_followed_for_reading(link):
    with open_read(link) as stream:
        assert stream.read() == b"what is there"


@pytest.mark.parametrize("opener", [open_change, open_kept, open_lock])
def test_a_link_is_not_followed_where_something_could_be_written(link, target, opener):
    with pytest.raises(Unfit) as caught:
        opener(link)
    assert caught.value.strerror == "a link, which is not followed"
    assert target.read_bytes() == b"what is there"


@pytest.mark.parametrize("opener", [open_kept, open_lock, make])
def test_no_file_is_made_where_a_link_leads(tmp_path, opener):
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    with pytest.raises(OSError):  # noqa: PT011 - which one is told by the tests around this one
        opener(str(tmp_path / "link"))
    assert [path.name for path in tmp_path.iterdir()] == ["link"]


def test_a_file_is_made_only_where_nothing_is(tmp_path, target, link):
    for path in (str(target), link, str(tmp_path)):
        with pytest.raises(FileExistsError):
            make(path)
    assert target.read_bytes() == b"what is there"


@pytest.mark.parametrize("opener", [make, open_kept, open_lock])
@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_what_is_made_is_for_its_owner_alone_whatever_the_umask(tmp_path, opener, umask):
    path = str(tmp_path / "new")
    before = os.umask(umask)
    try:
        with opener(path) as stream:
            stream.write(b"x")
            assert judged(stream) == (False, False, True)
    finally:
        os.umask(before)
    assert os.stat(path).st_mode & 0o777 == 0o600


def test_what_is_appended_goes_to_the_end_wherever_the_reader_stands(target):
    with open_kept(str(target), append=True) as stream:
        assert stream.read(4) == b"what"
        stream.write(b", and more")
    assert target.read_bytes() == b"what is there, and more"


@pytest.mark.parametrize("opener", OPENERS)
def test_a_pipe_a_device_a_folder_and_a_socket_are_refused_at_once(tmp_path, opener):
    os.mkfifo(tmp_path / "pipe", 0o600)
    with promptly(), socket.socket(socket.AF_UNIX) as listening:
        for place in (str(tmp_path / "pipe"), os.devnull):
            with pytest.raises(Unfit) as caught:
                opener(place)
            assert caught.value.strerror == "no regular file"
        with pytest.raises(Unfit, match="directory"):
            opener(str(tmp_path))
        listening.bind(str(tmp_path / "socket"))
        with pytest.raises(OSError, match="No such device"):
            opener(str(tmp_path / "socket"))


def test_no_descriptor_is_left_of_what_is_refused(tmp_path):
    os.mkfifo(tmp_path / "pipe", 0o600)
    before = len(os.listdir("/proc/self/fd"))
    for place in (tmp_path / "pipe", tmp_path):
        with pytest.raises(Unfit):
            open_read(str(place))
    assert len(os.listdir("/proc/self/fd")) == before


@pytest.mark.parametrize(
    ("mode", "use", "write"),
    [
        (0o600, False, False),
        (0o400, False, False),
        (0o640, False, False),
        (0o660, False, True),
        (0o620, False, True),
        (0o604, True, False),
        (0o602, True, True),
        (0o601, True, False),
        (0o644, True, False),
        (0o666, True, True),
    ],
)
def test_modes_are_judged(target, mode, use, write):
    target.chmod(mode)
    with open(target, "rb") as stream:
        assert judged(stream) == (use, write, True)


@only_root
def test_owners_are_judged(target):
    os.chown(target, NOBODY, NOBODY)
    with open_read(str(target)) as stream:
        assert judged(stream) == (False, True, False)
    with pytest.raises(Unfit) as caught:
        open_lock(str(target))
    assert caught.value.strerror == "another user's file"
    assert target.read_bytes() == b"what is there"


@only_root
def test_what_belongs_to_root_is_trusted_by_others_and_not_the_other_way_round(tmp_path):
    with contextlib.ExitStack() as stack:
        streams = []
        for owner in (0, NOBODY, NOBODY - 1):
            path = tmp_path / str(owner)
            path.touch(mode=0o644)
            os.chown(path, owner, owner)
            streams.append(stack.enter_context(open_read(str(path))))
        assert [(is_ours(one), others_may_write(one)) for one in streams] == [
            (True, False),
            (False, True),
            (False, True),
        ]
        os.seteuid(NOBODY)
        try:
            found = [(is_ours(one), others_may_write(one)) for one in streams]
        finally:
            os.seteuid(0)
    assert found == [(True, False), (True, False), (False, True)]


def test_what_was_opened_is_judged_and_read_whatever_takes_its_place(tmp_path, target):
    for first, second in ((0o600, 0o666), (0o666, 0o600)):
        target.write_bytes(b"what is there")
        target.chmod(first)
        with open_read(str(target)) as stream:
            assert is_at(stream, str(target))
            other = tmp_path / "other"
            other.write_bytes(b"something else")
            other.chmod(second)
            os.replace(other, target)
            assert others_may_use(stream) == others_may_write(stream) == (first == 0o666)
            assert stream.read() == b"what is there"
            assert not is_at(stream, str(target))
        assert target.read_bytes() == b"something else"


def test_a_file_is_not_where_a_link_to_it_is_nor_where_nothing_is(target, link):
    with open_read(link) as stream:
        assert is_at(stream, str(target))
        assert not is_at(stream, link)
        target.unlink()
        assert not is_at(stream, str(target))


_HOLD = """
import sys
from beam_deid.transforms.storage.locks import lock, open_lock
with open_lock(sys.argv[1]) as held:
    lock(held.fileno())
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_lock_is_held_by_one_and_given_to_the_next(target):
    holding = subprocess.Popen(
        [sys.executable, "-c", _HOLD, str(target)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with holding, open_lock(str(target)) as stream:
        assert holding.stdout.readline() == b"held\n"
        with pytest.raises(AssertionError, match="it waits"), promptly(0.5):
            lock(stream.fileno())
        holding.stdin.close()
        with promptly():
            lock(stream.fileno())
    assert target.read_bytes() == b"what is there"
