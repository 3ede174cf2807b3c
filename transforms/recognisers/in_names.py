"""Identifiers in names of columns: a table that was turned round has values where others have names."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from beam_deid.transforms.recognisers import RECOGNISERS
from beam_deid.transforms.recognisers.meaning import SPELT
from beam_deid.transforms.recognisers.respelled import respelled
from beam_deid.transforms.recognisers.screen import Screen, Sign

_FEWEST_DIGITS = 5


def scan_names(columns: Sequence[str]) -> Counter[tuple[str, str]]:
    """What the names of columns hold, as values are searched: ones, by (name, recogniser).

    A name with fewer than five digits and no @ names nobody, however much wxopenid looks like a WeChat name.
    """
    names = pa.array(dict.fromkeys(columns), pa.string())
    screen = Screen.of(names)
    spelt = [(rows, Screen.of(texts)) for rows, texts in respelled(screen)]
    hits: Counter[tuple[str, str]] = Counter()
    for rows, texts in ((np.arange(len(names)), screen), *spelt):
        telling = (texts.counts[:, Sign.DIGIT] >= _FEWEST_DIGITS) | (texts.counts[:, Sign.AT] > 0)
        for one in RECOGNISERS if texts is screen else SPELT:
            found = one.rows(texts)
            for name in names.take(pa.array(rows[found[telling[found]]])).to_pylist():
                hits[name, one.name] = 1
    return hits
