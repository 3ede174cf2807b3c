"""Unified social credit codes, which all orders of a firm share."""

from beam_deid.transforms.recognisers import credit_code
from beam_deid.transforms.recognisers.kinds.kind import Kind
from beam_deid.transforms.recognisers.normal import Normal, joined

CREDIT_CODE = Kind(
    "credit_code",
    category="identity",
    identifies=True,
    shared=True,
    grouped=True,
    normal=Normal("without separators, in capitals", joined("[0-9A-Z]{18}", upper=True)),
    recogniser=credit_code.CREDIT_CODE,
    checked=True,
    mask="credit_code",
)
