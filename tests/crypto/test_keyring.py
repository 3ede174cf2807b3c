import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from beam_deid.transforms.crypto.key_terms import SIGN
from beam_deid.transforms.crypto.keyring_file import (
    change,
    create,
    destroyed_ids,
    keyring_ids,
    opened,
    signing_key,
    signing_key_after,
)
from beam_deid.transforms.crypto.keys import Keys
from beam_deid.transforms.crypto.signing import is_signed
from beam_deid.transforms.errors import KeyFault, NoSuchKey

from ..storage.prompt import promptly
from .rings import KEK, destroyed, keys_of, made, rotated

only_root = pytest.mark.skipif(os.getuid() != 0, reason="only root gives files away")

HEAD = b'{"format": "beam-deid keyring", "version": 1'


@pytest.fixture(autouse=True)
def _kek(monkeypatch):
    monkeypatch.setenv("TEST_KEK", KEK)


@pytest.fixture
def path(tmp_path):
    return made(tmp_path)


@pytest.mark.parametrize("umask", [0o000, 0o077])
def test_a_keyring_is_for_its_owner_alone_whatever_the_umask(tmp_path, umask):
    before = os.umask(umask)
    try:
        path = made(tmp_path)
        rotated(path)
    finally:
        os.umask(before)
    assert os.stat(path).st_mode & 0o777 == 0o600


def test_its_form_is_the_documented_one_and_holds_no_key(path):
    document = json.loads(Path(path).read_text())
    assert list(document) == ["format", "version", "id", "kek", "keys"]
    assert (document["format"], document["version"]) == ("beam-deid keyring", 1)
    assert set(document["kek"]) == {"source", "salt", "check"}
    (key,) = document["keys"]
    assert list(key) == ["id", "name", "state", "created", "wrapped", "destroyed"]
    (secret,) = keys_of(path).values()
    assert len(secret) == 32
    assert secret not in Path(path).read_bytes()
    assert secret.hex() not in Path(path).read_text()
    assert KEK not in Path(path).read_text()


def test_one_that_exists_is_not_overwritten(path):
    before = Path(path).read_bytes()
    with pytest.raises(KeyFault, match="exists"):
        create(path, "env:TEST_KEK")
    assert Path(path).read_bytes() == before


@pytest.mark.parametrize("mode", [0o644, 0o604, 0o602, 0o666])
def test_one_that_others_may_use_is_refused(path, mode):
    os.chmod(path, mode)
    with pytest.raises(KeyFault, match=r"chmod 600"):
        opened(path)


def test_rotation_retires_the_old_version_which_still_opens(path):
    (old,) = keys_of(path)
    ring = rotated(path)
    assert [(key.state, key.id == old) for key in ring.keys] == [("retired", True), ("primary", False)]
    assert len(set(keys_of(path).values())) == 2
    assert ring.primary("main").id != old


def test_destruction_leaves_id_and_date_and_nothing_of_the_key(path):
    (old,) = keys_of(path)
    ring = rotated(path)
    wrapped = ring.version(old).wrapped
    kept = keys_of(path)[ring.primary("main").id]
    with open(path, "rb") as stream:  # the old file, which has no name any more afterwards
        ring = destroyed(path, old)
        stream.seek(0)
        left = stream.read()
    assert wrapped.encode() not in left
    assert wrapped not in Path(path).read_text()
    gone = ring.version(old)
    assert (gone.id, gone.state, gone.wrapped) == (old, "destroyed", None)
    assert gone.destroyed
    assert list(keys_of(path).values()) == [kept]
    with pytest.raises(NoSuchKey, match="destroyed on"):
        ring.unwrap(gone, ring.opener())


def test_destroying_the_primary_leaves_no_primary_until_it_is_rotated(path):
    (key,) = keys_of(path)
    ring = destroyed(path, key)
    with pytest.raises(NoSuchKey, match="keys rotate"):
        ring.primary("main")
    assert rotated(path).primary("main").id != key


def test_destroying_twice_changes_nothing(path):
    (key,) = keys_of(path)
    destroyed(path, key)
    before = Path(path).read_bytes()
    assert destroyed(path, key).version(key).destroyed
    assert Path(path).read_bytes() == before


def test_ids_are_told_without_opening_a_key(path, monkeypatch):
    (old,) = keys_of(path)
    new = rotated(path).primary("main").id
    destroyed(path, old)
    monkeypatch.delenv("TEST_KEK")
    assert keyring_ids(path)[1] == {"main": new}
    assert list(destroyed_ids(path)[1]) == [old]
    assert keyring_ids(path)[0] == destroyed_ids(path)[0]


