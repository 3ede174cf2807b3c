import json
import os
import shlex
import sys
import time
from pathlib import Path

import pytest

from beam_deid.transforms.crypto.keks import KEKS, kek_kind, kek_of
from beam_deid.transforms.crypto.keks.passphrase import PassphraseKek
from beam_deid.transforms.crypto.keyring_file import create, opened
from beam_deid.transforms.errors import KeyFault

from ..kit.keys import KEK
from ..kit.prompt import promptly
from .rings import keys_of, made, rotated

PASSPHRASE = "correct horse battery staple"


@pytest.fixture(autouse=True)
def _kek(monkeypatch):
    monkeypatch.setenv("TEST_KEK", KEK)
    monkeypatch.setenv("TEST_PASSPHRASE", PASSPHRASE)


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "kek"
    path.touch(mode=0o600)
    path.write_text(KEK + "\n")
    return path


def printing(text):
    return "command:" + shlex.join([sys.executable, "-c", f"print({text!r})"])


def sources(file):
    return ["env:TEST_KEK", f"file:{file}", "passphrase:TEST_PASSPHRASE", printing(KEK)]


@pytest.mark.slow("stretches passphrases")
@pytest.mark.parametrize("number", range(4))
def test_a_keyring_is_made_opened_and_rotated_under_each(tmp_path, file, number):
    path = made(tmp_path, sources(file)[number])
    before = keys_of(path)
    rotated(path)
    assert len(keys_of(path)) == 2
    assert before.items() <= keys_of(path).items()
    text = Path(path).read_text()
    assert PASSPHRASE not in text
    assert number == 3 or KEK not in text  # a command that is its own secret is its author's doing


def test_a_wrapped_key_opens_under_its_own_context_alone():
    kek = kek_of("env:TEST_KEK", kek_kind("env:TEST_KEK").parameters())
    wrapped = kek.wrap(b"k" * 32, "one")
    assert kek.unwrap(wrapped, "one") == b"k" * 32
    assert kek.wrap(b"k" * 32, "one") != wrapped
    for data, context in ((wrapped, "other"), (wrapped[:-1], "one"), (b"", "one"), (bytes(60), "one")):
        with pytest.raises(KeyFault, match="does not open"):
            kek.unwrap(data, context)


def test_a_files_last_line_break_does_not_count(tmp_path, file, monkeypatch):
    path = made(tmp_path, f"file:{file}")
    keys = keys_of(path)
    for ending in ("", "\n", "\r\n"):
        file.write_bytes(KEK.encode() + ending.encode())
        assert keys_of(path) == keys


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda file: file.chmod(0o644), "chmod 600"),
        (lambda file: file.write_text("short"), "at least 32"),
        (lambda file: file.unlink(), "cannot be read"),
        (lambda file: file.write_text("x" * 40), "does not open"),
    ],
)
def test_a_file_that_will_not_do_is_told(tmp_path, file, spoil, said):
    path = made(tmp_path, f"file:{file}")
    spoil(file)
    with pytest.raises(KeyFault, match=said) as caught:
        keys_of(path)
    assert KEK not in str(caught.value)


@pytest.mark.parametrize("place", ["pipe", "device", "folder"])
def test_what_is_no_file_is_refused_at_once(tmp_path, file, place):
    path = made(tmp_path, f"file:{file}")
    file.unlink()
    {"pipe": lambda: os.mkfifo(file, 0o600), "device": lambda: file.symlink_to(os.devnull), "folder": file.mkdir}[
        place
    ]()
    with promptly(), pytest.raises(KeyFault, match="cannot be read") as caught:
        keys_of(path)
    assert caught.value.where == f"file:{file}"
    assert caught.value.next_step == "Give the one that the keyring was made with"


@pytest.mark.parametrize(("value", "said"), [(None, "not set"), ("short", "at least 32"), ("x" * 40, "does not open")])
def test_a_variable_that_will_not_do_is_told(tmp_path, monkeypatch, value, said):
    path = made(tmp_path)
    monkeypatch.delenv("TEST_KEK") if value is None else monkeypatch.setenv("TEST_KEK", value)
    with pytest.raises(KeyFault, match=said) as caught:
        keys_of(path)
    # A new key would open nothing; it is advised where the keyring is still to be made.
    assert caught.value.next_step == "Give the one that the keyring was made with"
    if value != "x" * 40:
        with pytest.raises(KeyFault, match=said) as caught:
            made(tmp_path / "another")
        assert "Make one with" in caught.value.next_step


@pytest.mark.parametrize(
    ("value", "said"), [(None, "not set"), ("hunter2", "shorter than 12"), ("another passphrase", "does not open")]
)
def test_a_passphrase_that_will_not_do_is_told(tmp_path, monkeypatch, value, said):
    path = made(tmp_path, "passphrase:TEST_PASSPHRASE")
    monkeypatch.delenv("TEST_PASSPHRASE") if value is None else monkeypatch.setenv("TEST_PASSPHRASE", value)
    with pytest.raises(KeyFault, match=said) as caught:
        keys_of(path)
    assert str(value) == "None" or str(value) not in str(caught.value)


