"""Measures of attribute disclosure for each class, as the search and the label require them of every class.

Sources as in `beam_deid.transforms.risk.measures`. Each figure is of shape (classes,), and holds for two classes together at
least as well as for the worse of them.
"""

import numpy as np

from beam_deid.transforms.risk.distribution import Distribution, Shares
from beam_deid.transforms.risk.histogram import Counts


def distinct_values(found: Distribution) -> Counts:
    """Distinct l: how many values a class has."""
    return found.distinct


def entropies(found: Distribution) -> Shares:
    """The entropy of each class, in nats."""
    most = int(found.class_records.max())
    if most >= len(found.pair_records):
        return np.asarray(-found.summed(found.share * np.log(found.share)))
    # ln N − Σ n ln n / N: logarithms of few counts, not of all shares.
    logs = np.concatenate([[0.0], np.log(np.arange(1, most + 1))])
    table = np.arange(most + 1) * logs
    return np.asarray(logs[found.class_records] - found.summed(table[found.pair_records]) / found.class_records)


def effective_values(found: Distribution) -> Shares:
    """Entropy l: e to the entropy, which is the number of values that would, equally likely, have the same entropy."""
    return np.asarray(np.exp(entropies(found)))


def recursive_ratio(found: Distribution, least: int) -> Shares:
    """The c below which recursive (c,l)-diversity fails: the commonest value's records over those of the l-th and rarer ones.

    Machanavajjhala et al. (2007), definition 4.3. Infinite where a class has fewer than l values.

    Args:
        found: The distribution.
        least: l, at least 2.
    """
    order = np.lexsort((-found.pair_records, found.pair_class))
    records = found.pair_records[order].astype(np.float64)  # within each class the commonest value first
    place = np.arange(len(records)) - found.begins[found.pair_class]
    rest = found.summed(np.where(place >= least - 1, records, 0.0))
    with np.errstate(divide="ignore"):
        return np.asarray(records[found.begins] / rest)


def commonest_share(found: Distribution) -> Shares:
    """α: the greatest share of a class that has one value."""
    return np.asarray(np.maximum.reduceat(found.held, found.begins))


def basic_gain(found: Distribution) -> Shares:
    """Basic β: the greatest relative gain of a value's share in the class over its share in all; 0 where none gains.

    The definition is over the values that gain. One always does where shares add up to 1; where persons have several values, all
    of a class may be rarer in it than among all.
    """
    return np.asarray(np.maximum(np.maximum.reduceat(found.lift - 1.0, found.begins), 0.0))


def enhanced_gain(found: Distribution, most: float) -> Shares:
    """Enhanced β: each value's gain, scaled so that it may be ``most`` where it must be no more than min(``most``, −ln p)."""
    gain = found.lift - 1.0
    own = np.minimum(most, -np.log(found.held_there))
    # A value that all records have gains nothing; it may.
    scaled = np.divide(gain * most, own, out=np.zeros_like(gain), where=gain > 0)
    return np.asarray(np.maximum.reduceat(scaled, found.begins))


def greatest_log_ratio(found: Distribution) -> Shares:
    """δ: the greatest |ln(q / p)| over the values that a class has."""
    return np.asarray(np.maximum.reduceat(np.abs(np.log(found.lift)), found.begins))
