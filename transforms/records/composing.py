"""Line 8: what releases of the same records say together, those of a run and those that were given out before."""

import hashlib
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
from beam_deid.transforms.records.past import WHOLE, Around, Past
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
    says_more,
    values_in_all,
)
from beam_deid.transforms.risk.histogram import Counts

_ROUNDS = 50
"""Most rounds of suppressing what releases say together; in every round something goes, so that it ends of itself."""

_KEPT = 4
"""How many states of some releases it is remembered of what they say together."""


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
    every = _every(after, past)
    found = {name: dict(said) for name, said in every.found.items()}
    for (one, other), reason in copies.items():
        if reason:
            found[one][other] = found[other][one] = Composed(None, {}, reason)
    for said in found.values():
        said |= {other: Composed(None, {}, reason) for other, reason in past.untested.items()}
    return {name: member.cut for name, member in after.items()}, found


def suppressed(members: Members, past: Past) -> dict[str, Member] | None:
    """The releases without what they say together; None where that would be more than a share allows."""
    now = dict(members)
    for _ in range(_ROUNDS):
        broken = _every(now, past).broken
        again = {name: _without(one, broken[name]) for name, one in now.items()}
        if any(one is None for one in again.values()):
            return None
        after = {name: one for name, one in again.items() if one is not None}
        if all(np.array_equal(after[name].cut.left, now[name].cut.left) for name in now):
            return after
        now = after
    return None


@dataclass(frozen=True)
class _Every:
    """All that some releases of a run say together, and with earlier ones.

    Attributes:
        found: What each says together with each other one.
        broken: Of each the cells that say too much together with others, shape (n,).
    """

    found: Mapping[str, dict[str, Composed]]
    broken: Mapping[str, np.ndarray]

    def add(self, name: str, other: str, said: Together) -> None:
        """Note what a release and another one say together."""
        self.found[name][other] = said.composed
        self.broken[name][said.broken] = True


def _every(members: Members, past: Past) -> _Every:
    """All that releases say together. What was found last is remembered: whoever suppresses asks the same again."""
    data, state = next(iter(members.values())).data, _state(members)
    if state not in data.composed:
        while len(data.composed) >= _KEPT:
            del data.composed[next(iter(data.composed))]
        data.composed[state] = _found(members, past)
    found: _Every = data.composed[state]
    return found


def _found(members: Members, past: Past) -> _Every:
    every = _Every({name: {} for name in members}, {name: np.zeros(len(one.data.cells), bool) for name, one in members.items()})
    for one, other in combinations(members, 2):
        pair = together(members[one], members[other])
        every.add(one, other, pair)
        every.add(other, one, pair)
    for name, member in members.items():
        for number, entry in enumerate(past.entries):
            every.add(name, entry.name, with_earlier(member, past, number))
    if len(members) + len(past.entries) > 2:
        whole = all_together(members, past)
        for name in members:
            every.add(name, EVERY, whole)
    return every


def _state(members: Members) -> bytes:
    """What tells releases, their levels and what is left of them from others of the same run."""
    digest = hashlib.sha256()
    for name, one in members.items():
        digest.update(repr((name, sorted(one.levels))).encode())
        for field in sorted(one.levels):
            digest.update(np.asarray(one.levels[field], np.int64).tobytes())
        digest.update(np.ascontiguousarray(one.cut.left).data)
    return digest.digest()


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
    if not cells.persons.names or not (mine.any() or theirs.any()):
        return Together(None, {}, np.zeros(len(cells), bool))
    said = _Alike(sibling.k, len(cells))
    for name in (WHOLE, *sibling.left_out):
        shared = [column for column in sibling.shared if column != name]
        sides = [Side(_numbers(each, shared), there) for each, there in ((one, mine), (other, theirs))]
        strict = name != WHOLE or not sibling.left_out
        said.add(joint_groups(sides[0], sides[1], cells.persons, cells.counts), sides, strict)
    broken, values = said.broken, dict[str, int]()
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
    return Together(said.fewest, values, broken)


def with_earlier(member: Member, past: Past, number: int) -> Together:
    """What a release of the run says together with an earlier one.

    Args:
        member: The release of the run.
        past: What was given out before.
        number: Which of its entries.
    """
    entry, cells = past.entries[number], member.data.cells
    sibling = member.sibling(entry.name)
    if not cells.persons.names or not member.present.any():
        return Together(None, {}, np.zeros(len(cells), bool))
    alike, strict = _Alike(sibling.k, len(cells)), not sibling.left_out or not {*sibling.left_out} <= {*past.views}
    for name, view in past.views.items():
        if name not in (WHOLE, *sibling.left_out):
            continue
        mine, said, openly = view.over_all_rows(member.present), view.said_by(number), view.open_by(number)
        shared = view.over_all_rows(_numbers(member, [column for column in sibling.shared if column != name]))
        sides = [Side(shared, mine), Side(said, _divided(openly, mine))]
        joint = joint_groups_of_all(sides, view.persons, None, view.crowds, past.crowd)
        alike.add(joint, sides, name != WHOLE or strict, said, openly)
    values = {}
    for name in sibling.sensitive:
        around = past.around[name]
        only = np.full(len(around.names), False)
        only[around.names.index(entry.name)] = True
        values[name] = _common(name, (member,), around, only, 2, sibling.l[name], alike.broken)
    found = Together(alike.fewest, values, alike.broken)
    return _known(found, member.present, past.views[WHOLE].said_by(number), past)


