"""Line 8: what releases of the same records say together, those of a run and those that were given out before."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from beam_deid.transforms.columns.fingerprint import Keys, codes
from beam_deid.transforms.label.requirements.requirement import Composed
from beam_deid.transforms.label.scope import EVERY, Sibling
from beam_deid.transforms.records.candidate import Candidate
from beam_deid.transforms.records.cutting import Cut, cut
from beam_deid.transforms.records.openings import Levels
from beam_deid.transforms.records.past import Around, Past
from beam_deid.transforms.records.released_data import ReleasedData
from beam_deid.transforms.risk.composition import (
    Held,
    Joint,
    Side,
    common_values,
    common_values_of_all,
    joint_groups,
    joint_groups_of_all,
    one_to_one,
    values_in_all,
)
from beam_deid.transforms.risk.histogram import Counts

_ROUNDS = 50
"""Most rounds of suppressing what releases say together; in every round something goes, so that it ends of itself."""


@dataclass(frozen=True)
class Member:
    """A release of the run at its levels, as one of several that are looked at together.

    Attributes:
        data: The release.
        levels: The level of each open field, one or one a cell.
        cut: What is released of it.
    """

    data: ReleasedData
    levels: Levels
    cut: Cut

    @property
    def name(self) -> str:
        """Its name."""
        return self.data.layout.release

    @property
    def present(self) -> np.ndarray:
        """Which cells are released, shape (n,)."""
        return self.cut.left > 0

    def sibling(self, other: str) -> Sibling:
        """What its scope says of another release, or of all together."""
        return self.data.layout.scope.siblings[other]


Members = Mapping[str, Member]


@dataclass(frozen=True)
class Together:
    """What two releases, or all of them, say together.

    Attributes:
        persons: Fewest persons of a joint group.
        values: Of each sensitive field that they hold the fewest values in common.
        broken: Cells whose joint group, or whose values in common, are too few, shape (n,).
        reason: Why nothing could be told, where that is so.
    """

    persons: int | None
    values: Mapping[str, int]
    broken: np.ndarray
    reason: str = ""

    @property
    def composed(self) -> Composed:
        """The same for a label."""
        return Composed(self.persons, self.values, self.reason)


def compose(members: Members, past: Past) -> tuple[dict[str, Cut], dict[str, dict[str, Composed]]]:
    """Suppress what releases say together, where that is within every share, and tell what is left.

    Args:
        members: The releases of a run that are tested together, over the same cells.
        past: What was given out before of the same records.

    Returns:
        What is released of each now; and what each says together with each other one.
    """
    pairs = list(combinations(members, 2))
    copies = {pair: copied(members[pair[0]], members[pair[1]]) for pair in pairs}
    # Where a column is a copy of a secret one nothing is reached, and so nothing suppressed.
    after = dict(members) if any(copies.values()) else suppressed(members, past) or dict(members)
    found: dict[str, dict[str, Composed]] = {name: {} for name in members}
    for one, other in pairs:
        reason = copies[one, other]
        said = together(after[one], after[other])
        found[one][other] = found[other][one] = Composed(None, {}, reason) if reason else said.composed
    for name, member in after.items():
        for number, entry in enumerate(past.entries):
            found[name][entry.name] = with_earlier(member, past, number).composed
        found[name] |= {other: Composed(None, {}, reason) for other, reason in past.untested.items()}
    if len(after) + len(past.entries) > 2:
        whole = all_together(after, past)
        for name in after:
            found[name][EVERY] = whole.composed
    return {name: member.cut for name, member in after.items()}, found


def suppressed(members: Members, past: Past) -> dict[str, Member] | None:
    """The releases without what they say together; None where that would be more than a share allows."""
    now = dict(members)
    for _ in range(_ROUNDS):
        broken = _broken(now, past)
        again = {name: _without(one, broken[name]) for name, one in now.items()}
        if any(one is None for one in again.values()):
            return None
        after = {name: one for name, one in again.items() if one is not None}
        if all(np.array_equal(after[name].cut.left, now[name].cut.left) for name in now):
            return after
        now = after
    return None


def _broken(members: Members, past: Past) -> dict[str, np.ndarray]:
    """Of each release the cells that say too much together with others, shape (n,)."""
    broken = {name: np.zeros(len(one.data.cells), bool) for name, one in members.items()}
    for one, other in combinations(members, 2):
        pair = together(members[one], members[other])
        broken[one] |= pair.broken
        broken[other] |= pair.broken
    for name, member in members.items():
        for number in range(len(past.entries)):
            broken[name] |= with_earlier(member, past, number).broken
    if len(members) + len(past.entries) > 2:
        whole = all_together(members, past).broken
        broken = {name: before | whole for name, before in broken.items()}
    return broken


def copied(one: Member, other: Member) -> str:
    """What a release says of a sensitive column that another one holds, under another name; empty if nothing.

    Fields are compared by their names, so that nothing can be said of two releases if one of them holds a copy, or a pseudonym,
    of what is secret in the other.
    """
    both = np.flatnonzero(one.present & other.present)
    for holder, elsewhere in ((one, other), (other, one)):
        secret = [name for name in holder.data.layout.scope.sensitive if name not in elsewhere.data.layout.fields]
        others = [name for name in elsewhere.data.layout.fields if name not in holder.data.layout.fields]
        for name in secret:
            numbers = holder.data.coded(name, holder.levels)[0][both]
            for copy in others:
                if one_to_one(numbers, elsewhere.data.coded(copy, elsewhere.levels)[0][both]):
                    here, there = holder.name, elsewhere.name
                    return f"{copy} in {there} says what {name} in {here} does: give both out under one name, or only one of them"
    return ""


def together(one: Member, other: Member) -> Together:
    """What two releases of a run say together."""
    sibling, cells = one.sibling(other.name), one.data.cells
    mine, theirs = one.present, other.present
    broken = np.zeros(len(cells), bool)
    if not cells.persons.names or not (mine.any() or theirs.any()):
        return Together(None, {}, broken)
    sides = [Side(_numbers(each, sibling.shared), there) for each, there in ((one, mine), (other, theirs))]
    joint = joint_groups(sides[0], sides[1], cells.persons, cells.counts)
    broken |= _few(joint, sibling.k)
    values: dict[str, int] = {}
    rows = np.flatnonzero(mine & theirs)
    for name in sibling.sensitive:
        if not len(rows):
            continue
        first, second = _values_together((one, other), name)
        groups = [_rest_groups(each, name) for each in (one, other)]
        common = common_values(groups[0], groups[1], first, second, rows)
        values[name] = int(common.min())
        broken[rows[common < sibling.l[name]]] = True
    # Of a sensitive field that no record has in both releases nothing can be told by both.
    values |= {name: sibling.l[name] for name in sibling.sensitive if name not in values}
    return Together(int(joint.persons.min()), values, broken)


def with_earlier(member: Member, past: Past, number: int) -> Together:
    """What a release of the run says together with an earlier one.

    Args:
        member: The release of the run.
        past: What was given out before.
        number: Which of its entries.
    """
    entry, cells = past.entries[number], member.data.cells
    sibling, said = member.sibling(entry.name), past.said_by(number)
    mine = _over_all_rows(member.present, past)
    theirs = _divided(said, mine)
    if not cells.persons.names or not mine.any():
        return Together(None, {}, np.zeros(len(cells), bool))
    shared = _over_all_rows(_numbers(member, sibling.shared), past)
    joint = joint_groups_of_all((Side(shared, mine), Side(said, theirs)), past.persons, None, past.crowds, past.crowd)
    broken = _with_kin(_few(joint, sibling.k), mine, said, len(cells))
    values = {}
    for name in sibling.sensitive:
        around = past.around[name]
        only = np.full(len(around.names), False)
        only[around.names.index(entry.name)] = True
        values[name] = _common(name, (member,), around, only, 2, sibling.l[name], broken)
    return _known(Together(int(joint.persons.min()), values, broken), mine, said, past)


def all_together(members: Members, past: Past) -> Together:
    """What more than two releases of the same records say together, which no two of them need say."""
    every = list(members.values())
    cells = every[0].data.cells
    broken = np.zeros(len(cells), bool)
    present = [_over_all_rows(one.present, past) for one in every]
    if not cells.persons.names or not np.logical_or.reduce(present).any():
        return Together(None, {}, broken)
    held = [[name for name in one.sibling(EVERY).shared if name in one.data.layout.fields] for one in every]
    said = [_over_all_rows(_numbers(one, names), past) for one, names in zip(every, held, strict=True)]
    sides = [Side(numbers, there) for numbers, there in zip(said, present, strict=True)]
    if past.entries:
        there = np.logical_or.reduce(present)
        sides.append(Side(past.history, _divided(past.history, there)))
        joint = joint_groups_of_all(sides, past.persons, None, past.crowds, past.crowd)
        broken |= _with_kin(_few(joint, every[0].sibling(EVERY).k), there, past.history, len(cells))
    else:
        joint = joint_groups_of_all(sides, cells.persons, cells.counts)
        broken |= _few(joint, every[0].sibling(EVERY).k)
    values: dict[str, int] = {}
    for name, least in {name: least for one in every for name, least in one.sibling(EVERY).l.items()}.items():
        holders = [one for one in every if name in one.data.layout.fields]
        # What a record says in two releases only is tested of the two.
        values[name] = _common(name, holders, past.around.get(name), None, 3, least, broken)
    found = Together(int(joint.persons.min()), values, broken)
    return _known(found, np.logical_or.reduce(present), past.history, past) if past.entries else found


def _known(found: Together, mine: np.ndarray, said: Counts, past: Past) -> Together:
    """What was found, unless records are in it of which nobody can say which they are in earlier releases.

    Args:
        found: What releases say together.
        mine: Which rows a release of the run has, shape (rows,).
        said: What earlier releases say of each row, shape (rows,); -1 where they have it not.
        past: What was given out before.
    """
    cells = len(past.unknown)
    unknown = past.unknown & mine[:cells] & (said[:cells] >= 0)
    if not unknown.any():
        return found
    reason = (
        "records have no number by which they are known again, or several persons' have the same one, so that nobody can say "
        "what earlier releases say of each"
    )
    return Together(None, {}, found.broken | unknown, reason)


def _common(
    name: str, members: Sequence[Member], around: Around | None, only: np.ndarray | None, times: int, least: int, broken: np.ndarray
) -> int:
    """The fewest values of a sensitive field that a record's groups have in common, of records in so many releases at least.

    Args:
        name: The field.
        members: The releases of the run that hold it.
        around: Where it is in earlier releases; None where none holds it.
        only: Which of the earlier releases are looked at, shape (releases,); None for all.
        times: In how many releases a record is that is asked about.
        least: How many values there must be; as many are told where no record is asked about.
        broken: The cells that have fewer are marked here, shape (n,).
    """
    if around is None:
        seen = np.sum([one.present for one in members], axis=0)
        rows = np.flatnonzero(seen >= times)
        if not len(rows):
            return least
        groups = [_rest_groups(one, name) for one in members]
        common = common_values_of_all(groups, _values_together(members, name), rows)
    else:
        theirs = around.groups if only is None else np.where(only[:, None], around.groups, -1)
        mine = [_rest_groups(one, name) for one in members]
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
    keys = [_value_keys(one, name) for one in members]
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


def _divided(said: Counts, mine: np.ndarray) -> np.ndarray:
    """The rows of earlier groups of which the run has something, shape (rows,): of all others it says nothing new."""
    return (said >= 0) & np.isin(said, np.unique(said[mine]))


def _few(joint: Joint, k: int) -> np.ndarray:
    """The rows whose joint group has too few persons, shape (rows,)."""
    return (joint.groups >= 0) & (joint.persons < k)[joint.groups]


def _with_kin(few: np.ndarray, mine: np.ndarray, said: Counts, cells: int) -> np.ndarray:
    """The cells to be suppressed, shape (n,), so that no joint group has too few persons.

    Where too few are left that only others have, those who look like them there must go, too.
    """
    left_alone = np.unique(said[few & ~mine & (said >= 0)])
    kin = np.isin(said, left_alone)
    return (few | kin)[:cells]


def _over_all_rows(of_cells: np.ndarray, past: Past) -> np.ndarray:
    """What is of the cells, shape (n,), over all rows: no release of the run has the others."""
    rows = len(past.history)
    if rows <= len(of_cells):
        return of_cells
    filler = False if of_cells.dtype == np.bool_ else -1
    return np.concatenate([of_cells, np.full(rows - len(of_cells), filler, of_cells.dtype)])


def _without(one: Member, broken: np.ndarray) -> Member | None:
    """A release without some cells, all its own lines asked again; None where more would go than its share allows."""
    before = one.cut
    if not (broken & (before.left > 0)).any():
        return one
    if not before.satisfied:
        return None  # what misses its own lines suppresses nothing
    made = cut(one.data, one.levels, left=np.where(broken, 0, before.left))
    if not made.satisfied:
        return None
    merged = {columns: np.union1d(keys, made.suppressed.get(columns, keys[:0])) for columns, keys in before.suppressed.items()}
    merged |= {columns: keys for columns, keys in made.suppressed.items() if columns not in merged}
    return replace(one, cut=Cut(made.left, merged, True, made.needed))


def _numbers(one: Member, fields: Sequence[str]) -> Counts:
    """Number of what a release says of some fields, at its levels, for every cell."""
    return codes(one.data.keys(fields, one.levels))[0]


def _rest_groups(one: Member, name: str) -> Counts:
    """The group around a sensitive field of each cell, shape (n,); -1 where the release does not give it out."""
    seen = Candidate(one.data, one.levels, one.cut.left)
    groups = np.full(len(one.data.cells), -1, np.int64)
    groups[seen.cells] = seen.groups(seen.scope.around(name)).numbers
    return groups


def _value_keys(one: Member, name: str) -> Keys:
    """The keys of a sensitive field's values, shape (n,): one key for all spellings, and that of null for what nobody has."""
    keys = one.data.normal_keys(name, one.levels)
    nobody = np.logical_or.reduce([persons < 0 for persons in one.data.cells.persons.numbers])
    return np.where(nobody, one.data.job.prints.null, keys)


def _values_together(every: Sequence[Member], name: str) -> list[Counts]:
    """The values of a sensitive field in several releases, numbered together; null is -1."""
    numbers, distinct = codes(np.concatenate([_value_keys(each, name) for each in every]))
    numbers = np.where((distinct == every[0].data.job.prints.null)[numbers], -1, numbers)
    return list(numbers.reshape(len(every), -1))
