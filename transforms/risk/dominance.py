"""Groups that mostly consist of one person's records, and which of these to leave out.

The rule is official statistics' (n, k) rule with n = 1: a total that is nearly all one contributor's tells about this
contributor. See Hundepool et al.: Statistical Disclosure Control (2012), chapter 4.
"""

from fractions import Fraction

import numpy as np
import numpy.typing as npt

from beam_deid.transforms.risk.histogram import Counts, tally
from beam_deid.transforms.risk.persons import paired

Shares = npt.NDArray[np.float64]

_DENSE = 8
"""Pairs are counted in a table where it has no more than this many cells per row; else they are sorted."""
_FINEST = 10**6
"""Limits are fractions with no greater denominator, so that products with counts are exact."""


def dominating(groups: Counts, many: int, counts: Counts, numbers: Counts, size: int) -> tuple[Shares, Counts]:
    """The greatest share of each group's records that one person has, by one identity.

    Args:
        groups: Group of each row, below ``many``, shape (n,); a row with -1 is in none.
        many: How many groups there are.
        counts: Records of each row, shape (n,).
        numbers: Person of each row, below ``size``, shape (n,); -1 is nobody, whose records are in the total alone.
        size: How many persons there are.

    Returns:
        The share, and the person who has it (the least number among equals), both (many,); 0.0 and -1 where nobody has any.
    """
    held, records = _held(groups, many, counts, numbers, size)
    group = held // max(size, 1)
    person = held % max(size, 1)
    most = _most(group, records, many)
    first = np.flatnonzero(records == most[group])[::-1]
    who = np.full(many, -1, np.int64)
    who[group[first]] = person[first]
    total = _totals(groups, counts, many)
    return np.divide(most, total, out=np.zeros(many), where=total > 0), who


