import base64
import importlib
import os

import numpy as np
import pyarrow as pa
import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, AESSIV
from hypothesis import given
from hypothesis import strategies as st

from beam_deid.transforms.actions.action import Target
from beam_deid.transforms.actions.encrypt import Encrypt
from beam_deid.transforms.crypto.siv import Siv
from beam_deid.transforms.crypto.tokens import PREFIX, Opened, make_tokens, open_tokens
from beam_deid.transforms.terms import Reason

from ..kit.fixed_keys import FixedKeys
from .samples import random_texts

URL_SAFE = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
IV = 16
KEYS = {identity: bytes([identity % 251]) * 64 for identity in (1, 7, 0x80000000, 0xFFFFFFFF)}

# The published test keyset of dapla-dlp-pseudo-core: an AesSivKey is a tag, a length and the key.
TINK_ID = 1284924461
TINK_KEY = base64.b64decode("EkCIjYUrKTTMAxEZST8xoyBXrfSLtTt+XmfBcE/PQxhr1Ob+YdD84bSMPQDaTGMqD241C4J7oQ+w3RFXaC8vKzbI")
TINK_TOKENS = {
    "Something": "AUyWZC3OtYjeblGN+jZeR4w6alLoxuSsaigbZ+am",
    "Ken sent me...": "AUyWZC0ywbNOjzEZZZcMRHK+7P0ZYsgotQ9hZdbxsw/A2PM=",
}


def made(values, identity=7, key=None):
    return make_tokens(pa.array(values, pa.string()), identity, Siv(key or KEYS[identity]).seal)


def opened(tokens, keys=KEYS):
    """The texts, and the reason of every row (None where it is not at fault)."""
    column = tokens if isinstance(tokens, pa.Array) else pa.array(tokens, pa.string())

    def opener(identity):
        return (lambda sealed: Opened(*Siv(keys[identity]).open(sealed))) if identity in keys else None

    texts, faults = open_tokens(column, IV, opener)
    assert len(texts) == len(column)
    reasons = [None] * len(column)
    for mask, reason in faults:
        assert mask.null_count == 0
        for row in np.flatnonzero(mask.to_numpy(zero_copy_only=False)):
            assert reasons[row] is None
            reasons[row] = reason
    return texts.to_pylist(), reasons


def url_safe(standard):
    return standard.rstrip("=").replace("+", "-").replace("/", "_")


def standard(token):
    return base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))


TEXTS = st.lists(st.one_of(st.none(), st.text(max_size=60)), max_size=30)


@given(TEXTS)
def test_any_text_comes_back_and_null_and_empty_stay(texts):
    tokens = made(texts)
    assert opened(tokens) == (texts, [None] * len(texts))
    for text, token in zip(texts, tokens.to_pylist(), strict=True):
        assert (token in (None, "")) == (text in (None, ""))
        assert token == text or set(token) <= set(URL_SAFE)


@given(TEXTS, st.data())
def test_the_tokens_of_a_slice_are_the_slice_of_the_tokens(texts, data):
    begin = data.draw(st.integers(0, len(texts)))
    end = data.draw(st.integers(begin, len(texts)))
    column = pa.array(texts, pa.string())
    cipher = Siv(KEYS[7])
    tokens = make_tokens(column, 7, cipher.seal)
    assert make_tokens(column[begin:end], 7, cipher.seal).to_pylist() == tokens[begin:end].to_pylist()
    assert opened(tokens[begin:end])[0] == texts[begin:end]


def test_ten_thousand_texts_of_every_length_have_the_bytes_of_cryptography():
    texts = random_texts(5)
    peer = AESSIV(KEYS[7])
    tokens = made(texts).to_pylist()
    for text, token in zip(texts, tokens, strict=True):
        expected = b"\x01\0\0\0\x07" + peer.encrypt(text.encode(), [b""]) if text else b""
        assert token == base64.urlsafe_b64encode(expected).rstrip(b"=").decode()
    assert opened(tokens) == (texts, [None] * len(texts))


def test_more_rows_than_one_group_holds_keep_their_order():
    texts = [None if number % 7 == 0 else str(number**3) for number in range(70_000)]
    assert opened(made(texts)) == (texts, [None] * len(texts))


def test_equal_texts_have_equal_tokens_and_other_keys_unrelated_ones():
    one, again, other = made(["张三", "张三", "李四"]).to_pylist()
    assert one == again != other
    (foreign,) = made(["张三"], key=b"x" * 64).to_pylist()
    assert standard(one)[:PREFIX] == standard(foreign)[:PREFIX]
    assert sum(a == b for a, b in zip(standard(one)[PREFIX:], standard(foreign)[PREFIX:], strict=True)) < 8


