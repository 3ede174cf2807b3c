"""Mobile numbers of mainland China, with or without +86, also written 138-0013-8000 or 138 0013 8000.

Found loosely, for new prefixes appear; `PREFIXES_IN_USE` are those of libphonenumber 9.0.43 (Apache-2.0), frozen here because
``phonenumbers`` parses one value at a time.
"""

from beam_deid.transforms.recognisers.recogniser import Recogniser
from beam_deid.transforms.recognisers.screen import Sign

# Ranges in use for persons; the other two digits of the first three vary by carrier.
PREFIXES_IN_USE = (
    *range(130, 140),
    145,
    147,
    *range(150, 154),
    *range(155, 160),
    162,
    165,
    166,
    167,
    *range(170, 174),
    *range(175, 179),
    *range(180, 190),
    *range(190, 194),
    *range(195, 200),
)

MOBILE = Recogniser(
    "mobile",
    r"(?:(?:\+|00)?86[- ]?)?1[3-9][0-9][- ]?[0-9]{4}[- ]?[0-9]{4}",
    {Sign.DIGIT: 11},
    before="0-9*",
    after="0-9",
    source="loose on purpose: new prefixes appear",
)
