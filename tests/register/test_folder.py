"""The register as a folder on a disk: what it holds, who may look, and what is told of one that is damaged."""

import hashlib
import json
import os
import shutil
import stat
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest

from beam_deid.transforms.errors import OutputError, UsageError
from beam_deid.transforms.register.document import FORMAT, State, Table
from beam_deid.transforms.register.folder import hold, read, table_path

from .kit import SHA, assert_whole, contents, document, edited, entry, register, staged, without

posix = pytest.mark.skipif(os.name != "posix", reason="rights are those of POSIX")
root = pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root gives files to others")
NOBODY = 65534


@pytest.fixture
def place(tmp_path):
    return tmp_path / "shop.register"


@pytest.fixture
def full(tmp_path, place):
    """A register of five revisions."""
    with hold(str(place)) as held:
        for number in range(1, 6):
            register(held, tmp_path, f"analytics.{number}")
    return place


NAMES = [f"analytics.{number}" for number in range(1, 6)]


def refused(place):
    """What is told of a register, by whoever reads it and by whoever wants to hold it."""
    before = contents(place) if place.is_dir() else None
    with pytest.raises(UsageError) as read_:
        read(str(place))
    with pytest.raises(UsageError) as held:
        hold(str(place))
    assert read_.value.message == held.value.message
    assert (contents(place) if place.is_dir() else None) == before
    assert read_.value.exit_code == 2
    return read_.value.message


# What is there.


def test_there_is_no_register_without_a_folder_or_in_an_empty_one(place):
    assert read(str(place)) is None
    assert not place.exists()
    place.mkdir()
    (place / "tables").mkdir()
    assert read(str(place)) is None


def test_what_was_saved_is_read_by_whoever_comes_later(tmp_path, place):
    with hold(str(place)) as held:
        assert held.document is None
        saved = register(held, tmp_path, "analytics.1")
        assert (held.document, saved.revision) == (saved, 1)
        assert saved.written_at.endswith("+00:00")
    assert read(str(place)) == saved
    with hold(str(place)) as held:
        assert held.document == saved
        event = register(held, tmp_path, "crm.1")
    assert (event.revision, [one.name for one in read(str(place)).releases]) == (2, ["analytics.1", "crm.1"])
    assert_whole(place, ["analytics.1", "crm.1"])


def test_the_newest_three_revisions_are_kept(full):
    assert read(str(full)).revision == 5
    assert_whole(full, NAMES)
    assert [path.name for path in sorted(full.glob("rev*"))] == [f"revision-00000{number}.json" for number in (3, 4, 5)]


def test_numbers_go_on_beyond_six_digits(tmp_path, full):
    edited(full / "revision-000005.json", revision=999_999)
    os.rename(full / "revision-000005.json", full / "revision-999999.json")
    with hold(str(full)) as held:
        assert register(held, tmp_path, "crm.1").revision == 1_000_000
    assert (full / "revision-1000000.json").exists()
    assert read(str(full)).revision == 1_000_000


def test_what_is_no_revision_by_its_name_is_left_alone(full):
    for name in (
        "revision-7.json",
        "revision-0000009.json",
        "revision-000009.json.old",
        "notes.txt",
        "revision-000000.json",
    ):
        (full / name).write_text("mine")
    assert read(str(full)).revision == 5
    hold(str(full)).close()
    assert (full / "notes.txt").read_text() == "mine"


def test_a_table_is_copied_under_a_name_of_its_own(tmp_path, place):
    source, digest = staged(tmp_path, "a")
    with hold(str(place)) as held:
        one = held.add(source, "records-a", digest)
        two = held.add(source, "records-a", digest)
        assert one != two
        assert one.startswith("records-a-")
        assert one.endswith(".parquet")
        for file in (one, two):
            with open(table_path(str(place), file), "rb") as stream:
                assert hashlib.sha256(stream.read()).hexdigest() == digest
        given = document().with_entries(
            {"a": entry("a", Table(one, 1, 1, digest)), "b": entry("b", Table(two, 1, 1, digest))}
        )
        held.save(given)
    assert read(str(place)).files == {one, two}


