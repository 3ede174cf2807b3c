"""Passports of China. Other texts have that shape too, so a word that says passport must stand before it."""

import re

from beam_deid.transforms.recognisers.recogniser import Recogniser

PASSPORT = Recogniser(
    "passport",
    re.compile(
        r"(?:护照|[Pp]assport)\D{0,12}?(?:[EeGg]\d{8}|[Ee][A-HJ-NP-Za-hj-np-z]\d{7}|[DdSsPp][EeDd]?\d{7})(?!\d)"
    ),
    "护照|[Pp]assport",
)