def all_together(members: Members, past: Past) -> Together:
    """What more than two releases of the same records say together, which no two of them need say."""
    every = list(members.values())
    cells, sibling = every[0].data.cells, every[0].sibling(EVERY)
    present = [one.present for one in every]
    if not cells.persons.names or not np.logical_or.reduce(present).any():
        return Together(None, {}, np.zeros(len(cells), bool))
    alike, strict = _Alike(sibling.k, len(cells)), not sibling.left_out
    for name in (WHOLE, *sibling.left_out):
        held = [
            [column for column in one.sibling(EVERY).shared if column in one.data.layout.fields and column != name] for one in every
        ]
        said = [_numbers(one, columns) for one, columns in zip(every, held, strict=True)]
        if not past.entries:
            sides = [Side(numbers, there) for numbers, there in zip(said, present, strict=True)]
            alike.add(joint_groups_of_all(sides, cells.persons, cells.counts), sides, name != WHOLE or strict)
            continue
        view = past.views[name]
        sides = [Side(view.over_all_rows(one), view.over_all_rows(there)) for one, there in zip(said, present, strict=True)]
        any_of_run = np.logical_or.reduce([side.present for side in sides])
        sides.append(Side(view.history, _divided(view.openly, any_of_run)))
        joint = joint_groups_of_all(sides, view.persons, None, view.crowds, past.crowd)
        alike.add(joint, sides, name != WHOLE or strict, view.history, view.openly)
    values: dict[str, int] = {}
    for name, least in {name: least for one in every for name, least in one.sibling(EVERY).l.items()}.items():
        holders = [one for one in every if name in one.data.layout.fields]
        # What a record says in two releases only is tested of the two.
        values[name] = _common(name, holders, past.around.get(name), None, 3, least, alike.broken)
    found = Together(alike.fewest, values, alike.broken)
    return _known(found, np.logical_or.reduce(present), past.views[WHOLE].history, past) if past.entries else found


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


class _Alike:
    """Collects the fewest persons of joint groups, and the cells whose group has too few.

    Where all columns count, a group of too few is none of ours if it is a whole group of each release that it is in: then it is
    in each alone, and both together divide nothing. That is for the sharing models in which one sensitive thing may be unknown,
    and in which such groups may be; there groups are made without each sensitive column, too.

    Args:
        k: Persons that each group must have.
        cells: Number of cells.
    """

    def __init__(self, k: int, cells: int) -> None:
        self._k, self._fewest = k, list[int]()
        self.broken = np.zeros(cells, bool)

    @property
    def fewest(self) -> int:
        """The fewest persons of a joint group that says more than a release alone; as many as must be if none does."""
        return min(self._fewest, default=self._k)

    def add(
        self, joint: Joint, sides: Sequence[Side], all_asked: bool, said: Counts | None = None, openly: Counts | None = None
    ) -> None:
        """Look at the joint groups of some columns.

        Args:
            joint: The groups.
            sides: The releases that made them.
            all_asked: Whether groups are asked as well that are whole groups of every release.
            said: Number of what earlier releases say of each row, where they made the last side.
            openly: Number of what they say beside secrets.
        """
        asked = np.ones(len(joint.persons), bool) if all_asked else says_more(joint, sides)
        if asked.any():
            self._fewest.append(int(joint.persons[asked].min()))
        few = (joint.groups >= 0) & (asked & (joint.persons < self._k))[joint.groups]
        if said is not None and openly is not None:
            few = _with_kin(few, np.logical_or.reduce([side.present for side in sides[:-1]]), said, openly)
        self.broken |= few[: len(self.broken)]


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


def _divided(openly: Counts, mine: np.ndarray) -> np.ndarray:
    """The rows of earlier groups of which the run has something, shape (rows,): of all others it says nothing new.

    Groups are those of whoever knows no secret. Where the run has a group without all of one secret, it says who had that.
    """
    return (openly >= 0) & np.isin(openly, np.unique(openly[mine]))


def _with_kin(few: np.ndarray, mine: np.ndarray, said: Counts, openly: Counts) -> np.ndarray:
    """The rows to be suppressed, shape (rows,), so that no joint group has too few persons.

    Where too few are left that only others have, those who look like them there must go, too; and where nobody does, the whole
    group of those who look like them but for secrets.
    """
    alone = few & ~mine & (said >= 0)
    have_kin = np.isin(said, np.unique(said[mine]))
    kin = np.isin(said, np.unique(said[alone & have_kin]))
    kin |= np.isin(openly, np.unique(openly[alone & ~have_kin]))
    return np.asarray(few | kin)


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
