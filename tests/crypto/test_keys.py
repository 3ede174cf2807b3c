import base64
import copy
import itertools
import os
import pickle
import secrets
import threading
import time

import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from beam_deid.transforms.crypto.ephemeral import destroy_ephemeral, make_ephemeral, read_ephemeral
from beam_deid.transforms.crypto.keyring_file import keyring_ids
from beam_deid.transforms.crypto.keys import Keys, check_reference
from beam_deid.transforms.crypto.read_secret import read_private
from beam_deid.transforms.crypto.secret_source import check_secret
from beam_deid.transforms.errors import KeyFault, NoSuchKey, UsageError

from ..kit.keys import KEK
from ..kit.prompt import promptly
from .rings import destroyed, keys_of, made, rotated

KEY = "a-key-for-tests-0123456789-0123456789"


@pytest.fixture(autouse=True)
def _keys(monkeypatch):
    monkeypatch.setenv("TEST_KEK", KEK)
    monkeypatch.setenv("TEST_KEY", KEY)


@pytest.fixture
def path(tmp_path):
    return made(tmp_path)


def derived(master, use, domain, size=32):
    info = b"beam-deid/1\x00" + use.encode() + b"\x00" + domain.encode()
    return HKDF(algorithm=SHA256(), length=size, salt=None, info=info).derive(master)


def test_a_subkey_is_hkdf_of_the_key_with_use_and_domain(path):
    (identity,), (master,) = zip(*keys_of(path).items(), strict=True)
    subkey = Keys(keyring=path).subkey("tokenize", "customer", size=64)
    assert (subkey.id, subkey.bytes) == (identity, derived(master, "tokenize", "customer", 64))
    assert Keys("env:TEST_KEY").subkey("fpe", "d").bytes == derived(KEY.encode(), "fpe", "d")


def test_use_domain_and_key_part_subkeys(path, monkeypatch):
    monkeypatch.setenv("OTHER_KEY", KEY[::-1])
    keys = Keys(keyring=path)
    asked = [("a", "b", None), ("b", "a", None), ("a", "c", None), ("ab", "", None)]
    asked += [("a", "b", "env:TEST_KEY"), ("a", "b", "env:OTHER_KEY")]
    assert len({keys.subkey(*one).bytes for one in asked}) == len(asked)
    assert len({keys.subkey(*one).check() for one in asked}) == len(asked)


def test_a_check_is_no_part_of_its_key(path):
    subkey = Keys(keyring=path).subkey("fpe", "d")
    assert len(subkey.check()) == 16
    assert subkey.check() not in subkey.bytes.hex()


def test_an_old_version_is_had_by_its_id_and_a_pinned_one_stays(path):
    (old,) = keys_of(path)
    pinned = Keys(keyring=path, pinned=keyring_ids(path)[1])
    new = rotated(path).primary("main").id
    assert Keys(keyring=path).subkey("a", "b").id == new
    assert pinned.subkey("a", "b").id == old
    assert Keys(keyring=path).subkey("a", "b", identity=old).bytes == pinned.subkey("a", "b").bytes


def test_a_version_of_another_key_a_destroyed_one_and_an_unknown_one_are_told(path):
    (old,) = keys_of(path)
    other = rotated(path, "other").primary("other").id
    destroyed(path, old)
    keys = Keys(keyring=path)
    for identity, said in ((other, "no version"), (old, "destroyed on"), (5, "no key with the id")):
        with pytest.raises(NoSuchKey, match=said):
            keys.subkey("a", "b", identity=identity)
    with pytest.raises(KeyFault, match="main, other"):
        keys.subkey("a", "b", "keyring:third")
    assert keys.subkey("a", "b", "keyring:other").id == other


def test_a_single_key_has_an_id_of_its_own_and_no_other():
    keys = Keys("env:TEST_KEY")
    identity = keys.subkey("a", "b").id
    assert 0 < identity < 1 << 32
    assert keys.subkey("a", "b", identity=identity).bytes == keys.subkey("a", "b").bytes
    with pytest.raises(NoSuchKey):
        keys.subkey("a", "b", identity=identity ^ 1)