def changed(path, change_document):
    document = json.loads(Path(path).read_text())
    change_document(document)
    Path(path).write_text(json.dumps(document))


def swap(document):
    one, other = document["keys"]
    one["wrapped"], other["wrapped"] = other["wrapped"], one["wrapped"]


@pytest.mark.parametrize(
    "change_document",
    [
        swap,
        lambda d: d.update(id="0" * 16),
        lambda d: d["keys"][0].update(name="other"),
        lambda d: d["keys"][0].update(id=5),
        lambda d: d["keys"][0].update(wrapped=d["keys"][0]["wrapped"][:-8] + "AAAAAAA="),
        lambda d: d["keys"][0].update(wrapped="no base64"),
        lambda d: d["keys"][0].update(wrapped=""),
        lambda d: d["kek"].update(salt="00" * 16),
        lambda d: d["kek"].update(salt="zz"),
        lambda d: d["kek"].pop("salt"),
    ],
    ids=["swapped", "ring id", "name", "id", "tail", "text", "empty", "salt", "salt of no hex", "no salt"],
)
def test_a_key_that_was_changed_or_exchanged_does_not_open(path, change_document):
    rotated(path)
    secrets = [secret.hex() for secret in keys_of(path).values()]
    changed(path, change_document)
    with pytest.raises(KeyFault) as caught:
        keys_of(path)
    assert not any(secret in str(caught.value) for secret in secrets)


def test_another_key_encryption_key_neither_opens_nor_adds_a_key(path, monkeypatch):
    before = Path(path).read_bytes()
    monkeypatch.setenv("TEST_KEK", "another-key-encryption-key-0123456789")
    with pytest.raises(KeyFault, match="another key-encryption key"):
        keys_of(path)
    with pytest.raises(KeyFault, match="another key-encryption key"):
        rotated(path)
    assert Path(path).read_bytes() == before


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "no keyring"),
        (b"[]", "no keyring"),
        (b"{", "no keyring"),
        (b"\xff", "no keyring"),
        (b"null", "no keyring"),
        (b'{"format": "other", "version": 1}', "no keyring"),
        (b'{"format": "beam-deid keyring"}', "no keyring"),
        (b'{"format": "beam-deid keyring", "version": 3}', "version 3"),
        (b'{"format": "beam-deid keyring", "version": true}', "version True"),
        (b'{"format": "beam-deid keyring", "version": [2]}', "version"),
        (HEAD + b"}", "damaged"),
        (HEAD + b', "id": "x", "kek": [], "keys": []}', "damaged"),
        (HEAD + b', "id": "x", "kek": {"source": "env:X", "check": ""}, "keys": [{"id": 1}]}', "damaged"),
        (
            HEAD
            + b', "id": "x", "kek": {"source": "env:X", "check": ""}, "keys": [{"id": 0, "name": "a", "state": "primary", '
            b'"created": "", "wrapped": ""}]}',
            "damaged",
        ),
    ],
)
def test_what_is_no_keyring_is_told(path, content, said):
    Path(path).write_bytes(content)
    with pytest.raises(KeyFault, match=said):
        opened(path)


@pytest.mark.parametrize("place", ["nowhere/x.keyring", ""])
def test_one_that_is_not_there_is_told_with_how_to_make_it(tmp_path, place):
    with pytest.raises(KeyFault) as caught:
        opened(str(tmp_path / place))
    assert "keyring" in caught.value.message


def test_two_that_rotate_at_once_both_succeed(path):
    code = (
        "import sys; from beam_deid.transforms.crypto.keyring_file import change\n"
        "for _ in range(5):\n"
        "    with change(sys.argv[1]) as changing:\n"
        "        changing.save(changing.ring.with_new('main', changing.ring.opener()))\n"
    )
    processes = [subprocess.Popen([sys.executable, "-c", code, path]) for _ in range(2)]
    assert [process.wait() for process in processes] == [0, 0]
    assert len(opened(path).keys) == len(keys_of(path)) == 11
    assert [key.state for key in opened(path).keys].count("primary") == 1


@pytest.mark.parametrize("fails", ["replace", "fsync"])
def test_a_change_that_fails_leaves_the_keyring_as_it_was(path, monkeypatch, fails):
    before = Path(path).read_bytes()
    keys = keys_of(path)

    def fail(*arguments):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(f"beam_deid.transforms.crypto.keyring_file.os.{fails}", fail)
        with pytest.raises(KeyFault, match="No space"):
            destroyed(path, next(iter(keys)))
    assert Path(path).read_bytes() == before
    assert keys_of(path) == keys


