"""Unified social credit codes, which all orders of a firm share."""

from beam_deid.transforms.recognisers import credit_code
from beam_deid.transforms.recognisers.kinds.kind import Kind

CREDIT_CODE = Kind(
    "credit_code",
    identifies=True,
    shared=True,
    recogniser=credit_code.CREDIT_CODE,
    checked=True,
    mask="credit_code",
)
