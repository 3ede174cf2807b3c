"""The metrics that a search minimizes: one class for each objective, all of them in `OBJECTIVES`."""

from beam_deid.transforms.search.objectives.class_sizes import AverageClassSize, Discernibility
from beam_deid.transforms.search.objectives.costs import Loss, Precision
from beam_deid.transforms.search.objectives.entropy import MonotonicNonUniformEntropy, NonUniformEntropy
from beam_deid.transforms.search.objectives.objective import Objective

OBJECTIVES: dict[str, Objective] = {
    one.name: one
    for one in (
        Loss(),
        Precision(),
        NonUniformEntropy(),
        MonotonicNonUniformEntropy(),
        Discernibility(),
        AverageClassSize(),
    )
}
"""All objectives by name, the default first."""
