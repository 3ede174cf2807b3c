"""How many records of a population are unique, estimated from a sample.

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
_HALVINGS = 200


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
        snb: Estimate after Chen, Keller-McNulty: Estimation of identification disclosure risk in microdata (1998), the
            shifted negative binomial model; None where it has no solution.
        chosen: Pitman's where the sample is at most a tenth of the population and it converges, else the lesser of the
            other two.
    """

    population: int
    sample: float
    pitman: float | None
    zayatz: float
    snb: float | None
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
        return PopulationUniqueness(population, unique, unique, unique, unique, unique)
    pitman = pitman_share(sizes, population)
    zayatz = zayatz_share(sizes, population)
    snb = snb_share(sizes, population)
    large = zayatz if snb is None else min(zayatz, snb)
    chosen = pitman if pitman is not None and records <= _DANKAR * population else large
    return PopulationUniqueness(population, unique, pitman, zayatz, snb, chosen)


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
    records = int(sizes.sum())
    classes = len(sizes)
    counts = np.bincount(sizes, minlength=3)
    once = int(counts[1])
    twice = int(counts[2])
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
    by_class = 1 / (theta + number * alpha)
    by_record = 1 / (theta + np.arange(1, records))
    inverse = 1 / (np.arange(1, size.max()) - alpha)
    first, second = (np.r_[0.0, np.cumsum(part)][size - 1] @ counts for part in (inverse, inverse**2))
    gradient = np.array([by_class.sum() - by_record.sum(), number @ by_class - first])
    mixed = -(number @ by_class**2)
    return gradient, np.array(
        [
            [(by_record**2).sum() - (by_class**2).sum(), mixed],
            [mixed, -((number * by_class) ** 2).sum() - second],
        ]
    )


def zayatz_share(sizes: Ints, population: int) -> float:
    """Share of the population's records that are unique, if its classes have the sample's distribution of sizes."""
    records = int(sizes.sum())
    counts = np.bincount(sizes)
    size = np.flatnonzero(counts)
    once = int(counts[1]) if len(counts) > 1 else 0
    if not once:
        return 0.0
    # The chance that exactly one record of a class of that size is drawn (hypergeometric).
    drawn = np.array(
        [
            math.exp(math.log(s) + _log_choose(population - s, records - 1) - _log_choose(population, records))
            if population - s >= records - 1
            else 0.0
            for s in size.tolist()
        ]
    )
    unique = counts[1] * drawn[0] / (counts[size] @ drawn)
    return float(unique * once / records)


def snb_share(sizes: Ints, population: int, every: float | None = None) -> float | None:
    """Share of the population's records that are unique, if class sizes less one follow a negative binomial law.

    Of a class of F = 1 + X records, X ~ NB(α, β), each is drawn with chance π = n/N. With D = 1 − (1 − β)(1 − π) a class is
    missed with chance (1 − π)(β/D)^α and seen once with chance π(β/D)^α·(1 + α(1 − π)(1 − β)/D). Both are set equal to
    what the sample shows; β^α of the classes are unique.

    Args:
        sizes: Records of each class of the sample, shape (classes,).
        population: Records of the population.
        every: Number of classes of the population; Shlosser's estimate, which is rather too high, if not given.
    """
    records = int(sizes.sum())
    classes = len(sizes)
    counts = np.bincount(sizes, minlength=2).astype(np.float64)
    if not counts[1]:
        return 0.0
    size = np.arange(len(counts))
    rate = records / population
    rest = (1 - rate) ** size
    every = every or classes + counts[1] * float(rest[1:] @ counts[1:]) / float(
        size[1:] * rate * rest[:-1] @ counts[1:]
    )
    missed = 1 - classes / every
    once = counts[1] / every
    if not 0 < missed < 1 - rate:
        return None
    # (β/D)^α follows from the share that is missed, and α(1 − β)/D from that and the share that is seen once.
    power = missed / (1 - rate)
    slope = (once / (rate * power) - 1) / (1 - rate)
    if slope <= 0:
        return None
    beta = _beta(power, slope, rate)
    if beta is None:
        return None
    alpha = slope * (1 - (1 - beta) * (1 - rate)) / (1 - beta)
    return float(min(1.0, every * beta**alpha / population))


def _beta(power: float, slope: float, rate: float) -> float | None:
    """β in (0, 1) with α·ln(β/D) = ln(power) for α = slope·D/(1 − β), by halving; None if there is none."""

    def excess(beta: float) -> float:
        rest = 1 - (1 - beta) * (1 - rate)
        return slope * rest / (1 - beta) * math.log(beta / rest) - math.log(power)

    low = 1e-15
    high = 1 - 1e-9
    if excess(low) > 0 or excess(high) < 0:
        return None
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if excess(middle) < 0 else (low, middle)
    return (low + high) / 2


def _log_choose(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
