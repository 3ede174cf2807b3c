"""Bank card numbers: 16 to 19 digits, an issuer's first digits, and Luhn's check digit.

ISO/IEC 7812-1. One in ten other numbers of that length passes Luhn's check, so only the first digits of issuers that
are in use count: UnionPay (62), Visa (4), Mastercard (51–55) and JCB (35); order numbers mostly begin otherwise.
"""

import re

from beam_deid.transforms.recognisers.recogniser import Recogniser

DOUBLED = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)


def is_luhn(text: str) -> bool:
    """Whether the digits of a text pass Luhn's check."""
    digits = [int(character) for character in text if character.isdigit()]
    total = sum(DOUBLED[digit] if place % 2 else digit for place, digit in enumerate(reversed(digits)))
    return total % 10 == 0


BANK_CARD = Recogniser(
    "bank_card",
    re.compile(
        r"(?<![\d.])(?:62\d{14,17}|(?:4\d{3}|5[1-5]\d\d|35[2-8]\d)\d{12}|"
        r"(?:62\d\d|4\d{3}|5[1-5]\d\d|35[2-8]\d)(?:[ -]\d{4}){3}(?:[ -]?\d{1,3})?)(?![\d.])"
    ),
    r"[3-6３-６][0-9０-９]{3}[ -]?[0-9０-９]{4}[ -]?[0-9０-９]{4}",
    is_luhn,
    "ISO/IEC 7812-1",
)
