"""Numbers of Chinese passports."""

from functools import partial

from beam_deid.transforms.recognisers import passport
from beam_deid.transforms.recognisers.kinds.kind import ColumnName, Kind
from beam_deid.transforms.recognisers.normal import Normal, joined
from beam_deid.transforms.recognisers.screen import matches

PASSPORT = Kind(
    "passport",
    category="identity",
    identifies=True,
    grouped=True,
    normal=Normal("without separators, in capitals", joined("[A-Z]{1,2}[0-9]{7,8}", upper=True)),
    recogniser=passport.PASSPORT,
    whole=partial(matches, passport.NUMBER),
    mask="passport",
    column=ColumnName("passport", "护照", "a passport"),
)
