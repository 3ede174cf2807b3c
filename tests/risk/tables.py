"""Small tables as histograms."""

import numpy as np
import pyarrow as pa

from beam_deid.transforms.columns.combining import combine
from beam_deid.transforms.columns.fingerprint import Fingerprints, fingerprint
from beam_deid.transforms.risk.distribution import Distribution
from beam_deid.transforms.risk.histogram import Classes
from beam_deid.transforms.risk.measures.k_anonymity import subjects_of
from beam_deid.transforms.risk.measures.measure import Setting, View

from ..kit.fingerprints import KEY


def keys(*columns: list[object]) -> Fingerprints:
    """One key per row of the given columns."""
    return combine([fingerprint(pa.array(column), KEY) for column in columns], len(columns[0]))


def view(quasi: list[list[object]], subject: list[object] | None = None, k: int = 5, **sensitive: list[object]) -> View:
    """A view of a table given by columns."""
    counts = np.ones(len(quasi[0]), np.int64)
    who = None if subject is None else keys(subject)
    classes = Classes(keys(*quasi), counts, who)
    found = {name: (Distribution.of(classes, counts, keys(values)),) for name, values in sensitive.items()}
    return View(subjects_of(classes, counts, who), Setting(1 / k), found, found)
