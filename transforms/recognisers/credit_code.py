"""Unified social credit codes (统一社会信用代码), which also name individual businesses. GB 32100-2015."""

import re

from beam_deid.transforms.recognisers.recogniser import Recogniser

_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"


def is_credit_code(text: str) -> bool:
    """Whether 18 characters have the right check character: weights 3^i modulo 31."""
    total = sum(_ALPHABET.index(character) * pow(3, place, 31) for place, character in enumerate(text[:17]))
    return _ALPHABET[(31 - total % 31) % 31] == text[17]


CREDIT_CODE = Recogniser(
    "credit_code",
    re.compile(r"(?<![0-9A-Z])[0-9A-HJ-NPQRTUWXY]{2}\d{6}[0-9A-HJ-NPQRTUWXY]{10}(?![0-9A-Z])"),
    "[0-9A-Z]{2}[0-9]{6}[0-9A-Z]{10}",
    is_credit_code,
    "GB 32100-2015",
)
