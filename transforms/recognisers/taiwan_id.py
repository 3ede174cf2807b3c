"""Identity cards and residence certificates of Taiwan: a letter, nine digits, the last of them a check digit.

One in ten numbers of that shape passes, so that it must stand behind words that say what it is.
"""

from beam_deid.transforms.recognisers.recogniser import Recogniser
from beam_deid.transforms.recognisers.screen import Sign

_PLACES = {letter: value for value, letter in enumerate("ABCDEFGHJKLMNPQRSTUVXYWZIO", 10)}
"""What each letter counts, in the order in which counties got theirs."""
_SAID = "身[份分][证證](?:字[号號]|[号號]码?碼?)?|[统統]一[证證][号號]|居留[证證](?:[号號]码?碼?)?"
_SIZE = 10


def is_taiwan_id(text: str) -> bool:
    """Whether the last ten characters of a text have the right check digit: weights 1, 9 and 8 to 1, 1, modulo 10."""
    number = text[-_SIZE:]
    place = _PLACES[number[0]]
    # The second character of older residence certificates is a letter, of which the last digit counts.
    second = int(number[1]) if number[1] in "0123456789" else _PLACES[number[1]] % 10
    values = (place // 10, place % 10, second, *map(int, number[2:]))
    weights = (1, 9, 8, 7, 6, 5, 4, 3, 2, 1, 1)
    return sum(value * weight for value, weight in zip(values, weights, strict=True)) % 10 == 0


TAIWAN_ID = Recogniser(
    "taiwan_id",
    f"(?:{_SAID})[^0-9A-Za-z]{{0,6}}[A-Z][1289A-D][0-9]{{8}}",
    {Sign.UPPER: 1, Sign.DIGIT: 8, Sign.HIGH: 9},
    after="0-9A-Za-z",
    check=is_taiwan_id,
    source="Ministry of the Interior of Taiwan, household registration",
    links=True,
)