def test_what_is_synced_is_the_whole_keyring(path, monkeypatch):
    sync = os.fsync
    sizes = []

    def watched(descriptor):
        sizes.append(os.fstat(descriptor).st_size)
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", watched)
    create(f"{path}.other", "env:TEST_KEK")
    assert sizes == [os.stat(f"{path}.other").st_size]
    before = os.stat(path).st_size
    sizes.clear()
    rotated(path)
    assert sizes[:2] == [os.stat(path).st_size, before]  # the new file is on the disk before the old one is overwritten


def test_saving_twice_in_one_change_leaves_the_last_one(path):
    with change(path) as changing:
        for _ in range(2):
            with open(path, "rb") as old:
                changing.save(changing.ring.with_new("main", changing.ring.opener()))
                assert not old.read().strip(b"\x00")
    assert len(keys_of(path)) == 3


def refused_lock(path):
    """What is said of the lock at whose place something is, once it was seen that the keyring is as it was."""
    before = Path(path).read_bytes()
    with promptly(), pytest.raises(KeyFault, match="lock file") as caught:
        rotated(path)
    assert caught.value.where == f"{path}.lock"
    assert caught.value.next_step
    assert Path(path).read_bytes() == before
    return caught.value.what


def test_a_link_at_the_locks_place_is_refused_and_what_it_leads_to_is_left_alone(path, tmp_path):
    target = tmp_path / "target"
    lock = Path(f"{path}.lock")
    target.write_bytes(b"not to be lost")
    lock.symlink_to(target)
    assert "a link" in refused_lock(path)
    assert target.read_bytes() == b"not to be lost"
    target.unlink()
    assert "a link" in refused_lock(path)
    assert not target.exists()


def test_a_pipe_and_a_folder_at_the_locks_place_are_refused_at_once(path):
    lock = Path(f"{path}.lock")
    os.mkfifo(lock, 0o600)
    assert "no regular file" in refused_lock(path)
    lock.unlink()
    lock.mkdir()
    assert "directory" in refused_lock(path)


@only_root
def test_a_lock_of_somebody_else_is_refused(path):
    lock = Path(f"{path}.lock")
    lock.touch()
    os.chown(lock, 65534, 65534)
    assert "another user's" in refused_lock(path)
    os.chown(lock, 0, 0)
    assert len(rotated(path).keys) == 2


def test_a_lock_keeps_what_it_holds(path):
    lock = Path(f"{path}.lock")
    lock.write_bytes(b"not to be lost")
    rotated(path)
    assert lock.read_bytes() == b"not to be lost"


def test_a_pipe_or_a_device_is_no_keyring_and_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe", 0o600)
    os.mkfifo(tmp_path / "open pipe", 0o666)
    for place in (tmp_path / "pipe", tmp_path / "open pipe", os.devnull):
        with promptly(), pytest.raises(KeyFault, match="no regular file"):
            opened(str(place))


def test_one_that_was_replaced_while_it_was_changed_is_left_as_it_is(path, tmp_path):
    other = Path(create(str(tmp_path / "other.keyring"), "env:TEST_KEK").path)
    content = other.read_bytes()
    with change(path) as changing:
        with open(path, "rb") as old:
            os.replace(other, path)
            with pytest.raises(KeyFault, match="took the keyring's place"):
                changing.save(changing.ring.with_new("main", changing.ring.opener()))
            assert old.read().strip(b"\x00")
        assert Path(path).read_bytes() == content
        os.unlink(path)
        with pytest.raises(KeyFault, match="took the keyring's place"):
            changing.save(changing.ring)
        assert not os.path.exists(path)


def test_a_link_that_takes_its_place_is_not_written_through(path, tmp_path):
    target = tmp_path / "target"
    target.write_bytes(b"not to be lost")
    with change(path) as changing:
        os.unlink(path)
        os.symlink(target, path)
        with pytest.raises(KeyFault, match="took the keyring's place"):
            changing.save(changing.ring)
    assert target.read_bytes() == b"not to be lost"


def test_a_link_at_the_place_of_the_new_file_is_taken_away_and_not_written_through(path, tmp_path):
    target = tmp_path / "target"
    target.write_bytes(b"not to be lost")
    os.symlink(target, f"{path}.new")
    rotated(path)
    assert target.read_bytes() == b"not to be lost"
    assert not os.path.islink(path)
    assert len(keys_of(path)) == 2


def test_a_keyring_elsewhere_is_neither_made_nor_changed():
    for act in (
        lambda: create("s3://bucket/a.keyring", "env:TEST_KEK"),
        lambda: change("s3://bucket/a.keyring").__enter__(),
    ):
        with pytest.raises(KeyFault, match="local disk"):
            act()


