"""Index strings (检索串) alone, as order systems cut them from ciphertext to merge parcels: ``$index$``, ``#index#``, ``~index~``.

Equal index, same telephone or address: they join records as well as the number would.
"""

import pyarrow as pa

from beam_deid.transforms.columns.arrays import Bools
from beam_deid.transforms.recognisers.randomness import look_random
from beam_deid.transforms.recognisers.recogniser import Recogniser
from beam_deid.transforms.recognisers.screen import Sign
from beam_deid.transforms.terms import Recoverability


def _look_random(texts: pa.Array) -> Bools:
    return look_random(texts, 0.0)


PLATFORM_INDEX = Recogniser(
    "platform_index",
    "|".join(
        rf"{s}(?:[A-Za-z0-9+/]{{4}}){{3,}}(?:[A-Za-z0-9+/]{{2}}==|[A-Za-z0-9+/]{{3}}=)?{s}" for s in (r"\$", "#", "~")
    ),
    {Sign.MARK: 2, Sign.WORD: 10},
    whole=True,
    check=lambda text: bool(_look_random(pa.array([text]))[0]),
    columnar=_look_random,
    recoverability=Recoverability.KEYED,
    links=True,
    kind="platform_id",
)