def test_tables_that_a_save_does_not_name_any_more_are_removed(tmp_path, place):
    with hold(str(place)) as held:
        register(held, tmp_path, "a.1")
        both = register(held, tmp_path, "b.1")
        held.save(without(both, "a.1"))
        assert os.listdir(place / "tables") == [both.entry("b.1").table.file]
        source, digest = staged(tmp_path, "c")
        held.add(source, "c", digest)
        held.save(held.document)
        assert os.listdir(place / "tables") == [both.entry("b.1").table.file]


def test_a_table_that_was_not_added_is_not_registered(place):
    with hold(str(place)) as held, pytest.raises(OutputError, match="was not added"):
        held.save(document().with_entries({"a.1": entry("a.1", Table("a.parquet", 1, 1, SHA))}))
    assert not place.exists()


def test_a_table_that_is_not_what_was_said_is_refused_and_leaves_nothing(tmp_path, place):
    source, _ = staged(tmp_path, "a")
    with hold(str(place)) as held:
        with pytest.raises(OutputError, match="is not what was written"):
            held.add(source, "a", SHA)
        with pytest.raises(OutputError, match="No such file"):
            held.add(str(tmp_path / "missing"), "a", SHA)
        for name in ("../a", "", ".a", "a/b"):
            with pytest.raises(ValueError, match="that of a file"):
                held.add(source, name, SHA)
    assert not place.exists()


def test_a_register_in_which_nothing_was_saved_is_not_there(tmp_path, place):
    source, digest = staged(tmp_path, "a")
    with hold(str(place)) as held:
        held.add(source, "a", digest)
        assert read(str(place)) is None  # nothing was registered yet, and somebody is about to
        assert place.exists()
    assert not place.exists()


def test_a_run_that_fails_leaves_the_register_as_it_was(tmp_path, full):
    before = contents(full)
    source, digest = staged(tmp_path, "a")

    def fail():
        with hold(str(full)) as held:
            held.add(source, "a", digest)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert contents(full) == before


@posix
def test_it_is_for_its_owner_alone(tmp_path, place):
    mask = os.umask(0)
    try:
        with hold(str(place)) as held:
            register(held, tmp_path, "a.1")
            paths = [place, *place.rglob("*")]
            assert any(".beam-deid-" in path.name for path in paths)
            assert all(stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600) for path in paths)
    finally:
        os.umask(mask)


@posix
def test_a_folder_that_others_could_look_into_is_closed_to_them(tmp_path, place):
    place.mkdir(mode=0o755)
    with hold(str(place)) as held:
        register(held, tmp_path, "a.1")
    assert stat.S_IMODE(place.stat().st_mode) == 0o700


@posix
@root
def test_a_register_of_another_user_is_not_used(full):
    os.chown(full, NOBODY, NOBODY)
    with pytest.raises(UsageError, match="belongs to another user"):
        hold(str(full))


@posix
def test_a_link_leads_to_the_register(tmp_path, full):
    link = tmp_path / "link"
    link.symlink_to(full)
    with hold(str(link)) as held:
        assert held.path == os.path.realpath(full)
        register(held, tmp_path, "crm.1")
    assert_whole(full, [*NAMES, "crm.1"])


# What is damaged.


@pytest.mark.parametrize("size", [0, 1, 100, -1])
def test_a_revision_that_was_not_written_to_its_end_is_told(full, size):
    newest = full / "revision-000005.json"
    data = newest.read_bytes()
    newest.write_bytes(data[: size if size >= 0 else len(data) - 3])
    told = refused(full)
    assert f"{newest}: the register is damaged: this revision is no JSON, or was not written to its end" in told
    assert "Restore it from a backup" in told
    assert "no release can be tested with what was given out before" in told


@pytest.mark.parametrize("data", [b"\x00" * 300, b"\xff\xfe", b"[" * 200_000, b"not json"])
def test_a_revision_that_is_no_json_is_told(full, data):
    (full / "revision-000005.json").write_bytes(data)
    assert "damaged" in refused(full)


@pytest.mark.parametrize("data", [b"{}", b"[]", b"null", b'{"format": "1"}', b'{"policy": 1, "label": 2}'])
def test_json_of_something_else_is_told(full, data):
    (full / "revision-000005.json").write_bytes(data)
    assert "this is no revision of a register" in refused(full)


