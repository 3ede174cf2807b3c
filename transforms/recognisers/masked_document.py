"""ID card and bank card numbers that somebody masked: 1****************2, 330106********1234, 6222 **** **** 1234."""

from beam_deid.transforms.recognisers.recogniser import Recogniser
from beam_deid.transforms.recognisers.screen import Sign

MASKED_DOCUMENT = Recogniser(
    "masked_document",
    r"[1-9](?:[0-9]{0,5}\*{8,17}[0-9]{0,4}[0-9Xx])|[3-6][0-9]{3}(?:[ -]?\*{4}){2,3}[ -]?[0-9]{3,4}",
    {Sign.STAR: 8, Sign.DIGIT: 2},
    before="0-9*",
    after="0-9*A-Za-z",
)
