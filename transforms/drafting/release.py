"""A first release: few fields, each as coarse as the search finds it must be; the others stay aside as suggestions."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from beam_deid.transforms.drafting.hierarchies import Action, suggest
from beam_deid.transforms.drafting.judging import Judged, masked
from beam_deid.transforms.drafting.name_rule import FEW, Group
from beam_deid.transforms.drafting.names import rule_of
from beam_deid.transforms.recognisers.kinds.address import ADDRESS
from beam_deid.transforms.terms import Role

K = 5
"""Class size of the drafted release."""

_ONE_OF = (Group.PLACE, Group.AGE, Group.TIME, Group.AMOUNT)
_MOST = 5
_SOME_PLACES = 5  # so many, such as states, say more in a small release than the first digit of a postcode
_PEOPLE_A_CLASS = 10 * K  # so that lists of choices that are kept leave room for what is generalized
_FIRST = {
    Group.TIME: re.compile(r"(?i)creat|order|purchase|start|transaction|下单|创建|成交"),
    Group.AMOUNT: re.compile(r"(?i)pay|paid|order|total|sales|实付|金额|总"),
}
_HIDDEN: Action = {"generalize": {"prefix": [1], "level": "*"}}


@dataclass(frozen=True)
class DraftedRelease:
    """The fields of a release.

    Attributes:
        fields: What is released, by field.
        diverse: Those that are sensitive, with how many values each class must have.
        aside: What could be done with other fields, each of which makes people easier to find.
        open: Quasi-identifiers for which no hierarchy is known.
        sensitive: Sensitive fields that are not released.
        empty: Whether nothing can be released but how many records there are.
    """

    fields: dict[str, Action]
    diverse: dict[str, int]
    aside: dict[str, Action]
    open: tuple[str, ...]
    sensitive: tuple[str, ...]
    empty: bool = False


def choose(columns: Sequence[Judged], people: int) -> DraftedRelease:
    """Choose what a first release gives out.

    One place (of the address, where no column has it), one age, one time and one amount at most, then traits of few values as long
    as the sample has fifty people for each of their combinations; five in all. Of what is sensitive the first list of choices. What
    is sensitive and known to others too counts as both. Nothing that is masked but addresses, and nothing that a person must
    decide on.

    Args:
        columns: All columns.
        people: Subjects in the sample.
    """
    quasi = [one for one in columns if Role.QUASI in one.role]
    addresses = [replace(one, group=Group.PLACE) for one in columns if one.kind is ADDRESS]
    known = {one.name: action for one in (*quasi, *addresses) if (action := suggest(one)) is not None}
    ranked = sorted((one for one in quasi if one.name in known), key=lambda one: _rank(one, known[one.name]))
    if not any(one.group is Group.PLACE and not masked(one.facts) for one in ranked):
        ranked = [*(one for one in addresses if one.name in known), *ranked]
    fields: dict[str, Action] = {}
    taken: set[Group] = set()
    room = people / _PEOPLE_A_CLASS
    for one in ranked:
        action = known[one.name]
        listed = known[one.name] == "keep"
        beside = one.group in (Group.COUNT, Group.OTHER) and Role.SENSITIVE not in one.role
        hidden = masked(one.facts) and one.kind is not ADDRESS  # of a masked address the place is read all the same
        if hidden or one.todo or one.group in taken or beside or len(fields) == _MOST:
            continue
        if listed and (one.facts.distinct > room or one.facts.distinct < 2):
            continue
        room /= one.facts.distinct if listed else 1
        taken |= {one.group} & set(_ONE_OF)
        fields[one.name] = action
    diverse = {one.name: 2 for one in columns if Role.SENSITIVE in one.role and one.name in fields}
    diverse = diverse or dict.fromkeys([one.name for one in columns if _is_list_of_kinds(one)][:1], 2)
    if not fields:
        spare = next((one for one in ranked if not masked(one.facts) and not one.todo), None)
        fields = {} if spare is None else {spare.name: known[spare.name]}
    aside = {name: action for name, action in known.items() if name not in fields}
    unknown = tuple(one.name for one in quasi if one.name not in known and one.facts.values)
    fields |= dict.fromkeys(diverse, "keep")
    kept_back = tuple(
        one.name for one in columns if Role.SENSITIVE in one.role and one.name not in (*fields, *aside, *unknown)
    )
    if not fields:
        readable = next((one.name for one in columns if one.facts.values), columns[0].name)
        return DraftedRelease({readable: _HIDDEN}, {}, aside, unknown, kept_back, empty=True)
    order = [one.name for one in columns]
    fields = dict(sorted(fields.items(), key=lambda pair: order.index(pair[0])))
    return DraftedRelease(fields, diverse, aside, unknown, kept_back)


def _is_list_of_kinds(one: Judged) -> bool:
    """Whether a sensitive column is a short list, such as of categories."""
    rule = rule_of(one.name, one.facts)
    told = rule is not None and rule.role == one.role == (Role.SENSITIVE,)
    return told and not one.todo and 2 <= one.facts.distinct <= FEW


def _rank(one: Judged, action: Action) -> tuple[int, int, int]:
    how = action["generalize"] if isinstance(action, dict) else {}
    usual = _FIRST.get(one.group)
    told = 0 if usual is not None and usual.search(one.name) else 1
    if one.group is Group.PLACE:
        told = ["cn_divisions", "cn_districts", None].index(how.get("hierarchy"))
        if "hierarchy" not in how and not (action == "keep" and one.facts.distinct >= _SOME_PLACES):
            told += 1
    # Of two in a group the one with more distinct values says more, and the search coarsens it.
    return list(Group).index(one.group), told, -one.facts.distinct if one.group is Group.PLACE else 0
