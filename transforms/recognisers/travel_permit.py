"""Permits to travel between the mainland, Hong Kong, Macau and Taiwan (回乡证, 台胞证, 通行证), behind words that say so.

They have no check digit. 通行证 is also what vehicles have, so that a letter must stand before its digits.
"""

from beam_deid.transforms.recognisers.recogniser import Recogniser
from beam_deid.transforms.recognisers.screen import Sign

_NUMBER = "(?:[号號]码?碼?)?[^0-9A-Za-z]{0,6}"

TRAVEL_PERMIT = Recogniser(
    "travel_permit",
    f"(?:回[乡鄉]|[台臺]胞)[证證]{_NUMBER}[A-Z]?[0-9]{{8,10}}|通行[证證]{_NUMBER}[CEHLMTW][A-Z]?[0-9]{{7,10}}",
    {Sign.DIGIT: 7, Sign.HIGH: 9},
    after="0-9A-Za-z",
    source="National Immigration Administration of China",
    links=True,
)
