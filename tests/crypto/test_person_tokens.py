"""Tokens under secrets of persons, beside an implementation of their description in plain Python."""

import hashlib
import hmac

import numpy as np
import pyarrow as pa
import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from hypothesis import given
from hypothesis import strategies as st

from beam_deid.transforms.columns.sizes import by_size
from beam_deid.transforms.crypto.person_tokens import LEAST, PersonTokens

KEY = hashlib.sha256(b"a key of a test").digest()
SECRETS = st.binary(min_size=16, max_size=16)
PAIRS = st.lists(st.tuples(SECRETS, st.text(max_size=90)), min_size=1, max_size=12)


def part(label: bytes, key: bytes = KEY) -> bytes:
    return hmac.new(key, b"beam-deid/per subject\x00" + label, hashlib.sha256).digest()


def mac(label: bytes, data: bytes) -> bytes:
    return hmac.new(part(label), data, hashlib.sha256).digest()


def sealed_plainly(secret: bytes, value: bytes) -> bytes:
    """What the description says, byte by byte."""
    vector = mac(b"vector", secret + value)[:16]
    stream = b""
    for counter in range(len(value) // 32 + 1):
        stream += mac(b"stream", secret + vector + counter.to_bytes(4, "big"))
    cipher = bytes(a ^ b for a, b in zip(value, stream, strict=False))
    handle = mac(b"handle", secret)[:12] + bytes(4)
    aes = Cipher(algorithms.AES(part(b"handle in a token")), modes.ECB()).encryptor()
    hidden = aes.update(bytes(a ^ b for a, b in zip(handle, aes.update(vector), strict=True)))
    return hidden + vector + cipher


def words(secrets: list[bytes]) -> np.ndarray:
    return np.frombuffer(b"".join(secrets), "<u8").reshape(-1, 2)


def sealed(tokens: PersonTokens, pairs: list[tuple[bytes, str]]) -> list[bytes]:
    secrets = words([secret for secret, _ in pairs])
    found: list[bytes] = [b""] * len(pairs)
    for group in by_size(pa.array([value for _, value in pairs], pa.string())):
        for row, data in zip(group.rows, tokens.seal(group, secrets[group.rows]), strict=True):
            found[row] = data.tobytes()
    return found


def matrix(data: bytes) -> np.ndarray:
    return np.frombuffer(data, np.uint8).reshape(1, -1)


@given(PAIRS)
def test_they_are_what_their_description_says(pairs):
    assert sealed(PersonTokens(KEY), pairs) == [sealed_plainly(secret, value.encode()) for secret, value in pairs]


@given(PAIRS)
def test_with_key_and_secret_they_are_turned_back(pairs):
    tokens = PersonTokens(KEY)
    for (secret, value), one in zip(pairs, sealed(tokens, pairs), strict=True):
        handles, ours = tokens.handles_in(matrix(one))
        opened, authentic = tokens.open(matrix(one), words([secret]))
        assert ours.all()
        assert (handles == tokens.handles(words([secret]))).all()
        assert authentic.all()
        assert opened.tobytes() == value.encode()


@given(SECRETS, SECRETS, st.text(max_size=40))
def test_another_secret_opens_none_and_makes_none(secret, other, value):
    tokens = PersonTokens(KEY)
    one, two = sealed(tokens, [(secret, value), (other, value)])
    assert (one == two) == (secret == other)
    if secret != other:
        assert one[16:32] != two[16:32]
        assert not tokens.open(matrix(one), words([other]))[1].any()


@given(SECRETS, st.text(max_size=40), st.data())
def test_a_token_that_was_changed_is_never_authentic(secret, value, data):
    tokens = PersonTokens(KEY)
    (one,) = sealed(tokens, [(secret, value)])
    place = data.draw(st.integers(0, len(one) * 8 - 1))
    changed = bytearray(one)
    changed[place // 8] ^= 1 << place % 8
    handles, ours = tokens.handles_in(matrix(bytes(changed)))
    named = (handles == tokens.handles(words([secret]))).all()
    authentic = tokens.open(matrix(bytes(changed)), words([secret]))[1]
    assert not (ours.all() and named and authentic.all())
    if place < 8 * LEAST:  # what names the secret: no other person's secret is named by chance
        assert not ours.any()


@given(st.lists(st.text(min_size=1, max_size=12), min_size=2, max_size=8, unique=True), SECRETS)
def test_tokens_of_one_person_have_no_block_in_common(values, secret):
    made = sealed(PersonTokens(KEY), [(secret, value) for value in values])
    assert len({one[:16] for one in made}) == len({one[16:32] for one in made}) == len(made)


def test_another_domain_knows_neither_persons_nor_tokens():
    one, other = PersonTokens(KEY), PersonTokens(hashlib.sha256(KEY).digest())
    named = pa.array(["buyer-1"])
    assert (one.persons(named) != other.persons(named)).any()
    (token,) = sealed(one, [(bytes(16), "13800000000")])
    assert not other.handles_in(matrix(token))[1].any()


@pytest.mark.parametrize("size", [0, 1, 31, 32, 33, 64, 65, 200])
def test_every_size_has_a_keystream_of_its_own_length(size):
    (token,) = sealed(PersonTokens(KEY), [(bytes(range(16)), "x" * size)])
    assert token == sealed_plainly(bytes(range(16)), b"x" * size)
    assert len(token) == LEAST + size
