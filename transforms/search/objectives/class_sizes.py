"""Objectives over the sizes of classes: discernibility, and the average size."""

import numpy as np

from beam_deid.transforms.search.objectives.objective import Left, Objective


class Discernibility(Objective):
    """The discernibility metric: the sum of squared class sizes, and for each suppressed record the number of all records.

    Bayardo, Agrawal: Data privacy through optimal k-anonymization (2005). Fields have no part in it, and so no weight.
    """

    name = "discernibility"
    words = "sum of squared class sizes; a suppressed record costs the number of all"
    source = "Bayardo, Agrawal 2005"
    grows = True

    def value(self, left: Left) -> float:
        """The metric in records squared."""
        sizes = left.classes.astype(np.float64)
        return float(sizes @ sizes) + float(left.total) * left.suppressed

    def penalty(self, left: Left) -> float:
        """What suppressed classes cost more than their squares; split into finer ones it is no less."""
        lost = left.lost.astype(np.float64)
        return float(lost.sum() * left.total - lost @ lost)


class AverageClassSize(Objective):
    """Records per class; what is suppressed is one class more.

    LeFevre, DeWitt, Ramakrishnan: Mondrian multidimensional k-anonymity (2006), there divided by k. No weights.
    """

    name = "average_class_size"
    words = "records per class, suppressed ones as one class"
    source = "LeFevre et al. 2006"
    grows = True

    def value(self, left: Left) -> float:
        """The metric in records."""
        return left.total / max(len(left.classes) + (left.suppressed > 0), 1)
