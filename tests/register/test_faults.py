"""A register whose store fails at any call: it is whole, what was said to be saved is there, and the next holder sweeps."""

import contextlib
import os
import shutil

import pytest
from pyarrow import fs

from beam_deid.transforms.errors import DeidError, OutputError, UsageError
from beam_deid.transforms.register.folder import hold, read
from beam_deid.transforms.storage import connecting, files
from beam_deid.transforms.storage.local import LocalStore
from beam_deid.transforms.storage.object_store import ObjectStore
from beam_deid.transforms.storage.paths import MARK

from ..kit.faulty import CUT, GONE, KINDS, REFUSED, TORN, TORN_TOLD, UNHEARD, Calls, Fault, Faulty
from .kit import assert_whole, document, register

LOCAL = "local"
OBJECTS = "objects"


class Shelf:
    """A register in a store that may fail, and the same as the disk has it."""

    def __init__(self, kind, folder, calls):
        self.folder = folder / "shelf" / "register"
        self.calls = calls
        self.path = str(self.folder) if kind == LOCAL else "shelf://shelf/register"

    def end(self):
        """A command that failed ends its process, which a test's does not: what it could not take back is the dead's."""
        for claim in self.folder.glob(f"{MARK}*"):
            machine, process, _, rest = claim.name.removeprefix(MARK).split("-")
            claim.rename(claim.with_name(f"{MARK}{machine}-{process}-0-{rest}"))


@contextlib.contextmanager
def shelf(kind, folder):
    (folder / "shelf").mkdir(parents=True)
    calls = Calls()
    with pytest.MonkeyPatch.context() as patch:
        if kind == LOCAL:
            patch.setattr(files, "_LOCAL", Faulty(LocalStore(), calls))
        else:
            shelves = fs.SubTreeFileSystem(str(folder), fs.LocalFileSystem())
            patch.setitem(connecting.SCHEMES, "shelf", lambda bucket, options: (shelves, bucket))
            connecting._connected.cache_clear()
            store = Faulty(ObjectStore("shelf://shelf/"), calls)
            patch.setattr(files, "_remote", lambda root: store)
        try:
            yield Shelf(kind, folder, calls)
        finally:
            connecting._connected.cache_clear()


@pytest.fixture(scope="module")
def earlier(tmp_path_factory):
    """A register of four revisions, on a disk."""
    folder = tmp_path_factory.mktemp("earlier")
    with hold(str(folder / "register")) as held:
        for _ in range(3):
            held.save(held.document or document())
        register(held, folder, "a.1")
    return folder / "register"


def change(where, folder):
    """Register a release; returns what became of it."""
    saved = 0
    try:
        with hold(where.path) as held:
            saved = register(held, folder, "b.1").revision
    except DeidError as error:
        return saved, error
    return saved, None


def calls_of(kind, folder, earlier):
    """The calls that an undisturbed registration makes."""
    with shelf(kind, folder) as where:
        shutil.copytree(earlier, where.folder)
        assert change(where, folder) == (5, None)
        assert_whole(where.folder, ["a.1", "b.1"])
        return list(where.calls.seen)


@pytest.mark.slow("fails each call of a store in turn")
@pytest.mark.parametrize("kind", [LOCAL, OBJECTS])
@pytest.mark.parametrize("fault", [REFUSED, UNHEARD, TORN, TORN_TOLD, CUT, GONE])
def test_whatever_fails_the_register_is_whole_and_the_next_holder_goes_on(tmp_path, earlier, kind, fault):
    calls = calls_of(kind, tmp_path / "recorded", earlier)
    outcomes = set()
    for number, told in enumerate(calls, 1):
        if fault not in (REFUSED, GONE, *KINDS[told.partition(" ")[0]]):
            continue
        with shelf(kind, tmp_path / str(number)) as where:
            shutil.copytree(earlier, where.folder)
            where.calls.fault = Fault(fault, number)
            saved, error = change(where, tmp_path)
            where.calls.fault = None
            outcomes.add(type(error))
            assert error is None or isinstance(error, (OutputError, UsageError)), (told, error)
            where.end()
            seen = read(where.path)
            assert seen.revision >= max(saved, 4), told
            names = [one.name for one in seen.releases]
            assert names == ["a.1", "b.1"][: seen.revision - 3], told
            with hold(where.path) as held:
                assert held.document == seen
            assert_whole(where.folder, names)
    assert outcomes & {OutputError, UsageError}  # some were felt


@pytest.mark.parametrize("kind", [LOCAL, OBJECTS])
def test_a_revision_whose_answer_got_lost_counts_as_saved(tmp_path, earlier, kind):
    calls = calls_of(kind, tmp_path / "recorded", earlier)
    number = next(number for number, told in enumerate(calls, 1) if told.startswith("create_once"))
    with shelf(kind, tmp_path / "again") as where:
        shutil.copytree(earlier, where.folder)
        where.calls.fault = Fault(UNHEARD, number)
        assert change(where, tmp_path) == (5, None)
        assert_whole(where.folder, ["a.1", "b.1"])


def test_tables_of_a_revision_that_may_have_come_stay_until_it_is_known(tmp_path, earlier):
    calls = calls_of(OBJECTS, tmp_path / "recorded", earlier)
    number = next(number for number, told in enumerate(calls, 1) if told.startswith("create_once"))
    with shelf(OBJECTS, tmp_path / "again") as where:
        shutil.copytree(earlier, where.folder)
        where.calls.fault = Fault(REFUSED, number)
        saved, error = change(where, tmp_path)
        assert (saved, type(error)) == (0, OutputError)
        assert "the register cannot be written" in error.message
        assert len(os.listdir(where.folder / "tables")) == 2
        assert read(where.path).revision == 4
        hold(where.path).close()
        assert len(os.listdir(where.folder / "tables")) == 2
        where.end()  # then nothing comes any more
        hold(where.path).close()
        assert_whole(where.folder, ["a.1"])
