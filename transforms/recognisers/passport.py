"""Passports of China. Other texts have that shape too, so a word that says passport must stand before it.

A column that is known to hold them is checked by `NUMBER` alone. No library is known to validate them: they have no check digit.
"""

from beam_deid.transforms.recognisers.recogniser import Recogniser
from beam_deid.transforms.recognisers.screen import Sign

NUMBER = "(?:[EeGg][0-9]{8}|[Ee][A-HJ-NP-Za-hj-np-z][0-9]{7}|[DdSsPp][EeDd]?[0-9]{7})"
"""The number alone: ordinary ones begin with E or G, diplomatic and service ones with D, S or P."""

PASSPORT = Recogniser(
    "passport",
    f"(?:护照|[Pp]assport)[^0-9]{{0,12}}?{NUMBER}",
    {Sign.DIGIT: 7, Sign.WORD: 8},
    after="0-9",
    links=True,
)
