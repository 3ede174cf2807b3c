"""Mobile numbers of mainland China, with or without +86, also written 138-0013-8000 or 138 0013 8000."""

import re

from beam_deid.transforms.recognisers.recogniser import Recogniser

MOBILE = Recogniser(
    "mobile",
    re.compile(r"(?<![\d*])(?:(?:\+|00)?86[- ]?)?1[3-9]\d[- ]?\d{4}[- ]?\d{4}(?!\d)"),
    r"[1１][ -]?[3-9３-９]",
    source="loose on purpose: new prefixes appear",
)
