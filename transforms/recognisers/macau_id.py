"""Identity cards of Macau: 1, 5, 7 or 8, six digits, and a check digit that nobody outside can compute: 1234567(8), 5/123456/7.

So it must stand behind words that say what it is.
"""

from beam_deid.transforms.recognisers.recogniser import Recogniser
from beam_deid.transforms.recognisers.screen import Sign

MACAU_ID = Recogniser(
    "macau_id",
    r"澳[门門](?:居民|永久性?居民)?身[份分][证證](?:[号號]码?碼?)?[^0-9A-Za-z]{0,6}[1578]/?[0-9]{6}[/(]?[0-9]\)?",
    {Sign.DIGIT: 8, Sign.HIGH: 15},
    after="0-9A-Za-z",
    source="Lei n.º 8/2002, Macau",
    links=True,
)