@pytest.mark.parametrize("text", ["13800138000", "a", "杭州市西湖区文三路 1 号", "sixteen bytes..."])
def test_every_changed_character_is_caught(text):
    (token,) = made([text]).to_pylist()
    changed = []
    places = []
    for place, character in enumerate(token):
        for other in URL_SAFE + "+/= \0é":
            if other != character:
                changed.append(token[:place] + other + token[place + 1 :])
                places.append((place, other))
    texts, reasons = opened([*changed, token])
    assert texts == [None] * len(changed) + [text]
    assert reasons[-1] is None
    for (place, other), reason in zip(places, reasons, strict=False):
        if other not in URL_SAFE or place == 0:  # the first character is bits of the version alone
            assert reason is Reason.NO_TOKEN
        elif 2 <= place <= 5:  # bits of the key's id alone
            assert reason is Reason.NO_SUCH_KEY
        elif 7 <= place < len(token) - 1:
            assert reason is Reason.NOT_AUTHENTIC
        else:
            assert reason is not None


def test_another_domain_is_not_authentic_and_another_key_is_no_such_key():
    texts = ["13800138000", "张三"]
    tokens = made(texts)
    another = {7: b"another domain's subkey, same id".ljust(64)}
    assert opened(tokens, another) == ([None] * 2, [Reason.NOT_AUTHENTIC] * 2)
    assert opened(tokens, {8: KEYS[7]}) == ([None] * 2, [Reason.NO_SUCH_KEY] * 2)
    assert opened(tokens, {}) == ([None] * 2, [Reason.NO_SUCH_KEY] * 2)


def test_what_is_no_token_is_told():
    (token,) = made(["13800138000"]).to_pylist()
    short = base64.urlsafe_b64encode(b"\x01\0\0\0\x07" + bytes(15)).rstrip(b"=").decode()
    version = base64.urlsafe_b64encode(b"\x02" + standard(token)[1:]).rstrip(b"=").decode()
    others = ["x", "AQ", "AQAAAAc", "13800138000", "张三", short, version, token[:-2] + "==", " " + token, token + "\n"]
    assert opened(others) == ([None] * len(others), [Reason.NO_TOKEN] * len(others))


def test_only_one_spelling_of_a_token_is_a_token():
    for length in range(1, 40):
        texts = [f"{number:0{length}d}"[:length] for number in range(40)]
        for token in made(texts).to_pylist():
            spellings = [token + "=" * count for count in (1, 2, 3)]
            plain = token.replace("-", "+").replace("_", "/")
            if plain != token:
                spellings.append(plain)
            if len(token) % 4:  # the last character has two or four bits that stand for nothing
                last = URL_SAFE.index(token[-1])
                stray = 4 if len(token) % 4 == 3 else 16
                assert last % stray == 0
                spellings += [token[:-1] + URL_SAFE[last + bits] for bits in range(1, stray)]
            assert opened(spellings) == ([None] * len(spellings), [Reason.NO_TOKEN] * len(spellings))


def test_a_truncated_or_lengthened_token_is_caught():
    (token,) = made(["浙江省杭州市"]).to_pylist()
    cut = [token[:length] for length in range(1, len(token))] + [token + "A" * count for count in range(1, 9)]
    texts, reasons = opened(cut)
    assert texts == [None] * len(cut)
    assert set(reasons) == {Reason.NO_TOKEN, Reason.NOT_AUTHENTIC}


def test_one_column_may_mix_keys_faults_nulls_and_empties():
    parts = []
    expected = []
    wanted = []
    for identity in KEYS:
        parts += made([f"价值{identity}", "13800138000"], identity).to_pylist()
        expected += [f"价值{identity}", "13800138000"]
        wanted += [None, None]
    parts += [None, "", "nonsense", made(["x"], key=b"y" * 64).to_pylist()[0], made(["x"], 7).to_pylist()[0]]
    parts.append(make_tokens(pa.array(["x"]), 99, Siv(b"z" * 64).seal).to_pylist()[0])
    expected += [None, "", None, None, "x", None]
    wanted += [None, None, Reason.NO_TOKEN, Reason.NOT_AUTHENTIC, None, Reason.NO_SUCH_KEY]
    for turn in range(len(parts)):  # in any order
        turned = [rows[turn:] + rows[:turn] for rows in (parts, expected, wanted)]
        assert opened(turned[0]) == (turned[1], turned[2])


def test_a_key_is_looked_up_once_and_only_where_a_token_names_it():
    asked = []
    tokens = pa.array(
        made(["a", "bb", "ccc"] * 5, 1).to_pylist() + made(["a", "bb"], 7).to_pylist() + ["nonsense", None]
    )

    def opener(identity):
        asked.append(identity)
        return lambda sealed: Opened(*Siv(KEYS[identity]).open(sealed))

    open_tokens(tokens, IV, opener)
    assert sorted(asked) == [1, 7]


