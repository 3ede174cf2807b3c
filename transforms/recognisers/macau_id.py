"""Identity cards of Macau: 1, 5, 7 or 8, six digits, and a check digit that nobody outside can compute.

So it must stand behind words that say what it is, or between slashes as older cards have it: 5/123456/7.
"""

from beam_deid.transforms.recognisers.recogniser import Recogniser
from beam_deid.transforms.recognisers.screen import Sign

_SAID = "(?:澳[门門](?:居民|永久性?居民)?身[份分][证證]|BIR)[^0-9A-Za-z]{0,6}"

MACAU_ID = Recogniser(
    "macau_id",
    rf"[1578]/[0-9]{{6}}/[0-9]|{_SAID}[1578][0-9]{{6}}\(?[0-9]\)?",
    {Sign.DIGIT: 8},
    before="0-9A-Za-z/",
    after="0-9A-Za-z/",
    source="Lei n.º 8/2002, Macau",
    links=True,
)
