"""Resident identity numbers (居民身份证): 18 characters with a check character, or 15 digits.

GB 11643-1999; the check character is ISO 7064 MOD 11-2.
"""

import datetime
import re

from beam_deid.transforms.recognisers.recogniser import Recogniser

WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
CHECKS = "10X98765432"


def is_id_card(text: str) -> bool:
    """Whether 15 or 18 characters are an identity number: a real birth date and, of 18, the right check character."""
    born = text[6:14] if len(text) == 18 else "19" + text[6:12]
    try:
        datetime.date(int(born[:4]), int(born[4:6]), int(born[6:]))
    except ValueError:
        return False
    if len(text) == 15:
        return True
    total = sum(int(digit) * weight for digit, weight in zip(text, WEIGHTS, strict=False))
    return CHECKS[total % 11] == text[17].upper()


ID_CARD = Recogniser(
    "id_card",
    re.compile(r"(?<!\d)[1-9]\d{5}(?:(?:18|19|20)\d{9}[\dXx]|\d{9})(?!\d)"),
    r"[1-9１-９][0-9０-９]{14}",
    is_id_card,
    "GB 11643-1999, ISO 7064 MOD 11-2",
)
