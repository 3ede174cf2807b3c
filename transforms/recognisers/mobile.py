"""Mobile numbers of mainland China, with or without +86, also written 138-0013-8000 or 138 0013 8000.

Found loosely, for new prefixes appear; `PREFIXES_IN_USE` are those of libphonenumber 9.0.43 (Apache-2.0), frozen here because
``phonenumbers`` parses one value at a time.
"""

import pyarrow as pa
import pyarrow.compute as pc

from beam_deid.transforms.recognisers.recogniser import Recogniser
from beam_deid.transforms.recognisers.screen import Screen, Sign

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
    links=True,
)


def are_in_use(texts: pa.Array) -> pa.Array:
    """Which texts (n,) are a mobile number whose first three digits are in use: a boolean mask (n,), never null.

    Spaces, dashes and the country's code do not matter.
    """
    fits = MOBILE.valid(texts)
    digits = pc.replace_substring_regex(Screen.of(texts).texts, r"^(?:\+|00)?86[- ]?|[- ]", "")
    known = pc.is_in(pc.utf8_slice_codeunits(digits, 0, 3), pa.array(list(map(str, PREFIXES_IN_USE))))
    return pc.and_(fits, known)
