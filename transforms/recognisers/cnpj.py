"""CNPJ: fourteen characters by which Brazil knows a firm, that of one person among them; the last two are check digits.

Since July 2026 the first twelve may be letters, which count as their ASCII code less 48. A number alone is none, for the time of an
order may look like it: it must have its signs, as in 12.345.678/0001-95, or a word that says CNPJ before it. No library:
python-stdnum's ``br.cnpj`` is for one value at a time (LGPL).
"""

from functools import partial

import numpy as np

from beam_deid.transforms.recognisers.brazil import are_checked, is_checked
from beam_deid.transforms.recognisers.recogniser import Recogniser
from beam_deid.transforms.recognisers.screen import Sign

_FIRST = np.array([5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2])
_SECOND = np.array([6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2])
_ANY = "[0-9A-Z]"

CNPJ = Recogniser(
    "cnpj",
    rf"{_ANY}{{2}}\.{_ANY}{{3}}\.{_ANY}{{3}}/{_ANY}{{4}}-[0-9]{{2}}|"
    rf"(?:CNPJ|cnpj|Cnpj)[^0-9A-Za-z]{{0,4}}{_ANY}{{2}}\.?{_ANY}{{3}}\.?{_ANY}{{3}}/?{_ANY}{{4}}-?[0-9]{{2}}",
    {Sign.DIGIT: 2, Sign.WORD: 14},
    before="0-9A-Za-z.",
    after="0-9A-Za-z",
    check=partial(is_checked, first=_FIRST, second=_SECOND),
    columnar=partial(are_checked, first=_FIRST, second=_SECOND),
    source="Receita Federal, Instrução Normativa RFB 2.229/2024",
    links=True,
)
