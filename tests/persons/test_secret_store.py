"""Files of secrets: who has one keeps it, who is new gets one, who is erased has none, and nobody else can read or change them."""

import os
import stat
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from beam_deid.transforms.crypto import sealed_rows
from beam_deid.transforms.crypto.person_secrets import PersonSecrets
from beam_deid.transforms.crypto.person_tokens import PersonTokens
from beam_deid.transforms.errors import KeyFault
from beam_deid.transforms.persons import secret_store
from beam_deid.transforms.persons.secret_store import NewPersons, destroy_secrets

KEY = b"a key of a test".ljust(32, b"\1")


def names(*numbers: int) -> pa.Array:
    return pa.array([f"buyer-{number}" for number in numbers], pa.string())


class Store:
    """A file of secrets in a folder."""

    def __init__(self, folder: Path, key: bytes = KEY) -> None:
        self.folder = folder
        self.path = str(folder / "kept" / "secrets")
        self.key = key
        self.tries = 0

    def add(self, *batches: pa.Array, path: str | None = None, kept: str | None = None) -> int:
        self.tries += 1
        private = self.folder / f"private-{self.tries}"
        private.mkdir(parents=True)
        new = NewPersons(path or self.path, self.key, str(private), kept)
        for batch in batches:
            new.add(batch)
        new.close()
        return new.given

    def secrets(self, persons: pa.Array, path: str | None = None) -> list[bytes | None]:
        there, found = PersonSecrets(path or self.path, self.key).of(persons)
        return [one.tobytes() if known else None for known, one in zip(there, found, strict=True)]


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path)


def test_everybody_has_a_secret_of_their_own_and_keeps_it(store):
    assert store.add(names(1, 2, 1), names(3)) == 3
    first = store.secrets(names(1, 2, 3))
    assert None not in first
    assert len({*first}) == 3
    assert store.add(names(3, 4)) == 1
    assert store.secrets(names(1, 2, 3)) == first
    assert store.secrets(names(5)) == [None]
    before = Path(store.path).read_bytes()
    assert store.add(names(1, 4)) == 0
    assert Path(store.path).read_bytes() == before


def test_tokens_name_secrets_by_their_handles(store):
    store.add(names(*range(100)))
    store.add(names(*range(50, 200)))
    opened = PersonSecrets(store.path, KEY)
    _, found = opened.of(names(*range(200)))
    there, again = opened.named(PersonTokens(KEY).handles(found))
    assert there.all()
    assert (again == found).all()
    assert not opened.named(np.array([[1, 2]], np.uint64))[0].any()


def test_a_destroyed_secret_is_gone_by_both_names_and_all_others_stay(store):
    store.add(names(*range(100)))
    before = store.secrets(names(*range(100)))
    handles = PersonTokens(KEY).handles(PersonSecrets(store.path, KEY).of(names(7, 8))[1])
    assert destroy_secrets(store.path, KEY, names(7, 8, 7, 500)) == 2
    assert store.secrets(names(*range(100))) == [*before[:7], None, None, *before[9:]]
    assert not PersonSecrets(store.path, KEY).named(handles)[0].any()
    assert destroy_secrets(store.path, KEY, names(7, 8)) == 0
    assert store.add(names(7)) == 1
    assert store.secrets(names(7)) != before[7:8]


def test_nobody_of_a_domain_without_a_file_has_one(store):
    assert destroy_secrets(store.path, KEY, names(1)) == 0
    assert not os.path.exists(store.path)


def test_an_input_of_nobody_makes_a_file_of_nobody(store):
    assert store.add() == 0
    assert store.secrets(names(1)) == [None]


def test_what_is_not_kept_leaves_what_is_kept_as_it_is(store, tmp_path):
    store.add(names(1, 2))
    kept = store.secrets(names(1, 2))
    before = Path(store.path).read_bytes()
    other = str(tmp_path / "for now" / "secrets")
    assert store.add(names(2, 3), path=other, kept=store.path) == 1
    assert store.secrets(names(1, 2), other) == kept
    assert store.secrets(names(3), other) != [None]
    assert Path(store.path).read_bytes() == before
    assert store.secrets(names(3)) == [None]