def test_a_last_line_break_is_no_part_of_a_key(tmp_path, monkeypatch):
    path = tmp_path / "key"
    path.touch(mode=0o600)
    expected = Keys("env:TEST_KEY").subkey("a", "b").bytes
    for ending in ("", "\n", "\r\n"):
        path.write_bytes(KEY.encode() + ending.encode())
        assert Keys(f"file:{path}").subkey("a", "b").bytes == expected
    path.chmod(0o644)
    with pytest.raises(KeyFault, match="chmod 600"):
        Keys(f"file:{path}").subkey("a", "b")


def test_a_mounted_key_is_a_link_to_a_link_and_is_judged_by_the_file_that_it_leads_to(tmp_path):
    # As Kubernetes mounts a secret: key -> ..data/key, ..data -> a folder with a date.
    folder = tmp_path / "..2026_01_01"
    folder.mkdir()
    (folder / "key").write_text(KEY)
    (folder / "key").chmod(0o440)
    (tmp_path / "..data").symlink_to(folder.name)
    (tmp_path / "key").symlink_to("..data/key")
    expected = Keys("env:TEST_KEY").subkey("a", "b").bytes
    assert Keys(f"file:{tmp_path}/key").subkey("a", "b").bytes == expected
    (folder / "key").chmod(0o444)
    with pytest.raises(KeyFault, match="chmod 600"):
        Keys(f"file:{tmp_path}/key").subkey("a", "b")


def test_what_is_read_is_what_was_judged_however_fast_the_file_is_exchanged(tmp_path):
    for name, mode in (("private", 0o600), ("planted", 0o666)):
        (tmp_path / name).touch()
        (tmp_path / name).chmod(mode)
        (tmp_path / name).write_text(name)
    path = tmp_path / "key"
    done = threading.Event()
    path.symlink_to("private")

    def exchange():
        for name in itertools.cycle(("planted", "private")):
            if done.is_set():
                return
            (tmp_path / "next").symlink_to(name)
            os.replace(tmp_path / "next", path)

    exchanging = threading.Thread(target=exchange)
    exchanging.start()
    read = set()
    refused = 0
    try:
        until = time.monotonic() + 1
        with promptly():
            while time.monotonic() < until or not (read and refused):
                try:
                    read.add(read_private(str(path), "key"))
                except KeyFault:
                    refused += 1
    finally:
        done.set()
        exchanging.join()
    assert read == {b"private"}


def test_a_pipe_is_no_key_file_and_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe", 0o600)
    with promptly(), pytest.raises(KeyFault, match="no regular file"):
        Keys(f"file:{tmp_path}/pipe").subkey("a", "b")


@pytest.mark.parametrize(
    ("reference", "said"),
    [
        (None, "no key is named"),
        ("env:NO_SUCH", "not set"),
        ("file:/no/such", "cannot be read"),
        ("keyring:main", "names no keyring"),
        ("s3cr3t-pasted", "not a key reference"),
        ("ephemeral:r", "only `beam-deid run`"),
    ],
)
def test_what_cannot_be_resolved_is_told(reference, said):
    with pytest.raises(KeyFault, match=said) as caught:
        Keys(reference).subkey("a", "b")
    assert "s3cr3t" not in str(caught.value)


def test_no_key_is_pickled_copied_or_shown(path):
    keys = Keys("env:TEST_KEY", keyring=path)
    subkeys = [keys.subkey("a", "b"), keys.subkey("a", "b", "keyring:main")]
    secret = [KEY.encode(), *keys_of(path).values(), *(subkey.bytes for subkey in subkeys)]
    for text in (pickle.dumps(keys), repr(keys.__dict__).encode(), repr(subkeys).encode()):
        assert not any(one in text for one in secret)
    assert pickle.loads(pickle.dumps(keys)).subkey("a", "b").bytes == subkeys[0].bytes
    for act in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(KeyFault, match="cannot be pickled"):
            act(subkeys[0])