def greatest_holdings(groups: Counts, many: int, counts: Counts, numbers: Counts, size: int) -> Counts:
    """The most records of each group that one person has, shape (many,); 0 where nobody has any. See `dominating`."""
    held, records = _held(groups, many, counts, numbers, size)
    return _most(held // max(size, 1), records, many)


def trimmed(
    groups: Counts,
    many: int,
    counts: Counts,
    cells: Counts,
    numbers: Counts,
    size: int,
    limit: float,
    *,
    ranked: bool = False,
) -> Counts:
    """Records of each row without the surplus, so that no person has more than ``limit`` of any group's records.

    Whoever has more keeps as many as the other records of the group allow. These are spread over the person's cells: each
    keeps no more than m, the greatest whole number that will do, which does not depend on any order. What m leaves of the
    allowance is not used, unless the cells are ``ranked``. So little may be left of a person that another one comes to have
    too much; that one is cut next.

    Args:
        groups: Group of each row, below ``many``, shape (n,); a row with -1 is in none, and stays.
        many: How many groups there are.
        counts: Records of each row, shape (n,).
        cells: Number of each row's cell, shape (n,): rows of one cell can be exchanged for one another.
        numbers: Person of each row, below ``size``, shape (n,); rows of nobody (-1) stay.
        size: How many persons there are.
        limit: The greatest share, from 0 to 1.
        ranked: Whether the cells' numbers follow from their values. Then the rest of the allowance goes to the cells with the
            least numbers that have more than m, one record each.

    Returns:
        Records of each row that remain, shape (n,), int64.
    """
    left = counts.astype(np.int64)
    most = _fraction(limit)
    rows = np.flatnonzero((groups >= 0) & (counts > 0))
    while len(rows):
        group = groups[rows]
        number = numbers[rows]
        held, records = _held(group, many, left[rows], number, size)
        allowed = _allowed(held // max(size, 1), records, _totals(group, left[rows], many), most)
        over = records > allowed[held // max(size, 1)]
        if not over.any():
            break
        # No other group changes.
        touched = np.zeros(many, np.bool_)
        touched[held[over] // size] = True
        rows = rows[touched[group]]
        pairs = np.where(numbers[rows] < 0, -1, groups[rows] * size + numbers[rows])
        place = np.minimum(np.searchsorted(held[over], pairs), np.count_nonzero(over) - 1)
        cut = held[over][place] == pairs
        surplus = rows[cut]
        budgets = allowed[held[over] // size]
        left[surplus] = _spread(place[cut], budgets, cells[surplus], left[surplus], ranked)
    return left


def _held(groups: Counts, many: int, counts: Counts, numbers: Counts, size: int) -> tuple[Counts, Counts]:
    """The pairs of a group and a person that have records, as ``group * size + person``, ascending; and how many."""
    pairs = paired(groups, numbers, size)
    owned = counts[(groups >= 0) & (numbers >= 0)]
    if many * size <= _DENSE * len(pairs):
        records = tally(pairs, owned, many * size)
        held = np.flatnonzero(records)
        return held, records[held]
    if (owned == 1).all():
        pairs.sort()
    else:
        order = np.argsort(pairs)
        pairs = pairs[order]
        owned = owned[order]
    first = np.ones(len(pairs), np.bool_)
    np.not_equal(pairs[1:], pairs[:-1], out=first[1:])
    begins = np.flatnonzero(first)
    records = np.add.reduceat(owned, begins) if len(begins) else owned
    some = records > 0
    return pairs[begins][some], records[some]


def _totals(groups: Counts, counts: Counts, many: int) -> Counts:
    inside = groups >= 0
    return tally(groups[inside], counts[inside], many)


def _most(group: Counts, records: Counts, many: int) -> Counts:
    """The greatest of ``records`` in each group, shape (many,); 0 where there are none. Groups ascend."""
    most = np.zeros(many, np.int64)
    begins = np.flatnonzero(np.diff(group, prepend=-1))
    if len(begins):
        most[group[begins]] = np.maximum.reduceat(records, begins)
    return most


def _fraction(limit: float) -> Fraction:
    """The limit as it is written. A share of whole numbers that is not above it is not above it in floating point, either."""
    exact = Fraction(str(limit)).limit_denominator(_FINEST)
    return exact if float(exact) <= limit else Fraction(int(Fraction(limit) * _FINEST), _FINEST)


def _allowed(group: Counts, records: Counts, total: Counts, most: Fraction) -> Counts:
    """The most records that a person of each group may keep, shape (many,), such that no share is above ``most``.

    If all persons are cut to M records, the j greatest of them to exactly M, the total is R + j M, R being the records of all
    others. M ≤ most (R + j M) says M ≤ most R / (1 - j most); the least over all j holds for whichever are really cut.
    With one person above a half this is most (T - c) / (1 - most), with c of T records.

    Args:
        group: Group of each person, ascending, shape (p,).
        records: Records of each person, shape (p,).
        total: Records of each group, shape (many,).
        most: The greatest share.
    """
    part = most.numerator
    whole = most.denominator
    allowed = part * total // whole
    rest = total.copy()
    breach = np.flatnonzero((_most(group, records, len(total)) > allowed)[group])
    group = group[breach]
    records = records[breach]
    order = np.lexsort((-records, group))  # within each group the greatest first
    records = records[order]
    begins = np.flatnonzero(np.diff(group, prepend=-1))
    ends = np.append(begins[1:], len(group))
    groups = group[begins]
    for greatest in range(1, -(-whole // part) if part else 1):
        groups, ends, begins = (of[begins < ends] for of in (groups, ends, begins))
        if not len(groups):
            break
        rest[groups] -= records[begins]
        allowed[groups] = np.minimum(allowed[groups], part * rest[groups] // (whole - greatest * part))
        begins = begins + 1
    return allowed


def _spread(places: Counts, budgets: Counts, cells: Counts, counts: Counts, ranked: bool) -> Counts:
    """What each row keeps if the rows of each place together keep no more than its budget.

    Args:
        places: Place of each row, shape (n,); all of them occur.
        budgets: Records that each place may keep, fewer than it has, shape (places,).
        cells: Cell of each row, shape (n,).
        counts: Records of each row, shape (n,), above 0.
        ranked: Whether the rest of the budget goes to the cells with the least numbers.

    Returns:
        Shape (n,).
    """
    rows = np.lexsort((cells, places))  # stable: rows of one cell stay in their order
    begins = np.flatnonzero((np.diff(places[rows], prepend=-1) != 0) | (np.diff(cells[rows], prepend=-1) != 0))
    has = np.add.reduceat(counts[rows], begins)
    place = places[rows][begins]
    order = np.lexsort((has, place))  # within each place the smallest cell first
    least = has[order]
    first = np.searchsorted(place, np.arange(len(budgets)))
    before = np.cumsum(least) - least
    before -= before[first][place]
    above = np.bincount(place, minlength=len(budgets))[place] - (np.arange(len(place)) - first[place])
    # Whichever cells are taken whole, the others sharing what is left of the budget do not pass it; the best m is the right one.
    level = np.maximum.reduceat((budgets[place] - before) // above, first)
    keep = np.minimum(has, level[place])
    if ranked:
        more = has > keep
        spare = budgets - np.add.reduceat(keep, first)
        earlier: Counts = np.cumsum(more) - more
        keep += more & (earlier - earlier[first][place] < spare[place])
    cell = np.repeat(np.arange(len(begins)), np.diff(begins, append=len(rows)))
    ahead = np.cumsum(counts[rows]) - counts[rows]
    ahead -= ahead[begins][cell]
    kept = np.empty(len(rows), np.int64)
    kept[rows] = np.clip(keep[cell] - ahead, 0, counts[rows])
    return kept
