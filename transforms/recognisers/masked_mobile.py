"""Mobile numbers that a platform masked: 138****1234, *******1234, 1*********5."""

import re

from beam_deid.transforms.recognisers.recogniser import Recogniser

MASKED_MOBILE = Recogniser(
    "masked_mobile",
    re.compile(r"(?<![\d*])(?:1[3-9]\d\*{4,7}\d{1,4}|\*{7}\d{4}|1\*{8,9}\d{1,2})(?![\d*])"),
    r"[*＊]{4}",
)
