"""Ciphertexts as platforms write them: their grammar and signature bytes around random bytes. Nothing is encrypted in them.

Indexes are the same for the same value, and as long as the platform's are; ciphers differ from order to order.
"""

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from beam_deid.transforms.columns.base64_text import to_base64
from beam_deid.transforms.columns.ordering import ordering
from beam_deid.transforms.synthetic.chance import Chance, Index
from beam_deid.transforms.synthetic.text import fixed_width, joined

Bytes = npt.NDArray[np.uint8]

_STANDARD = np.arange(256, dtype=np.uint8)
_STANDARD[ord("-")] = ord("+")
_STANDARD[ord("_")] = ord("/")


def noise(chance: Chance, stream: str, index: Index, size: int) -> Bytes:
    """Random bytes, shape (n, size), the same for the same index."""
    words = [chance.bits(f"{stream}, word {n}", index) for n in range(-(-size // 8))]
    return np.stack(words, axis=1).view(np.uint8)[:, :size]


def standard(matrix: Bytes, padded: bool = True) -> pa.Array:
    """Rows of bytes in base64 (RFC 4648, section 4)."""
    text = fixed_width(_STANDARD[to_base64(matrix)])
    rest = -matrix.shape[1] % 3
    return joined(text, pa.scalar("=" * rest)) if rest and padded else text


def of(texts: pa.Array) -> Index:
    """A number for each text, equal for equal texts, from which indexes are made."""
    return ordering(texts).view(np.int64)


def cipher(chance: Chance, stream: str, index: Index, size: int, head: bytes = b"") -> pa.Array:
    """Base64 of ``size`` random bytes behind ``head``."""
    return standard(headed(noise(chance, stream, index, size), head))


def headed(matrix: Bytes, head: bytes) -> Bytes:
    """The same bytes before every row."""
    front = np.broadcast_to(np.frombuffer(head, np.uint8), (len(matrix), len(head)))
    return np.concatenate([front, matrix], axis=1)


def wrapped(separator: str, *parts: pa.Array | str, end: int = 1) -> pa.Array:
    """Parts with the separator before each, and ``end`` of them behind the last."""
    pieces: list[pa.Array] = []
    for part in parts:
        pieces += [pa.scalar(separator), pa.scalar(part) if isinstance(part, str) else part]
    return joined(*pieces, pa.scalar(separator * end))


def last_four(mobiles: pa.Array) -> Index:
    """The last four digits of a telephone number, from which its index is made."""
    return np.asarray(pc.cast(pc.utf8_slice_codeunits(mobiles, -4), pa.int64()).to_numpy())


def name_index(chance: Chance, names: pa.Array) -> pa.Array:
    """A name's index: four characters for each two neighbours, so that four mean two characters and eight three."""
    text = standard(noise(chance, "name index", of(names), 9))
    length = pc.utf8_length(names)
    two = pc.utf8_slice_codeunits(text, 0, 4)
    three = pc.utf8_slice_codeunits(text, 0, 8)
    return pc.if_else(pc.less_equal(length, 2), two, pc.if_else(pc.equal(length, 3), three, text))