def test_a_revision_that_was_changed_by_hand_is_told(full):
    newest = full / "revision-000005.json"
    newest.write_text(newest.read_text().replace('"anonymized"', '"still_personal"', 1))
    assert "is not what was written, or was changed by hand" in refused(full)


def test_a_revision_without_its_hash_is_told(full):
    newest = full / "revision-000005.json"
    given = json.loads(newest.read_text())
    del given["sha256"]
    newest.write_text(json.dumps(given))
    assert "is not what was written, or was changed by hand" in refused(full)


def test_the_older_revision_is_never_used_in_its_place(full):
    (full / "revision-000006.json").write_bytes(b"{")
    assert "revision-000006.json" in refused(full)


def test_a_revision_under_another_ones_name_is_told(full):
    shutil.copy(full / "revision-000005.json", full / "revision-000006.json")
    assert "another revision than its name says" in refused(full)


def test_a_register_of_a_newer_version_is_told(full):
    edited(full / "revision-000005.json", format=FORMAT + 1, releases="in another form")
    told = refused(full)
    assert "was written by a newer beam-deid" in told
    assert "pip install -U beam-deid" in told


@pytest.mark.parametrize(
    "changes",
    [
        {"format": 0},
        {"format": True},
        {"format": 1.0},
        {"releases": 1},
        {"releases": [{}]},
        {"runs": [{}]},
        {"more": 1},
    ],
)
def test_what_has_the_right_hash_and_is_no_register_is_told(full, changes):
    edited(full / "revision-000005.json", **changes)
    assert "this is no revision of a register" in refused(full)


@pytest.mark.parametrize("file", ["../../secret", "/etc/passwd", "", "a/b"])
def test_a_table_elsewhere_is_told(full, file):
    given = json.loads((full / "revision-000005.json").read_text())["releases"]
    given[0]["table"]["file"] = file
    edited(full / "revision-000005.json", releases=given)
    assert "this is no revision of a register" in refused(full)
    with pytest.raises(UsageError, match="is not in it"):
        table_path(str(full), file)


def test_tables_without_revisions_are_told(full):
    for path in full.glob("revision-*"):
        path.unlink()
    told = refused(full)
    assert "its revisions are missing" in told
    assert "Restore it from a backup" in told


def test_the_newest_revision_is_missed_by_its_tables(full):
    (full / "revision-000005.json").unlink()
    assert "revision 5 is missing" in refused(full)
    assert len(os.listdir(full / "tables")) == 5  # which are there when it is restored


def test_a_file_in_its_place_is_told(place):
    place.write_text("mine")
    for call in (read, hold):
        with pytest.raises(UsageError, match="the register is a file"):
            call(str(place))
    assert place.read_text() == "mine"


def test_a_revision_that_cannot_be_read_is_told(full):
    newest = full / "revision-000005.json"
    newest.unlink()
    newest.mkdir()
    told = refused(full)
    assert f"{newest}: the register cannot be read (Is a directory)" in told


@posix
@root
@pytest.mark.parametrize("forbidden", ["", "tables", "revision-000005.json"])
def test_what_may_not_be_read_is_told(full, forbidden):
    with tempfile.TemporaryDirectory() as folder:  # which others may enter, unlike those above a test's own
        os.chmod(folder, 0o755)
        place = Path(shutil.copytree(full, Path(folder) / "shop.register"))
        for path in [place, *place.rglob("*")]:
            os.chown(path, NOBODY, NOBODY)
        os.chmod(place / forbidden, 0)
        os.seteuid(NOBODY)
        try:
            for call in (read, hold):
                with pytest.raises(UsageError, match=r"Permission denied.*Check the rights to it"):
                    call(str(place))
        finally:
            os.seteuid(0)


def test_where_nothing_can_be_written_it_is_told(tmp_path):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(UsageError, match="cannot write here"):
        hold(str(tmp_path / "file" / "register"))


def test_what_was_said_later_is_kept(tmp_path, full):
    with hold(str(full)) as held:
        changed = replace(held.document.entry("analytics.2"), state=State.FORGOTTEN)
        held.save(held.document.with_entries({"analytics.2": changed}))
    assert read(str(full)).entry("analytics.2").state is State.FORGOTTEN
