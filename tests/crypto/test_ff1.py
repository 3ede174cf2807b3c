import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_deid.transforms.crypto.ff1 import LEAST_DOMAIN, MOST_RADIX, Ff1, least_length

from ..kit.sampling import sampled
from . import wycheproof

DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
KEYS = (
    "2b7e151628aed2a6abf7158809cf4f3c",
    "2b7e151628aed2a6abf7158809cf4f3cef4359d8d580aa4f",
    "2b7e151628aed2a6abf7158809cf4f3cef4359d8d580aa4f7f036d6f04fc6a94",
)
SAMPLES = [  # NIST, Cryptographic Standards and Guidelines, Examples with Intermediate Values, FF1 samples 1 to 9
    (key, radix, tweak, plain, cipher)
    for radix, tweak, plain, ciphers in (
        (10, "", "0123456789", ("2433477484", "2830668132", "6657667009")),
        (10, "39383736353433323130", "0123456789", ("6124200773", "2496655549", "1001623463")),
        (
            36,
            "3737373770717273373737",
            "0123456789abcdefghi",
            ("a9tv40mll9kdu509eum", "xbj3kv35jrawxv32ysr", "xs8a0azh2avyalyzuwd"),
        ),
    )
    for key, cipher in zip(KEYS, ciphers, strict=True)
]
EDGES = [  # Wycheproof, aes_ff1_radix10_test.json: edge cases of the state
    ("26dbd1998c3a046ac3ff11937079c034", 10, "5e551c3daad7e5fa", plain, cipher)
    for plain, cipher in (
        ("000000", "894813"),
        ("999999", "851002"),
        ("512512", "543335"),
        ("511511", "671811"),
        ("481001", "833412"),
        ("218807", "404917"),
        ("738187", "843916"),
        ("275876", "437809"),
        ("179989", "199952"),
        ("072368", "252253"),
    )
] + [("474bbf2aff5c252419c49a07d50e2bdf", 10, "d64296c362368a3d", "302141", "166088")]
RADICES = (2, 3, 7, 10, 11, 16, 26, 31, 36, 62, 64, 85, 100, 255, 256, 257, 999, 1000, 4096, 21000, 32768, 65535, 65536)
FIRST = 0x10000  # the plane above the surrogates has a character for every numeral


def matrix(*values):
    return np.array(values, np.uint16).reshape(len(values), -1)


def numerals(text):
    return [DIGITS.index(character) for character in text]


def tweak_row(tweak):
    return np.frombuffer(tweak, np.uint8).reshape(1, -1)


def drawn(source, radix, rows, length):
    """Random numeral strings, extremes among them."""
    values = [[source.randrange(radix) for _ in range(length)] for _ in range(rows)]
    values[0] = [source.choice((0, radix - 1))] * length
    return values


@pytest.mark.parametrize(("key", "radix", "tweak", "plain", "cipher"), SAMPLES + EDGES)
def test_the_samples_of_nist_and_edge_cases_of_wycheproof(key, radix, tweak, plain, cipher):
    instance = Ff1(bytes.fromhex(key), radix)
    tweaks = tweak_row(bytes.fromhex(tweak))
    assert instance.encrypt(matrix(numerals(plain)), tweaks).tolist() == [numerals(cipher)]
    assert instance.decrypt(matrix(numerals(cipher)), tweaks).tolist() == [numerals(plain)]
    if not tweak:
        assert instance.encrypt(matrix(numerals(plain))).tolist() == [numerals(cipher)]


@pytest.mark.slow("thousands of vectors, each under a key of its own")
@pytest.mark.parametrize(
    "radix",
    sampled([10, 16, 26, 32, 36, 45, 62, 64, 85, 255, 256, 65535, 65536], 3),
    ids=lambda radix: f"radix{radix}",
)
def test_wycheproof_lists(radix):
    seen = {"made": 0, "refused": 0}
    for vectors in wycheproof.local(f"aes_ff1_radix{radix}_test.json"):
        for test in vectors["tests"]:
            seen["made" if _is_made(vectors["radix"], test, test["msg"], test["ct"]) else "refused"] += 1
    assert min(seen.values()) > 0


# Not base85: its alphabet has one letter twice, so its texts stand for more than one list of numerals.
@pytest.mark.slow("thousands of vectors, each under a key of its own")
@pytest.mark.parametrize("base", sampled([16, 10, 26, 32, 36, 45, 62, 64], 3, 1), ids=lambda base: f"base{base}")
def test_wycheproof_texts(base):
    seen = {"made": 0, "refused": 0}
    for vectors in wycheproof.local(f"aes_ff1_base{base}_test.json"):
        # str.find gives −1 for a character that is none of the alphabet, which is no numeral either.
        alphabet = vectors["alphabet"]
        assert len(set(alphabet)) == vectors["radix"]
        for test in vectors["tests"]:
            message, sealed = ([alphabet.find(character) for character in test[name]] for name in ("msg", "ct"))
            seen["made" if _is_made(vectors["radix"], test, message, sealed) else "refused"] += 1
    assert min(seen.values()) > 0


