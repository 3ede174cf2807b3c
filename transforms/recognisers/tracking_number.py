"""Tracking numbers of carriers that can be told by their form: SF, YTO, JD, J&T, Cainiao, EMS.

A carrier's site tells route, dates and initials of who received it. Plain digits (ZTO, STO, Yunda) are known by their column.
"""

from beam_deid.transforms.recognisers.recogniser import Recogniser
from beam_deid.transforms.recognisers.screen import Sign

TRACKING_NUMBER = Recogniser(
    "tracking_number",
    "SF[0-9]{12,15}|YT[0-9]{13}|JT[0-9]{13}|JD[A-Z]{0,2}[0-9]{11,15}|LP[0-9]{14}|E[A-Z][0-9]{9}CN",
    {Sign.DIGIT: 9, Sign.UPPER: 2},
    before="A-Za-z0-9",
    after="A-Za-z0-9",
    links=True,
    kind="tracking_number",
)
