"""Unified social credit codes (统一社会信用代码). GB 32100-2015.

Eighteen characters: who registered it, what it is, the division, the organisation, a check character. Those of individual
businesses (个体工商户: registered by 9, market regulation, category 2) and of farmers' households name a person; so do those
of an invoice title. A company's own does not, yet nobody can tell from a column what it is there for: all are recognised.
No library: python-stdnum's ``cn.uscc`` does the same for one value at a time (LGPL).
"""

import numpy as np
import pyarrow as pa

from beam_deid.transforms.columns.arrays import Bools
from beam_deid.transforms.columns.sizes import by_size
from beam_deid.transforms.recognisers.recogniser import Recogniser
from beam_deid.transforms.recognisers.screen import Sign

_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_NUMBER = np.full(256, 255, np.int64)
_NUMBER[list(_ALPHABET.encode())] = np.arange(len(_ALPHABET))
_WEIGHTS = np.array([pow(3, place, 31) for place in range(17)])
_OF_ONE = (b"92", b"93")


def is_credit_code(text: str) -> bool:
    """Whether 18 characters have the right check character: weights 3^i modulo 31."""
    total = sum(_ALPHABET.index(character) * pow(3, place, 31) for place, character in enumerate(text[:17]))
    return _ALPHABET[(31 - total % 31) % 31] == text[17]


def are_credit_codes(texts: pa.Array) -> Bools:
    """The same for a column of texts of 18 such characters, shape (n,), none null."""
    mask = np.zeros(len(texts), bool)
    for group in by_size(texts):
        numbers = _NUMBER[group.bytes]
        mask[group.rows] = (31 - numbers[:, :17] @ _WEIGHTS % 31) % 31 == numbers[:, 17]
    return mask


def of_individuals(texts: pa.Array) -> Bools:
    """Which codes, shape (n,), are those of an individual business (92) or a farmers' cooperative (93)."""
    mask = np.zeros(len(texts), bool)
    for group in by_size(texts):
        if group.size == 18:
            mask[group.rows] = np.isin(np.ascontiguousarray(group.bytes[:, :2]).view("S2")[:, 0], _OF_ONE)
    return mask


CREDIT_CODE = Recogniser(
    "credit_code",
    "[0-9A-HJ-NPQRTUWXY]{2}[0-9]{6}[0-9A-HJ-NPQRTUWXY]{10}",
    {Sign.DIGIT: 6, Sign.WORD: 18},
    before="0-9A-Z",
    after="0-9A-Z",
    check=is_credit_code,
    columnar=are_credit_codes,
    source="GB 32100-2015",
    links=True,
)
