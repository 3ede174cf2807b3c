"""Ciphertext of e-commerce platforms between separators, whole or inside a text.

Such as ``~cipher~index~4~~``, ``$index$cipher$4$$``, ``##cipher#12##``; the grammar is in
`beam_deid.transforms.recognisers.platforms.ciphertext`. The platform can decrypt it, and equal index strings link records.
Shape alone is not enough for a text that only looks like it, as #SummerSale2025Discount#618# does: what lacks a known
platform's signature must be whole blocks of a cipher in base64, and look as random. Such a ciphertext of an unknown platform
counts as any other.
"""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from beam_deid.transforms.columns.arrays import Bools
from beam_deid.transforms.recognisers.platforms.ciphertext import SEPARATORS, signatures
from beam_deid.transforms.recognisers.randomness import look_random
from beam_deid.transforms.recognisers.recogniser import Recogniser
from beam_deid.transforms.recognisers.screen import Sign
from beam_deid.transforms.terms import Recoverability

_CIPHER = "[A-Za-z0-9+/=_&-]{16,}"
# Whole blocks of a cipher in base64: their padding, or 64 characters and more.
_UNSIGNED = (
    "[~$#\x01](?:(?:[A-Za-z0-9+/]{4}){5,}(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)|(?:[A-Za-z0-9+/]{4}){16,})[~$#\x01]"
)


def _between(separator: str) -> str:
    s = {"$": r"\$", "\x01": r"\x01"}.get(separator, separator)
    return f"{s}(?:[A-Za-z0-9+/=_-]*{s})?{_CIPHER}{s}-?[0-9]{{1,4}}{s}{{1,2}}"


_CIPHER_FIRST = "~[A-Za-z0-9+/]{22,}={0,2}~[A-Za-z0-9+/]{4,}={0,2}~-?[0-9]{1,4}~~"


def _are_ciphertexts(texts: pa.Array) -> Bools:
    mask = np.zeros(len(texts), bool)
    for sign in signatures():
        mask |= pc.match_substring(texts, sign).to_numpy(zero_copy_only=False)
    rest = np.flatnonzero(~mask)
    if len(rest):
        others = texts.take(pa.array(rest))
        mask[rest] = pc.match_substring_regex(others, _UNSIGNED).to_numpy(zero_copy_only=False) & look_random(others)
    return mask


def _is_ciphertext(text: str) -> bool:
    return bool(_are_ciphertexts(pa.array([text]))[0])


PLATFORM_CIPHERTEXT = Recogniser(
    "platform_ciphertext",
    "|".join([_CIPHER_FIRST, *(_between(separator) for separator in SEPARATORS)]),
    {Sign.MARK: 3, Sign.WORD: 14, Sign.DIGIT: 1},
    check=_is_ciphertext,
    columnar=_are_ciphertexts,
    recoverability=Recoverability.KEYED,
    links=True,
    kind="platform_ciphertext",
)
