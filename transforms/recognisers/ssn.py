"""Social security numbers of the United States: nine digits without a check digit, of which some are never given.

With both dashes, 123-45-6789, or behind words that say what it is. No area 000, 666 or from 900 on, no group 00, no serial 0000.
"""

from beam_deid.transforms.recognisers.recogniser import Recogniser
from beam_deid.transforms.recognisers.screen import Sign

_AREA = "(?:00[1-9]|0[1-9][0-9]|[1-578][0-9]{2}|6[0-57-9][0-9]|66[0-57-9])"
_GROUP = "(?:0[1-9]|[1-9][0-9])"
_SERIAL = "(?:000[1-9]|00[1-9][0-9]|0[1-9][0-9]{2}|[1-9][0-9]{3})"
_SAID = "(?i:ssn|social security(?: (?:no|number))?)[^0-9A-Za-z]{0,4}"

SSN = Recogniser(
    "ssn",
    f"{_AREA}-{_GROUP}-{_SERIAL}|{_SAID}{_AREA}[- ]?{_GROUP}[- ]?{_SERIAL}",
    {Sign.DIGIT: 9, Sign.WORD: 11},
    before="0-9A-Za-z-",
    after="0-9A-Za-z-",
    source="Social Security Administration, RM 10201.035",
    links=True,
)
