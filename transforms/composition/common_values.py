"""Line 8: how many values of a sensitive field the groups of a record have in common, over releases of a run and earlier ones."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from beam_deid.transforms.columns.key_codes import codes
from beam_deid.transforms.composition.members import (
    Member,
    rest_groups,
    value_keys,
    values_together,
)
from beam_deid.transforms.past.views import Around
from beam_deid.transforms.risk.held_values import Held
from beam_deid.transforms.risk.histogram import Counts
from beam_deid.transforms.risk.intersection_values import common_values_of_all, values_in_all


def fewest_in_common(
    name: str,
    members: Sequence[Member],
    around: Around | None,
    only: np.ndarray | None,
    times: int,
    least: int,
    broken: np.ndarray,
) -> int:
    """Find the least number of sensitive values that a record's groups in several releases have in common.

    Only records that are in at least ``times`` releases are asked about.

    Args:
        name: The field.
        members: The releases of the run that hold it.
        around: The groups around it in earlier releases; None where none of them holds it.
        only: Which of the earlier releases are compared, shape (releases,), bool; None for all.
        times: The least number of releases that contain a record which is asked about.
        least: The required number of values, which is also the result where no record is asked about.
        broken: The cells with fewer values are marked in this array, shape (n,), bool.
    """
    if around is None:
        seen = np.sum([one.present for one in members], axis=0)
        rows = np.flatnonzero(seen >= times)
        if not len(rows):
            return least
        groups = [rest_groups(one, name) for one in members]
        common = common_values_of_all(groups, values_together(members, name), rows)
    else:
        theirs = around.groups if only is None else np.where(only[:, None], around.groups, -1)
        mine = [rest_groups(one, name) for one in members]
        chosen = [np.append(places, -1)[around.chosen] for places in theirs]
        seen = np.sum([places >= 0 for places in (*mine, *chosen)], axis=0)
        rows = np.flatnonzero((seen >= times) & np.logical_or.reduce([places >= 0 for places in mine]))
        if not len(rows):
            return least
        common = _common_with_earlier(name, members, mine, around, theirs, rows)
    broken[rows[common < least]] = True
    return int(common.min())


def _common_with_earlier(
    name: str, members: Sequence[Member], mine: Sequence[Counts], around: Around, theirs: Counts, rows: np.ndarray
) -> Counts:
    """How many values the groups of some cells have in common, in releases of the run and in earlier ones, shape (r,)."""
    keys = [value_keys(one, name) for one in members]
    numbers, distinct = codes(np.concatenate([*keys, *(value for _, value in around.values)]))
    null = np.flatnonzero(distinct == members[0].data.job.prints.null)
    numbers = np.where(np.isin(numbers, null), -1, numbers)
    parts = np.split(numbers, np.cumsum([len(one) for one in (*keys, *(value for _, value in around.values))])[:-1])
    held = [Held.of(groups, values, len(distinct)) for groups, values in zip(mine, parts[: len(mine)], strict=True)]
    for (groups, _), values, many in zip(around.values, parts[len(mine) :], around.many, strict=True):
        held.append(replace(Held.of(groups, values, len(distinct)), groups=many))
    combined = np.stack([*(groups[rows] for groups in mine), around.chosen[rows]])
    choices, which = np.unique(combined, axis=1, return_inverse=True)
    places = [*choices[:-1], *(np.append(one, -1)[choices[-1]] for one in theirs)]
    return values_in_all(held, places)[which.reshape(-1)]
