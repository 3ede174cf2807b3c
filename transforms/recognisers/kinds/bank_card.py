"""Numbers of bank cards."""

from beam_deid.transforms.recognisers import bank_card
from beam_deid.transforms.recognisers.kinds.kind import ColumnName, Kind
from beam_deid.transforms.recognisers.normal import Normal, joined

BANK_CARD = Kind(
    "bank_card",
    category="financial_account",
    identifies=True,
    grouped=True,
    normal=Normal("without separators, in ASCII digits", joined("[0-9]{12,19}")),
    recogniser=bank_card.BANK_CARD,
    checked=True,
    mask="bank_card",
    fpe="bank_card",
    column=ColumnName("bank_?card|card_?(no|num|number)|credit_?card(_number)?", "银行卡|卡号", "a bank card"),
)
