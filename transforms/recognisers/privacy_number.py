"""Privacy numbers (隐私号): a mobile that a platform lends, with an extension, as 13800000000-1234 or … 转 1234."""

import re

from beam_deid.transforms.recognisers.recogniser import Recogniser

PRIVACY_NUMBER = Recogniser(
    "privacy_number", re.compile(r"(?<!\d)1[3-9]\d{9}(?:-| ?转 ?)\d{3,4}(?!\d)"), "[0-9０-９]{11}(?:[－-]| ?转)"
)