def test_authentic_bytes_that_are_no_text_are_told():
    sealed = AESSIV(KEYS[7]).encrypt(b"\xff\xfe", [b""])
    token = base64.urlsafe_b64encode(b"\x01\0\0\0\x07" + sealed).rstrip(b"=").decode()
    (good,) = made(["good"]).to_pylist()
    assert opened([token, good]) == ([None, "good"], [Reason.BAD_ENCODING, None])


def test_a_token_of_the_empty_text_that_another_program_made_opens():
    sealed = AESSIV(KEYS[7]).encrypt(b"", [b""])
    assert opened([base64.urlsafe_b64encode(b"\x01\0\0\0\x07" + sealed).rstrip(b"=").decode()]) == ([""], [None])


def test_columns_without_a_value():
    for column in ([], [None], ["", None, ""]):
        assert made(column).to_pylist() == column
        assert opened(made(column)) == (column, [None] * len(column))


def test_the_published_tokens_of_tink_are_ours_and_open():
    keys = {TINK_ID: TINK_KEY[2:]}
    tokens = made(list(TINK_TOKENS), TINK_ID, TINK_KEY[2:]).to_pylist()
    assert tokens == [url_safe(token) for token in TINK_TOKENS.values()]
    assert opened(tokens, keys) == (list(TINK_TOKENS), [None, None])


def tink_primitive(module, kind, type_name, value, identity):
    pytest.importorskip("tink", reason="tink is not installed")
    from tink import proto_keyset_format, secret_key_access
    from tink.proto import tink_pb2

    module = importlib.import_module(f"tink.{module}")
    module.register()
    keyset = tink_pb2.Keyset(primary_key_id=identity)
    key = keyset.key.add(key_id=identity, status=tink_pb2.ENABLED, output_prefix_type=tink_pb2.TINK)
    key.key_data.type_url = f"type.googleapis.com/google.crypto.tink.{type_name}"
    key.key_data.value = value
    key.key_data.key_material_type = tink_pb2.KeyData.SYMMETRIC
    handle = proto_keyset_format.parse(keyset.SerializeToString(), secret_key_access.TOKEN)
    return handle.primitive(getattr(module, kind))


def test_tink_opens_our_tokens_and_we_open_those_of_tink():
    key = os.urandom(64)
    tink = tink_primitive("daead", "DeterministicAead", "AesSivKey", b"\x12\x40" + key, 0xFFFFFFFE)
    texts = [text for text in random_texts(6)[:1000] if text]
    tokens = made(texts, 0xFFFFFFFE, key).to_pylist()
    assert [tink.decrypt_deterministically(standard(token), b"").decode() for token in tokens] == texts
    theirs = [base64.urlsafe_b64encode(tink.encrypt_deterministically(text.encode(), b"")) for text in texts]
    theirs = [token.rstrip(b"=").decode() for token in theirs]
    assert theirs == tokens
    assert opened(theirs, {0xFFFFFFFE: key}) == (texts, [None] * len(texts))


def encrypted(texts):
    """The ciphertexts of the action ``encrypt``, its way back, and the AES-GCM key and the id that it has."""
    target = Target("crm", "address")
    keys = FixedKeys()
    action = Encrypt()
    tokens = action.bind(target, keys)(pa.array(texts, pa.string()), None).values
    subkey = action.subkey(target, keys)
    return tokens, action.restoring(target, keys, None), subkey.bytes[:32], subkey.id


def test_a_ciphertext_is_the_prefix_a_nonce_and_what_aes_gcm_makes():
    texts = random_texts(7)[:1000]
    tokens, _, key, identity = encrypted(texts)
    for text, token in zip(texts, tokens.to_pylist(), strict=True):
        data = standard(token)
        if text:
            assert data[:PREFIX] == b"\x01" + identity.to_bytes(4, "big")
            assert AESGCM(key).decrypt(data[PREFIX : PREFIX + 12], data[PREFIX + 12 :], None).decode() == text
        else:
            assert data == b""


def test_tink_opens_our_ciphertexts_and_we_open_those_of_tink():
    texts = [text for text in random_texts(8)[:1000] if text]
    tokens, restore, key, identity = encrypted(texts)
    tink = tink_primitive("aead", "Aead", "AesGcmKey", b"\x1a\x20" + key, identity)
    assert [tink.decrypt(standard(token), b"").decode() for token in tokens.to_pylist()] == texts
    theirs = [base64.urlsafe_b64encode(tink.encrypt(text.encode(), b"")).rstrip(b"=").decode() for text in texts]
    restored = restore(pa.array([*theirs, *tokens.to_pylist()]))
    assert restored.values.to_pylist() == texts * 2
    assert restored.faults == ()
