"""How many of a population are unique, estimated from a sample of it.

A sample's unique records need not be unique in the population that it was drawn from. Inputs are class sizes of the
sample by record. Dankar, El Emam, Neisa, Roffey: Estimating the re-identification risk of clinical data sets (2012) say
which estimate to trust.
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

_STEPS = 100
_EXACT = 1e-12
_DANKAR = 0.1


@dataclass(frozen=True)
class PopulationUniqueness:
    """Shares of a population's records that are unique in it, from 0 to 1.

    Attributes:
        population: The population's size.
        sample: Share of the sample's records that are unique in the sample.
        pitman: Estimate after Hoshino: Applying Pitman's sampling formula to microdata disclosure risk assessment
            (2001), by maximum likelihood; None where it does not converge.
        zayatz: Estimate after Zayatz: Estimation of the percent of unique population elements on a microdata file using
            the sample (1991).
        chosen: Pitman's where the sample is at most a tenth of the population and it converges, else Zayatz's.
    """

    population: int
    sample: float
    pitman: float | None
    zayatz: float
    chosen: float


def population_uniqueness(sizes: Ints, population: int) -> PopulationUniqueness:
    """Estimate how many records of a population are unique.

    Args:
        sizes: Records of each class of the sample, shape (classes,), at least one.
        population: Records of the population; never below the sample's.
    """
    records = int(sizes.sum())
    population = max(population, records)
    unique = float((sizes == 1).sum() / records)
    if population == records:
        return PopulationUniqueness(population, unique, unique, unique, unique)
    pitman, zayatz = pitman_share(sizes, population), zayatz_share(sizes, population)
    chosen = pitman if pitman is not None and records <= _DANKAR * population else zayatz
    return PopulationUniqueness(population, unique, pitman, zayatz, chosen)


def pitman_share(sizes: Ints, population: int) -> float | None:
    """Share of the population's records that are unique, by Pitman's sampling formula; None without convergence."""
    fitted = _pitman(sizes)
    if fitted is None:
        return None
    theta, alpha = fitted
    share = math.exp(math.lgamma(theta + 1) - math.lgamma(theta + alpha) + (alpha - 1) * math.log(population))
    return min(share, 1.0)


def _pitman(sizes: Ints) -> tuple[float, float] | None:
    """Maximum likelihood of θ and α by Newton's method, from Hoshino's moments as the start."""
    records, classes = int(sizes.sum()), len(sizes)
    counts = np.bincount(sizes, minlength=3)
    once, twice = int(counts[1]), int(counts[2])
    if not once or not twice or classes == records:
        return None
    c = once * (once - 1) / twice
    below = 2 * once * classes + once * c - records * c
    if below == 0 or c == 0:
        return None
    theta = (records * classes * c - once * (records - 1) * (2 * classes + c)) / below
    point = np.array([theta, (theta * (once - records) + (records - 1) * once) / (records * classes)])
    size = np.flatnonzero(counts)
    for _ in range(_STEPS):
        if not (point[0] > -point[1] and 0 <= point[1] < 1):
            return None
        gradient, hessian = _slopes(point, records, classes, size, counts[size])
        try:
            step = np.linalg.solve(hessian, gradient)
        except np.linalg.LinAlgError:
            return None
        point = point - step
        if np.abs(step / point).max() < _EXACT:
            good = point[0] > -point[1] and 0 <= point[1] < 1
            return (float(point[0]), float(point[1])) if good else None
    return None


def _slopes(point: Floats, records: int, classes: int, size: Ints, counts: Ints) -> tuple[Floats, Floats]:
    """Gradient (2,) and Hessian (2, 2) of the logarithm of Pitman's formula at (θ, α)."""
    theta, alpha = point
    number = np.arange(1, classes)
    by_class, by_record = 1 / (theta + number * alpha), 1 / (theta + np.arange(1, records))
    inverse = 1 / (np.arange(1, size.max()) - alpha)
    first, second = (np.r_[0.0, np.cumsum(part)][size - 1] @ counts for part in (inverse, inverse**2))
    gradient = np.array([by_class.sum() - by_record.sum(), number @ by_class - first])
    mixed = -(number @ by_class**2)
    return gradient, np.array([
        [(by_record**2).sum() - (by_class**2).sum(), mixed], [mixed, -((number * by_class) ** 2).sum() - second],
    ])  # fmt: skip


def zayatz_share(sizes: Ints, population: int) -> float:
    """Share of the population's records that are unique, if its classes have the sample's distribution of sizes."""
    records = int(sizes.sum())
    counts = np.bincount(sizes)
    size = np.flatnonzero(counts)
    once = int(counts[1]) if len(counts) > 1 else 0
    if not once:
        return 0.0
    # The chance that exactly one record of a class of that size is drawn (hypergeometric).
    drawn = np.array([
        math.exp(math.log(s) + _log_choose(population - s, records - 1) - _log_choose(population, records))
        if population - s >= records - 1 else 0.0
        for s in size.tolist()
    ])  # fmt: skip
    unique = counts[1] * drawn[0] / (counts[size] @ drawn)
    return float(unique * once / records)


def _log_choose(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
