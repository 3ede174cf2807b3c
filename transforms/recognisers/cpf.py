"""CPF: eleven digits by which Brazil knows a tax payer, the last two of them check digits.

One in a hundred numbers of eleven digits passes, so that a number alone is none: it must have its points and dash, as in
123.456.789-09, or a word that says CPF before it. No library: python-stdnum's ``br.cpf`` is for one value at a time (LGPL).
"""

from functools import partial

import numpy as np

from beam_deid.transforms.recognisers.brazil import are_checked, is_checked
from beam_deid.transforms.recognisers.recogniser import Recogniser
from beam_deid.transforms.recognisers.screen import Sign

_FIRST = np.arange(10, 1, -1)
_SECOND = np.arange(11, 1, -1)

CPF = Recogniser(
    "cpf",
    r"[0-9]{3}\.[0-9]{3}\.[0-9]{3}-[0-9]{2}|(?:CPF|cpf|Cpf)[^0-9A-Za-z]{0,4}[0-9]{3}\.?[0-9]{3}\.?[0-9]{3}-?[0-9]{2}",
    {Sign.DIGIT: 11},
    before="0-9A-Za-z.",
    after="0-9A-Za-z",
    check=partial(is_checked, first=_FIRST, second=_SECOND),
    columnar=partial(are_checked, first=_FIRST, second=_SECOND),
    source="Receita Federal, Instrução Normativa RFB 2.172/2024",
    links=True,
)
