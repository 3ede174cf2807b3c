"""Random texts of every length, and values as groups of one size."""

import random

import pyarrow as pa

from beam_deid.transforms.columns.sizes import by_size

COUNT = 10_000
LONGEST = 200
_CHARACTERS = {1: (0x00, 0x7F), 2: (0x80, 0x7FF), 3: (0x3400, 0x9FFF), 4: (0x10000, 0x10FFFF)}  # by bytes in UTF-8


def random_texts(seed):
    """10,000 texts in random order, as many of every length from 0 to 200 bytes, of characters of one to four bytes."""
    source = random.Random(seed)
    texts = [_text(source, number % (LONGEST + 1)) for number in range(COUNT)]
    source.shuffle(texts)
    assert {len(text.encode()) for text in texts} == set(range(LONGEST + 1))
    return texts


def _text(source, size):
    written = []
    while size:
        width = source.randint(1, min(4, size))
        written.append(chr(source.randint(*_CHARACTERS[width])))
        size -= width
    return "".join(written)


def group(value):
    """One value as a group."""
    (only,) = by_size(pa.array([value], pa.binary()))
    return only
