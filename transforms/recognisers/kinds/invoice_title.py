"""Whom an invoice is for: a person, or a firm that many buy for."""

from functools import partial

from beam_deid.transforms.recognisers import invoice_title
from beam_deid.transforms.recognisers.kinds.kind import Kind
from beam_deid.transforms.recognisers.screen import matches

INVOICE_TITLE = Kind(
    "invoice_title",
    category="basic",
    identifies=True,
    shared=True,
    recogniser=invoice_title.INVOICE_TITLE,
    whole=partial(matches, "[一-龥A-Za-z()（）·]{2,60}"),
    mask="invoice_title",
)
