import base64

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_deid.transforms.columns.base64_text import from_base64, to_base64

WIDTHS = range(71)
ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def standard(value):
    return base64.urlsafe_b64encode(value).rstrip(b"=")


def characters(*texts):
    return np.frombuffer(b"".join(texts), np.uint8).reshape(len(texts), len(texts[0]))


def read(text):
    """The bytes of one text, or None if it is not base64."""
    data, sound = from_base64(characters(text))
    return bytes(data[0]) if sound[0] else None


@pytest.mark.parametrize("rows", [0, 1, 2, 13])
@pytest.mark.parametrize("width", WIDTHS)
def test_every_width_is_written_as_the_standard_library_does_and_read_back(rows, width):
    matrix = np.random.default_rng(width).integers(0, 256, (rows, width), np.uint8)
    written = to_base64(matrix)
    assert written.shape == (rows, -(-4 * width // 3))
    assert [bytes(row) for row in written] == [standard(bytes(row)) for row in matrix]
    data, sound = from_base64(written)
    assert sound.shape == (rows,)
    assert sound.all()
    assert np.array_equal(data, matrix)


def test_a_view_is_written_as_its_copy():
    matrix = np.random.default_rng(0).integers(0, 256, (9, 24), np.uint8)
    for view in (matrix[::2], matrix[:, 3:20], matrix[:, ::2]):
        assert np.array_equal(to_base64(view), to_base64(view.copy()))
        text = to_base64(view)
        assert np.array_equal(from_base64(text[::2])[0], view[::2])


@pytest.mark.parametrize("width", [width for width in range(1, 24) if width % 4 == 1])
def test_no_text_has_one_character_more_than_groups_of_four(width):
    assert read(b"A" * width) is None


@pytest.mark.parametrize("width", [width for width in range(2, 24) if width % 4 != 1])
def test_any_character_of_another_alphabet_is_refused_at_every_place(width):
    sound = b"B" * (width - 1) + b"A"
    assert read(sound) == base64.urlsafe_b64decode(sound + b"=" * (-width % 4))
    for place in range(width):
        for other in set(range(256)) - set(ALPHABET):
            changed = bytearray(sound)
            changed[place] = other
            assert read(bytes(changed)) is None


@pytest.mark.parametrize(("width", "stray"), [(2, 16), (3, 4), (6, 16), (7, 4), (42, 16), (43, 4)])
def test_bits_that_stand_for_nothing_must_be_zero(width, stray):
    for number, last in enumerate(ALPHABET):
        text = b"x" * (width - 1) + bytes([last])
        expected = None if number % stray else base64.urlsafe_b64decode(text + b"=" * (-width % 4))
        assert read(text) == expected


LETTERS = st.sampled_from(sorted(ALPHABET) * 20 + sorted(b"+/=. \n\0\xff"))


@given(st.integers(0, 12), st.lists(st.lists(LETTERS, min_size=12, max_size=12), min_size=1, max_size=8))
def test_one_bad_row_does_not_spoil_the_others_and_what_is_sound_has_one_spelling(width, rows):
    texts = [bytes(row[:width]) for row in rows]
    data, sound = from_base64(characters(*texts))
    for text, value, good in zip(texts, data, sound, strict=True):
        sole = width % 4 != 1 and set(text) <= set(ALPHABET)
        sole = sole and standard(base64.urlsafe_b64decode(text + b"=" * (-width % 4))) == text
        assert good == sole
        assert read(text) == (bytes(value) if good else None)