def _is_made(radix, test, message, sealed):
    """See that a test is met; whether it is one that has a ciphertext."""
    key = bytes.fromhex(test["key"])
    tweaks = tweak_row(bytes.fromhex(test["tweak"]))
    legacy = "SmallMessageSize" in test["flags"]  # valid in the first edition of SP 800-38G only
    if test["result"] == "valid" and not legacy:
        instance = Ff1(key, radix)
        assert instance.encrypt(matrix(message), tweaks).tolist() == [sealed], test["tcId"]
        assert instance.decrypt(matrix(sealed), tweaks).tolist() == [message], test["tcId"]
        return True
    if min(message, default=0) < 0 or max(message, default=0) >= MOST_RADIX:
        return False  # there is no matrix of such numerals
    with pytest.raises(ValueError, match=r"key|too few|not below"):
        Ff1(key, radix).encrypt(matrix(message), tweaks)
    return False


@pytest.mark.slow("thousands of values of radices up to 65,536")
@pytest.mark.parametrize("radix", RADICES)
def test_random_values_of_any_radix_length_and_tweak_are_those_of_libffx(radix):
    ffx = pytest.importorskip("ffx", reason="libffx is not installed")
    source = random.Random(radix)
    key = source.randbytes(source.choice((16, 24, 32)))
    ours = Ff1(key, radix)
    peer = ffx.FF1(key, alphabet="".join(chr(FIRST + number) for number in range(radix)))
    least = ours.least_length
    # Long values of a large radix are many words each: fewer lengths, more rows.
    steps, count = (40, 10) if radix <= 36 else (7, 40)
    lengths = [least, least + 1, 199, 200, *(least + (201 - least) * step // steps for step in range(steps))]
    assert len(lengths) * count * len(RADICES) >= 10_000
    for length in lengths:
        values = drawn(source, radix, count, length)
        size = source.randint(0, 40)
        shared = source.random() < 0.5
        tweaks = [source.randbytes(size)] * len(values) if shared else [source.randbytes(size) for _ in values]
        rows = np.frombuffer(b"".join(tweaks), np.uint8).reshape(-1, size) if size else np.zeros((count, 0), np.uint8)
        rows = rows[:1] if shared else rows
        made = ours.encrypt(matrix(*values), rows)
        expected = [
            peer.encrypt("".join(chr(FIRST + one) for one in value), tweak=tweak)
            for value, tweak in zip(values, tweaks, strict=True)
        ]
        assert ["".join(chr(FIRST + int(one)) for one in row) for row in made] == expected
        assert ours.decrypt(made, rows).tolist() == values


@pytest.mark.parametrize("length", [510, 511, 512, 513, 1000])
@pytest.mark.parametrize("radix", [2, 10])
def test_halves_of_more_numerals_than_a_byte_counts_are_those_of_libffx(radix, length):
    ffx = pytest.importorskip("ffx", reason="libffx is not installed")
    values = drawn(random.Random(length), radix, 3, length)
    made = Ff1(b"k" * 16, radix).encrypt(matrix(*values), tweak_row(b"tweak")).tolist()
    peer = ffx.FF1(b"k" * 16, radix=radix)
    assert made == [numerals(peer.encrypt("".join(map(str, value)), tweak=b"tweak")) for value in values]


@st.composite
def columns(draw):
    radix = draw(st.one_of(st.integers(2, 300), st.integers(2, MOST_RADIX)))
    length = draw(st.integers(least_length(radix), least_length(radix) + 40))
    rows = draw(st.integers(1, 6))
    seed = draw(st.integers(0, 2**32))
    size = draw(st.integers(0, 20))
    own = draw(st.booleans())
    source = np.random.default_rng(seed)
    tweaks = source.integers(0, 256, (rows if own else 1, size), np.uint8)
    return radix, source.integers(0, radix, (rows, length), np.uint16), tweaks if size or own else None


@given(columns(), st.binary(min_size=32, max_size=32))
def test_decrypting_gives_back_what_was_encrypted_and_neither_changes_its_argument(column, key):
    radix, values, tweaks = column
    before = values.copy()
    instance = Ff1(key, radix)
    made = instance.encrypt(values, tweaks)
    assert made.dtype == np.uint16
    assert made.shape == values.shape
    assert made.max() < radix
    assert np.array_equal(instance.decrypt(made, tweaks), before)
    assert np.array_equal(instance.encrypt(instance.decrypt(values, tweaks), tweaks), before)
    assert np.array_equal(values, before)


@given(columns())
def test_a_row_does_not_depend_on_the_rows_beside_it(column):
    radix, values, tweaks = column
    instance = Ff1(b"k" * 32, radix)
    whole = instance.encrypt(values, tweaks)
    for row in range(len(values)):
        own = tweaks if tweaks is None or len(tweaks) == 1 else tweaks[row : row + 1]
        assert np.array_equal(instance.encrypt(values[row : row + 1], own), whole[row : row + 1])


def test_a_whole_domain_is_permuted():
    instance = Ff1(b"k" * 16, 10)
    numbers = np.arange(10**6)
    values = np.stack([numbers // 10**place % 10 for place in range(5, -1, -1)], axis=1).astype(np.uint16)
    made = instance.encrypt(values, tweak_row(b"tweak")) @ 10 ** np.arange(5, -1, -1)
    assert np.array_equal(np.sort(made), numbers)
    assert np.mean(made == numbers) < 1e-4


def test_other_keys_and_tweaks_give_other_ciphertexts():
    values = np.random.default_rng(0).integers(0, 10, (100, 11), np.uint16)
    one = b"a" * 16
    other = b"b" * 16
    longer = b"a" * 32
    made = [
        Ff1(key, 10).encrypt(values, tweak_row(tweak)).tobytes()
        for key, tweak in ((one, b""), (other, b""), (longer, b""), (one, b"\0"), (one, b"\0\0"))
    ]
    assert len(set(made)) == len(made)


@pytest.mark.parametrize("radix", RADICES)
def test_a_domain_below_a_million_is_refused(radix):
    instance = Ff1(b"k" * 16, radix)
    least = next(length for length in range(2, 21) if radix**length >= 1_000_000)
    assert instance.least_length == least
    assert instance.encrypt(np.zeros((1, least), np.uint16)).shape == (1, least)
    for length in range(least):
        for apply in (instance.encrypt, instance.decrypt):
            with pytest.raises(ValueError, match="too few to hide among"):
                apply(np.zeros((1, length), np.uint16))


@pytest.mark.parametrize("radix", [-1, 0, 1, 65537])
def test_a_radix_out_of_bounds_is_refused(radix):
    with pytest.raises(ValueError, match="2 to 65536"):
        Ff1(b"k" * 16, radix)


@pytest.mark.parametrize("size", [0, 8, 15, 20, 33, 64])
def test_a_key_of_another_size_is_refused(size):
    with pytest.raises(ValueError, match="key"):
        Ff1(bytes(size), 10)


def test_a_numeral_that_is_not_below_the_radix_is_refused_and_not_shown():
    values = np.zeros((3, 8), np.uint16)
    values[1, 5] = 4242
    for apply in (Ff1(b"k" * 16, 4242).encrypt, Ff1(b"k" * 16, 10).decrypt):
        with pytest.raises(ValueError, match="not below the radix") as caught:
            apply(values)
    assert "4242" not in str(caught.value)


def test_no_rows_give_no_rows():
    assert Ff1(b"k" * 16, 10).encrypt(np.zeros((0, 11), np.uint16)).shape == (0, 11)
    assert Ff1(b"k" * 16, 2).permute(np.zeros(0, np.uint64), 10**6).shape == (0,)


@pytest.mark.parametrize("below", [LEAST_DOMAIN, LEAST_DOMAIN + 1, 2**20 - 1, 2**20, 2**20 + 1, 1_500_007])
def test_permute_is_a_bijection_of_its_domain_and_undoes_itself(below):
    instance = Ff1(b"k" * 16, 2)
    numbers = np.arange(below, dtype=np.uint64)
    made = instance.permute(numbers, below, tweak_row(b"domain"))
    assert np.array_equal(np.sort(made), numbers)
    assert np.mean(made == numbers) < 1e-4
    assert np.array_equal(instance.permute(made, below, tweak_row(b"domain"), backward=True), numbers)


@pytest.mark.parametrize("below", [LEAST_DOMAIN, 2**27, 10**9 + 7, 2**40 + 1, 10**17, 2**62 - 1, 2**62])
def test_permute_is_that_of_libffx(below):
    ffx = pytest.importorskip("ffx", reason="libffx is not installed")
    source = random.Random(below)
    numbers = [0, 1, below - 1, *(source.randrange(below) for _ in range(200))]
    tweaks = [source.randbytes(9) for _ in numbers]
    instance = Ff1(b"k" * 32, 2)
    peer = ffx.FF1(b"k" * 32)
    for rows in (tweaks, tweaks[:1]):
        given_rows = np.frombuffer(b"".join(rows), np.uint8).reshape(len(rows), -1)
        made = instance.permute(np.array(numbers, np.uint64), below, given_rows)
        each = rows if len(rows) > 1 else rows * len(numbers)
        assert made.tolist() == [
            peer.encrypt_int(number, domain=below, tweak=tweak) for number, tweak in zip(numbers, each, strict=True)
        ]
        assert instance.permute(made, below, given_rows, backward=True).tolist() == numbers


def test_permute_refuses_what_is_no_permutation():
    numbers = np.array([5], np.uint64)
    for below in (0, 10, LEAST_DOMAIN - 1, 2**62 + 1):
        with pytest.raises(ValueError, match="too few to hide among"):
            Ff1(b"k" * 16, 2).permute(numbers, below)
    with pytest.raises(ValueError, match="radix 2"):
        Ff1(b"k" * 16, 10).permute(numbers, LEAST_DOMAIN)
    with pytest.raises(ValueError, match="not below"):
        Ff1(b"k" * 16, 2).permute(np.array([LEAST_DOMAIN], np.uint64), LEAST_DOMAIN)