def signing(path, name="signing"):
    """The keyring after a signing key was added."""
    with change(path) as changing:
        changing.save(changing.ring.with_new(name, changing.ring.opener(), SIGN))
    return opened(path)


def test_a_signing_key_stands_beside_data_keys_and_its_public_key_in_clear(path):
    before = keys_of(path)
    assert json.loads(Path(path).read_text())["version"] == 1
    ring = signing(path)
    document = json.loads(Path(path).read_text())
    assert document["version"] == 2  # so that an older program refuses it
    data, sign = document["keys"]
    assert (data["purpose"], data["public"]) == ("data", None)
    assert (sign["purpose"], sign["name"], len(sign["public"])) == ("sign", "signing", 44)
    key = signing_key(path)
    assert key.public == sign["public"]
    assert is_signed(b"m", key.sign(b"m"), sign["public"])
    assert ring.unwrap(ring.primary("main"), ring.opener()) == before[ring.primary("main").id]
    assert keyring_ids(path)[1] == {"main": ring.primary("main").id}


def test_a_signing_key_is_never_a_data_key_nor_the_other_way_round(path):
    ring = signing(path)
    with pytest.raises(KeyFault, match="protects no data"):
        ring.unwrap(ring.primary("signing"), ring.opener())
    with pytest.raises(KeyFault, match="signs nothing"):
        ring.unwrap_signing(ring.primary("main"), ring.opener())
    with pytest.raises(KeyFault, match="protects no data"):
        Keys(keyring=path).subkey("use", "domain", "keyring:signing")
    with pytest.raises(NoSuchKey):
        Keys(keyring=path).subkey("use", "domain", identity=ring.primary("signing").id)


def open_all(ring):
    for key in ring.keys:
        ring.unwrap_signing(key, ring.opener()) if key.purpose == SIGN else ring.unwrap(key, ring.opener())


def to_data(document):
    document["keys"][1].update(purpose="data", public=None)


def to_signing(document):
    document["keys"][0].update(purpose="sign", public=document["keys"][1]["public"], name="other")


def other_public(document):
    document["keys"][1]["public"] = "A" * 43 + "="


@pytest.mark.parametrize("change_document", [to_data, to_signing, other_public])
def test_a_purpose_or_a_public_key_that_was_changed_does_not_open(path, change_document):
    signing(path)
    changed(path, change_document)
    with pytest.raises(KeyFault, match=r"changed|key-encryption key|opens"):
        open_all(opened(path))


@pytest.mark.parametrize(
    ("change_document", "said"),
    [
        (lambda d: d.update(version=1), "damaged"),
        (lambda d: d["keys"][0].pop("purpose"), "damaged"),
        (lambda d: d["keys"][1].update(public=None), "damaged"),
        (lambda d: d["keys"][1].update(public="AAAA"), "damaged"),
        (lambda d: d["keys"][0].update(public="A" * 43 + "="), "damaged"),
        (lambda d: d["keys"][1].update(name="main"), "damaged"),
        (lambda d: d["keys"][1].update(purpose="register"), "does not know"),
        (lambda d: d["keys"][1].update(purpose=["sign"]), "does not know"),
    ],
)
def test_an_entry_of_another_form_is_refused(path, change_document, said):
    signing(path)
    changed(path, change_document)
    with pytest.raises(KeyFault, match=said):
        opened(path)


def test_a_signing_key_is_rotated_and_destroyed_like_the_others_and_keeps_its_public_key(path):
    old = signing(path).primary("signing")
    ring = rotated(path, "signing")
    new = ring.primary("signing")
    assert (new.purpose, ring.version(old.id).state) == ("sign", "retired")
    assert signing_key(path).public == new.public != old.public
    assert signing_key_after(path, old.public).public == new.public
    gone = destroyed(path, old.id).version(old.id)
    assert (gone.wrapped, gone.public, gone.purpose) == (None, old.public, "sign")
    with pytest.raises(NoSuchKey, match="destroyed on"):
        signing_key_after(path, old.public)
    destroyed(path, new.id)
    with pytest.raises(NoSuchKey, match="keys rotate"):
        signing_key(path)


def test_the_key_that_signs_is_the_one_called_so_or_the_only_one(path):
    with pytest.raises(KeyFault, match=r"no signing key.*--sign"):
        signing_key(path)
    with pytest.raises(KeyFault, match="not the key that signed"):
        signing_key_after(path, "A" * 43 + "=")
    only = signing(path, "a").primary("a")
    assert signing_key(path).public == only.public
    signing(path, "b")
    with pytest.raises(KeyFault, match=r"several signing keys \(a, b\)"):
        signing_key(path)
    called = signing(path).primary("signing")
    assert signing_key(path).public == called.public