def test_a_passphrase_is_stretched_by_scrypt_with_the_costs_in_the_file(tmp_path):
    path = made(tmp_path, "passphrase:TEST_PASSPHRASE")
    kek = opened(path).kek
    assert (kek["n"], kek["r"], kek["p"]) == (2**17, 8, 1)
    assert len(bytes.fromhex(kek["scrypt_salt"])) == 16
    from hashlib import scrypt

    expected = scrypt(
        PASSPHRASE.encode(),
        salt=bytes.fromhex(kek["scrypt_salt"]),
        n=kek["n"],
        r=kek["r"],
        p=kek["p"],
        maxmem=1 << 28,
        dklen=32,
    )
    assert PassphraseKek("TEST_PASSPHRASE", kek).material() == expected


@pytest.mark.parametrize(
    "costs", [{"n": 1 << 40}, {"n": 3}, {"r": 1 << 20}, {"p": 1 << 20}, {"n": "x"}, {"scrypt_salt": "zz"}]
)
def test_costs_that_nobody_can_pay_are_refused_at_once(tmp_path, costs):
    path = made(tmp_path, "passphrase:TEST_PASSPHRASE")
    document = json.loads(Path(path).read_text())
    document["kek"].update(costs)
    Path(path).write_text(json.dumps(document))
    started = time.monotonic()
    with pytest.raises(KeyFault, match="none of ours"):
        keys_of(path)
    assert time.monotonic() - started < 30


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("no-such-program --secret hunter2", "cannot be run"),
        ("false hunter2", "ended with 1"),
        ("echo hunter2", "at least 32"),
        ("'unbalanced hunter2", "no command is named"),
        (f"echo {KEK} ; echo x", "does not open"),
    ],
)
def test_a_command_that_will_not_do_is_told_without_its_arguments(tmp_path, command, said):
    path = made(tmp_path, printing(KEK))
    document = json.loads(Path(path).read_text())
    document["kek"]["source"] = f"command:{command}"
    Path(path).write_text(json.dumps(document))
    with pytest.raises(KeyFault, match=said) as caught:
        keys_of(path)
    assert "hunter2" not in str(caught.value)


def test_no_shell_reads_a_command(tmp_path):
    target = tmp_path / "touched"
    path = made(tmp_path, f"command:echo {KEK}; touch {target}")
    assert len(keys_of(path)) == 1
    assert not target.exists()


@pytest.mark.skipif(os.getuid() != 0, reason="only root gives files away")
def test_a_command_of_somebody_elses_keyring_is_not_run(tmp_path):
    path = made(tmp_path, printing(KEK))
    os.chown(path, 65534, 65534)
    with pytest.raises(KeyFault, match="others than you"):
        keys_of(path)


def test_a_command_of_a_keyring_that_a_group_may_write_is_not_run(tmp_path):
    path = made(tmp_path, printing(KEK))
    os.chmod(path, 0o620)
    with pytest.raises(KeyFault, match="others than you"):
        keys_of(path)


@pytest.mark.skipif(os.getuid() != 0, reason="only root gives files away")
def test_whether_a_command_is_run_is_said_by_the_file_that_named_it(tmp_path):
    touched = tmp_path / "touched"
    path = made(tmp_path, printing(KEK))
    own = Path(path).read_bytes()
    document = json.loads(own)
    document["kek"]["source"] = f"command:touch {touched}"
    Path(path).write_text(json.dumps(document))
    os.chown(path, 65534, 65534)
    ring = opened(path)
    other = tmp_path / "other.keyring"
    other.touch(mode=0o600)
    other.write_bytes(own)
    os.replace(other, path)  # what is at the path now is ours; what was read was not
    with pytest.raises(KeyFault, match="others than you"):
        ring.opener().material()
    assert not touched.exists()
    ring = opened(path)
    os.chown(path, 65534, 65534)
    assert ring.opener().material() == KEK.encode()


def test_a_command_of_a_keyring_that_was_just_made_or_changed_is_run(tmp_path):
    ring = create(str(tmp_path / "a.keyring"), printing(KEK))
    assert ring.opener().material() == KEK.encode()
    assert rotated(ring.path).opener().material() == KEK.encode()


@pytest.mark.parametrize("source", ["", "env", "env:", "s3cr3t-key-pasted-in-place", "vault:x", "ENV:x"])
def test_a_source_that_names_nothing_is_refused_and_not_repeated(tmp_path, source):
    with pytest.raises(KeyFault) as caught:
        create(str(tmp_path / "a.keyring"), source)
    assert "s3cr3t" not in str(caught.value)
    assert all(kek.form in str(caught.value) for kek in KEKS)
    assert not list(tmp_path.iterdir())


def test_a_key_encryption_key_is_not_shown(file):
    for source in sources(file)[:3]:
        kek = kek_of(source, kek_kind(source).parameters())
        kek.wrap(b"k" * 32, "x")
        assert KEK not in repr(kek)
        assert PASSPHRASE not in repr(kek)
