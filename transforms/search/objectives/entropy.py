"""Non-uniform entropy: the information that is lost about each cell."""

import numpy as np

from beam_deid.transforms.risk.histogram import Counts
from beam_deid.transforms.search.attribute import Attribute, Floats
from beam_deid.transforms.search.objectives.objective import Left, Objective


class MonotonicNonUniformEntropy(Objective):
    """The sum over records and fields of −log₂ of the share that a record's value has among those released alike; in bits.

    De Waal, Willenborg: Information loss through global recoding and local suppression (1999); Gionis, Tassa: k-Anonymization
    with minimal loss of information (2009). Suppressed records count at the node's levels and no more, so that coarser nodes
    never lose less.
    """

    name = "monotonic_non_uniform_entropy"
    words = "bits lost about each cell, suppressed ones at their levels"
    source = "de Waal, Willenborg 1999"
    averaged = False

    def floors(self, attribute: Attribute, counts: Counts) -> Floats:
        """The entropy of all records, none suppressed."""
        records = np.bincount(attribute.base, weights=counts, minlength=len(attribute.groups[0]))
        there = records > 0
        bits = []
        for groups in attribute.groups:
            grouped = np.bincount(groups, weights=records)
            bits.append(float(records[there] @ np.log2(grouped[groups[there]] / records[there])))
        return attribute.weight * np.array(bits)

    def value(self, left: Left) -> float:
        """The floor: suppressed records add nothing."""
        return left.floor


class NonUniformEntropy(MonotonicNonUniformEntropy):
    """The same, where what is suppressed loses more: also the entropy of its generalized values among all that are suppressed.

    This is how ARX charges for suppression.
    """

    name = "non_uniform_entropy"
    words = "bits lost about each cell, suppressed ones again among themselves"
    source = "de Waal, Willenborg 1999; ARX"

    def value(self, left: Left) -> float:
        """The floor plus the entropy of what is suppressed."""
        if not len(left.lost):
            return left.floor
        more = 0.0
        everything = left.lost.sum()
        for attribute, level, base in zip(left.attributes, left.levels, left.gone, strict=True):
            records = np.bincount(attribute.groups[level][base], weights=left.lost)
            records = records[records > 0]
            more += attribute.weight * float(records @ np.log2(everything / records))
        return left.floor + more
