"""Landline numbers of mainland China with their area code, such as 010-12345678 or 0755 1234567-12.

Without a dash or space eleven digits may be anything, and are not taken for one. No library: ``phonenumbers`` knows the
area codes, value by value, and not the extensions that people write.
"""

from beam_deid.transforms.recognisers.recogniser import Recogniser
from beam_deid.transforms.recognisers.screen import Sign

LANDLINE = Recogniser(
    "landline",
    "0(?:10|2[0-9]|[3-9][0-9]{2})[- ][0-9]{7,8}(?:[- ][0-9]{1,6})?",
    {Sign.DIGIT: 10},
    before="0-9.",
    after="0-9",
    links=True,
)
