"""Which keys are among others that were put in order before."""

import numpy as np

from beam_deid.transforms.columns.arrays import Bools
from beam_deid.transforms.columns.fingerprint import Fingerprints


def is_among(keys: Fingerprints, ordered: Fingerprints) -> Bools:
    """Tell which keys, shape (n,), are among ascending ones, shape (m,), in which any may stand several times.

    `numpy.isin` would sort the others again for each bucket that asks.
    """
    if not len(ordered):
        return np.zeros(len(keys), np.bool_)
    place = np.minimum(np.searchsorted(ordered, keys), len(ordered) - 1)
    return np.asarray(ordered[place] == keys)
