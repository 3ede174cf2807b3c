"""Identity cards of Hong Kong: one or two letters, six digits, and a check digit in brackets, as in A123456(3).

Without brackets it must stand behind words that say what it is.
"""

import re

from beam_deid.transforms.recognisers.recogniser import Recogniser
from beam_deid.transforms.recognisers.screen import Sign

_BLANK = 36  # what counts in place of a second letter
_SAID = "(?:香港(?:居民|永久性?居民)?身[份分][证證][^0-9A-Za-z]{0,6}|HKID[^0-9A-Za-z]{1,6})"
_PARTS = re.compile(r"([A-Z]?)([A-Z])([0-9]{6})\(?([0-9A])\)?\Z")


def is_hong_kong_id(text: str) -> bool:
    """Whether the number at the end of a text has the right check digit: weights 9 to 1, modulo 11, A being ten."""
    found = _PARTS.search(text)
    if found is None:
        return False
    first, second, digits, last = found.groups()
    values = [int(first, 36) if first else _BLANK, int(second, 36), *map(int, digits), int(last, 16)]
    return sum(value * weight for value, weight in zip(values, range(9, 0, -1), strict=True)) % 11 == 0


HONG_KONG_ID = Recogniser(
    "hong_kong_id",
    rf"[A-Z]{{1,2}}[0-9]{{6}}\([0-9A]\)|{_SAID}[A-Z]{{1,2}}[0-9]{{6}}\(?[0-9A]\)?",
    {Sign.UPPER: 1, Sign.DIGIT: 6},
    before="0-9A-Za-z",
    after="0-9A-Za-z",
    check=is_hong_kong_id,
    source="Immigration Department of Hong Kong, Cap. 177A",
    links=True,
)
