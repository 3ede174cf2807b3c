"""What an attacker learns from releases of the same records together, those of a run and earlier ones."""

import numpy as np

from beam_deid.transforms.composition.common_values import fewest_in_common
from beam_deid.transforms.composition.joint_groups import Alike, divided
from beam_deid.transforms.composition.members import (
    Member,
    Members,
    Together,
    numbers_of,
    rest_groups,
    values_together,
)
from beam_deid.transforms.label.scope import EVERY
from beam_deid.transforms.past.views import WHOLE, Past
from beam_deid.transforms.risk.histogram import Counts
from beam_deid.transforms.risk.intersection_groups import Side, joint_groups, joint_groups_of_all
from beam_deid.transforms.risk.intersection_values import common_values


def together(one: Member, other: Member) -> Together:
    """Evaluate line 8 for two releases of a run."""
    sibling = one.sibling(other.name)
    cells = one.data.cells
    mine = one.present
    theirs = other.present
    if not cells.persons.names or not (mine.any() or theirs.any()):
        return Together(None, {}, np.zeros(len(cells), bool))
    said = Alike(sibling.k, len(cells))
    for name in (WHOLE, *sibling.left_out):
        shared = [column for column in sibling.shared if column != name]
        sides = [Side(numbers_of(each, shared), there) for each, there in ((one, mine), (other, theirs))]
        strict = name != WHOLE or not sibling.left_out
        said.add(joint_groups(sides[0], sides[1], cells.persons, cells.counts), sides, strict)
    broken = said.broken
    values = dict[str, int]()
    rows = np.flatnonzero(mine & theirs)
    for name in sibling.sensitive:
        if not len(rows):
            continue
        first, second = values_together((one, other), name)
        groups = [rest_groups(each, name) for each in (one, other)]
        common = common_values(groups[0], groups[1], first, second, rows)
        values[name] = int(common.min())
        broken[rows[common < sibling.l[name]]] = True
    # Of a sensitive field that no record has in both releases nothing can be told by both.
    values |= {name: sibling.l[name] for name in sibling.sensitive if name not in values}
    return Together(said.fewest, values, broken)


def with_earlier(member: Member, past: Past, number: int) -> Together:
    """Evaluate line 8 for a release of the run and an earlier one.

    Args:
        member: The release of the run.
        past: What was given out before.
        number: Which of its entries.
    """
    entry = past.entries[number]
    cells = member.data.cells
    sibling = member.sibling(entry.name)
    if not cells.persons.names or not member.present.any():
        return Together(None, {}, np.zeros(len(cells), bool))
    alike = Alike(sibling.k, len(cells))
    strict = not sibling.left_out or not {*sibling.left_out} <= {*past.views}
    for name, view in past.views.items():
        if name not in (WHOLE, *sibling.left_out):
            continue
        mine = view.over_all_rows(member.present)
        said = view.said_by(number)
        openly = view.open_by(number)
        shared = view.over_all_rows(numbers_of(member, [column for column in sibling.shared if column != name]))
        sides = [Side(shared, mine), Side(said, divided(openly, mine))]
        joint = joint_groups_of_all(sides, view.persons, None, view.crowds, past.crowd)
        alike.add(joint, sides, name != WHOLE or strict, said, openly)
    values = {}
    for name in sibling.sensitive:
        around = past.around[name]
        only = np.full(len(around.names), False)
        only[around.names.index(entry.name)] = True
        values[name] = fewest_in_common(name, (member,), around, only, 2, sibling.l[name], alike.broken)
    found = Together(alike.fewest, values, alike.broken)
    return _known(found, member.present, past.views[WHOLE].said_by(number), past)


def all_together(members: Members, past: Past) -> Together:
    """Evaluate line 8 for all releases of the same records together, which may tell more than any two of them."""
    every = list(members.values())
    cells = every[0].data.cells
    sibling = every[0].sibling(EVERY)
    present = [one.present for one in every]
    if not cells.persons.names or not np.logical_or.reduce(present).any():
        return Together(None, {}, np.zeros(len(cells), bool))
    alike = Alike(sibling.k, len(cells))
    for name in (WHOLE, *sibling.left_out):
        strict = name != WHOLE or not sibling.left_out
        sides = [Side(numbers_of(one, _shared_without(one, name)), one.present) for one in every]
        if past.entries:
            _add_with_past(alike, sides, past, name, strict)
        else:
            alike.add(joint_groups_of_all(sides, cells.persons, cells.counts), sides, strict)
    values: dict[str, int] = {}
    for name, least in {name: least for one in every for name, least in one.sibling(EVERY).l.items()}.items():
        holders = [one for one in every if name in one.data.layout.fields]
        # What a record says in two releases only is tested of the two.
        values[name] = fewest_in_common(name, holders, past.around.get(name), None, 3, least, alike.broken)
    found = Together(alike.fewest, values, alike.broken)
    return _known(found, np.logical_or.reduce(present), past.views[WHOLE].history, past) if past.entries else found


def _shared_without(one: Member, name: str) -> list[str]:
    """The fields of a release that other releases hold as well, without one."""
    shared = one.sibling(EVERY).shared
    return [column for column in shared if column in one.data.layout.fields and column != name]


def _add_with_past(alike: Alike, sides: list[Side], past: Past, name: str, strict: bool) -> None:
    """Add the groups that releases of the run, given by their sides, make together with all earlier ones."""
    view = past.views[name]
    sides = [Side(view.over_all_rows(side.shared), view.over_all_rows(side.present)) for side in sides]
    any_of_run = np.logical_or.reduce([side.present for side in sides])
    sides.append(Side(view.history, divided(view.openly, any_of_run)))
    joint = joint_groups_of_all(sides, view.persons, None, view.crowds, past.crowd)
    alike.add(joint, sides, strict, view.history, view.openly)


def _known(found: Together, mine: np.ndarray, said: Counts, past: Past) -> Together:
    """What was found, unless records are in it of which nobody can say which they are in earlier releases.

    Args:
        found: What releases say together.
        mine: Which cells a release of the run has, shape (n,).
        said: What earlier releases say of each row, shape (rows,); -1 where they have it not.
        past: What was given out before.
    """
    cells = len(past.unknown)
    unknown = past.unknown & mine & (said[:cells] >= 0)
    if not unknown.any():
        return found
    reason = (
        "records have no number by which they are known again, or several persons' have the same one, so that nobody can say "
        "what earlier releases say of each"
    )
    return Together(None, {}, found.broken | unknown, reason)
