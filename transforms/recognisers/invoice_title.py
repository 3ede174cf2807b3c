"""Whom an invoice is for (发票抬头), after the word that announces it: 抬头：张三, 发票抬头: 杭州张三餐饮店.

A title is a person's name or a firm's, and firms of one bear their owner's; so each counts as naming a person. No library.
"""

from beam_deid.transforms.recognisers.recogniser import Recogniser
from beam_deid.transforms.recognisers.screen import Sign

INVOICE_TITLE = Recogniser(
    "invoice_title",
    "抬头[:：为是] ?[一-龥A-Za-z()（）·]{2,40}",
    {Sign.HIGH: 9},
    links=True,
)