@settings(max_examples=25, deadline=None)
@given(st.lists(st.lists(st.integers(0, 60), max_size=40), max_size=5), st.lists(st.integers(0, 60), max_size=20))
def test_many_chunks_and_buffers_are_what_one_is(tmp_path_factory, batches, gone):
    """The file beside a dictionary, with chunks of four rows and buffers of six."""
    store = Store(tmp_path_factory.mktemp("store"))
    known: dict[int, bytes | None] = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sealed_rows, "CHUNK_ROWS", 4)
        patch.setattr(sealed_rows, "_HELD", 2)
        patch.setattr(secret_store, "_BUFFER", 6 * 16)
        for batch in batches:
            new = {*batch} - {*known}
            assert store.add(names(*batch[:20]), names(*batch[20:])) == len(new)
            found = dict(zip(sorted({*batch}), store.secrets(names(*sorted({*batch}))), strict=True))
            assert all(found[one] == known[one] for one in found if one in known)
            known |= found
        assert destroy_secrets(store.path, KEY, names(*gone)) == len({*gone} & {*known})
        left = {number: secret for number, secret in known.items() if number not in gone}
        if batches:
            every = range(61)
            assert store.secrets(names(*every)) == [left.get(number) for number in every]


def test_rows_that_begin_alike_are_told_apart(tmp_path):
    rows = np.array([[5, second, second, 0] for second in range(9)] + [[6, 0, 99, 0]], np.uint64)
    path = tmp_path / "rows"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sealed_rows, "CHUNK_ROWS", 4)
        with open(os.open(path, os.O_CREAT | os.O_RDWR, 0o600), "w+b") as stream:
            writer = sealed_rows.RowsWriter(stream, KEY)
            assert writer.section(0, [rows[:3], rows[3:]]) == 10
            writer.close()
    there, values = sealed_rows.SealedRows(str(path), KEY).find(0, np.concatenate([rows[::-1, :2], [[5, 9], [7, 0]]]))
    assert there.tolist() == [True] * 10 + [False] * 2
    assert values[:10, 0].tolist() == [99, *range(8, -1, -1)]


@pytest.mark.parametrize("place", [0, 20, 60, -40, -4])
def test_a_file_that_was_changed_is_refused(store, place):
    store.add(names(1, 2, 3))
    data = bytearray(Path(store.path).read_bytes())
    data[place] ^= 1
    Path(store.path).write_bytes(data)
    with pytest.raises(KeyFault, match="damaged"):
        store.secrets(names(1))


@pytest.mark.parametrize("left", [0, 10, 100])
def test_a_file_that_was_cut_off_is_refused(store, left):
    store.add(names(1, 2, 3))
    Path(store.path).write_bytes(Path(store.path).read_bytes()[:left])
    with pytest.raises(KeyFault, match="damaged"):
        store.secrets(names(1))


def test_another_key_and_other_users_cannot_open_it(store):
    store.add(names(1))
    with pytest.raises(KeyFault, match="another key"):
        PersonSecrets(store.path, bytes(32))
    assert stat.S_IMODE(os.stat(store.path).st_mode) == 0o600
    assert stat.S_IMODE(os.stat(os.path.dirname(store.path)).st_mode) == 0o700
    os.chmod(store.path, 0o644)
    with pytest.raises(KeyFault, match="chmod 600"):
        store.secrets(names(1))


def test_no_name_and_no_secret_stands_in_it(store):
    store.add(names(1, 2))
    data = Path(store.path).read_bytes()
    assert b"buyer" not in data
    assert not [one for one in store.secrets(names(1, 2)) if one is None or one in data]


def test_what_a_disk_keeps_of_an_old_file_opens_no_more_and_who_has_it_open_reads_on(store, tmp_path):
    store.add(names(1, 2))
    reading = PersonSecrets(store.path, KEY)
    secret = store.secrets(names(1))
    kept = tmp_path / "blocks that a disk keeps"
    os.link(store.path, kept)
    destroy_secrets(store.path, KEY, names(1))
    with pytest.raises(KeyFault, match="damaged"):
        PersonSecrets(str(kept), KEY)
    assert reading.of(names(1))[1].tobytes() == secret[0]


def test_a_change_that_dies_leaves_the_old_file_and_the_next_one_nothing_of_it(store, monkeypatch, tmp_path):
    store.add(names(1, 2))
    before = Path(store.path).read_bytes()

    def die(*paths: str) -> None:
        raise OSError(5, "the disk failed")

    with monkeypatch.context() as patch:
        patch.setattr(secret_store.os, "replace", die)
        with pytest.raises(KeyFault, match="the disk failed"):
            destroy_secrets(store.path, KEY, names(1))
    assert Path(store.path).read_bytes() == before
    left = tmp_path / "blocks that a disk keeps"
    os.link(f"{store.path}.new", left)
    assert destroy_secrets(store.path, KEY, names(1)) == 1
    assert not os.path.exists(f"{store.path}.new")
    with pytest.raises(KeyFault, match="damaged"):
        PersonSecrets(str(left), KEY)
    assert store.secrets(names(1, 2))[0] is None
