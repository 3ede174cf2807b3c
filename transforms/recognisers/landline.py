"""Landline numbers of mainland China with their area code, such as 010-12345678 or 0755 1234567-12."""

import re

from beam_deid.transforms.recognisers.recogniser import Recogniser

LANDLINE = Recogniser(
    "landline",
    re.compile(r"(?<![\d.])0(?:10|2[0-9]|[3-9]\d{2})[- ]\d{7,8}(?:[- ]\d{1,6})?(?!\d)"),
    r"[0０][0-9０-９]{2,3}[ －-][0-9０-９]{7}",
)
