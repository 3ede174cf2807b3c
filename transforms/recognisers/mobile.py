"""Mobile numbers of mainland China, with or without +86, also written 138-0013-8000 or 138 0013 8000."""

import re

from beam_deid.transforms.recognisers.recogniser import Recogniser

# Ranges in use for persons; the other two digits of the first three vary by carrier.
PREFIXES_IN_USE = (
    *range(130, 140), 145, 147, *range(150, 154), *range(155, 160), 162, 165, 166, 167, *range(170, 174),
    *range(175, 179), *range(180, 190), *range(190, 194), *range(195, 200),
)  # fmt: skip

MOBILE = Recogniser(
    "mobile",
    re.compile(r"(?<![\d*])(?:(?:\+|00)?86[- ]?)?1[3-9]\d[- ]?\d{4}[- ]?\d{4}(?!\d)"),
    r"[1１][ -]?[3-9３-９]",
    source="loose on purpose: new prefixes appear",
)