def test_an_ephemeral_key_is_its_owners_is_read_by_all_and_is_gone(tmp_path):
    folder = str(tmp_path / "keys")
    make_ephemeral(folder, "crm")
    file = tmp_path / "keys" / "crm.key"
    assert file.stat().st_mode & 0o777 == 0o600
    one, other = (Keys(folder=folder).subkey("a", "b", "ephemeral:crm") for _ in range(2))
    assert (one.id, one.bytes) == (other.id, other.bytes)
    key = read_ephemeral(folder, "crm")
    with open(file, "rb") as stream:
        destroy_ephemeral(folder, "crm")
        assert stream.read() == bytes(len(key))
    assert not file.exists()
    with pytest.raises(KeyFault, match="gone"):
        read_ephemeral(folder, "crm")


@pytest.mark.parametrize("reference", ["env:", "file:", "keyring:", "ephemeral", "vault:x", "x", "", "env", "ENV:X"])
def test_a_wrong_reference_is_told_without_being_repeated(reference):
    said = check_reference(reference)
    assert said
    assert reference == "" or f"'{reference}'" not in said


@pytest.mark.parametrize("scheme", ["env", "file", "keyring"])
@pytest.mark.parametrize(
    "key", ["5a" * 32, "AB" * 16, "0x" + "ab" * 32, "Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4Zm9vYmFyMDE="], ids=len
)
def test_a_key_that_was_pasted_behind_the_scheme_is_refused_and_not_repeated(scheme, key):
    said = check_reference(f"{scheme}:{key}")
    assert said is not None
    assert key not in said


@pytest.mark.parametrize(
    "reference",
    [
        "env:BEAM_DEID_KEY",
        "env:key",
        "env:THE_KEY_OF_ALL_ORDERS_OF_THE_SHOP_2026",
        "env:shop.key-2",
        "keyring:main",
        "file:keys/Orders2026/TheKeyOfAllOrdersOfTheShop",
        "file:/run/secrets/deadbeef.key",
        "file:~/" + "ab" * 15,
    ],
)
def test_names_of_places_are_none(reference):
    assert check_reference(reference) is None


class Fetching:
    """Fetches its secret."""

    def get_secret_bytes(self):
        return KEY.encode()


class Failing:
    """May not fetch its secret here."""

    name = "projects/p/secrets/s"

    def get_secret_bytes(self):
        raise RuntimeError("permission denied")


class Carrying:
    """Carries something."""

    def __init__(self, carried):
        self.carried = carried

    def get_secret_bytes(self):
        return KEY.encode()


class Unpicklable(Fetching):
    """Cannot be sent."""

    def __reduce__(self):
        raise TypeError("no")


@pytest.mark.parametrize(
    "secret", [Fetching(), Failing(), Carrying("projects/p/secrets/s")], ids=lambda one: type(one).__name__
)
def test_what_fetches_its_secret_is_taken(secret):
    check_secret(secret)


@pytest.mark.parametrize(
    "carried",
    [
        KEY,
        KEY.encode(),
        base64.urlsafe_b64encode(KEY.encode()).rstrip(b"=").decode(),
        KEY.encode().hex(),
        KEY.encode().hex().upper(),
        bytearray(KEY.encode()),
        [KEY.encode()],
        {"k": KEY},
        secrets.token_bytes(16),
    ],
    ids=["text", "bytes", "base64", "hex", "HEX", "bytearray", "list", "mapping", "other bytes"],
)
def test_what_carries_a_secret_is_refused(carried):
    with pytest.raises(UsageError, match="graph") as caught:
        check_secret(Carrying(carried))
    assert KEY not in str(caught.value)


@pytest.mark.parametrize(
    "secret", [KEY, KEY.encode(), object(), None, Unpicklable()], ids=lambda one: type(one).__name__
)
def test_what_is_no_source_is_refused(secret):
    with pytest.raises(UsageError):
        check_secret(secret)


def test_a_source_is_asked_on_the_worker_and_its_failure_told():
    keys = pickle.loads(pickle.dumps(Keys(secret=Fetching())))
    assert keys.subkey("a", "b").bytes == derived(KEY.encode(), "a", "b")
    with pytest.raises(KeyFault, match="RuntimeError") as caught:
        Keys(secret=Failing()).subkey("a", "b")
    assert "denied" not in str(caught.value)
