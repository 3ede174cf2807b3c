"""Which fields tell that a person is one whom the law protects more: by sensitive personal information, or by age."""

import re
from collections.abc import Iterable, Mapping

from beam_deid.transforms.policy.model import Policy
from beam_deid.transforms.recognisers.column_names import normal
from beam_deid.transforms.recognisers.kinds.id_card import ID_CARD
from beam_deid.transforms.terms import Role, Word


class Special(Word):
    """A group of persons of whom there are rules of their own (PIPL Art. 28)."""

    SENSITIVE = "sensitive"
    """A record of theirs holds sensitive personal information; that of those under 14 is."""
    UNDER_14 = "under_14"


class Telling(Word):
    """What a field tells of a person's age."""

    ID_CARD = "id_card"
    BIRTH = "birth"
    AGE = "age"
    CHILD = "child"
    """Whether the person is under fourteen, or a minor, among whom those are."""


_BIRTH = ("birthdate", "birthday", "dateofbirth", "dob", "birth", "birthyear", "yearofbirth")
_BIRTH_CHINESE = ("出生日期", "出生年月日", "出生年月", "出生年份", "出生年", "出生", "生日")
_CHILD = re.compile("_(?:is_)?(?:a_)?(?:child|kid|minor|under_?age|(?:under|below)_?14)(?:_flag)?_")
_CHILD_CHINESE = re.compile("未成年|[未不]满(?:14|十四)|(?:14|十四)周?岁以下|是否(?:为)?(?:儿童|小孩)")
_SEPARATORS = re.compile(r"[\W_]+")


def is_sensitive(policy: Policy, name: str) -> bool:
    """Whether a value of a field is sensitive personal information."""
    return policy.fields[name].has(Role.SENSITIVE)


def telling_age(policy: Policy, name: str) -> Telling | None:
    """What a field tells of a person's age; None where it tells nothing."""
    if policy.kind(name) is ID_CARD:
        return Telling.ID_CARD
    if _CHILD.fullmatch(normal(name.rpartition(".")[2] or name)) or _CHILD_CHINESE.search(name):
        return Telling.CHILD
    words = [word for word in _SEPARATORS.split(name.lower()) if word]
    whole = "".join(words)
    if whole.endswith(_BIRTH) or any(word in whole for word in _BIRTH_CHINESE):
        return Telling.BIRTH
    return Telling.AGE if words[-1:] == ["age"] or whole.endswith("年龄") else None


def special_fields(policy: Policy, names: Iterable[str]) -> Mapping[Special, tuple[str, ...]]:
    """By which fields persons belong to each group.

    Args:
        policy: The policy.
        names: The fields that are read.

    Returns:
        The groups that any field tells of. Those under 14 are among those with sensitive information.
    """
    read = tuple(names)
    ages = tuple(name for name in read if telling_age(policy, name) is not None)
    sensitive = tuple(name for name in read if is_sensitive(policy, name) or name in ages)
    found = {Special.SENSITIVE: sensitive, Special.UNDER_14: ages}
    return {group: fields for group, fields in found.items() if fields}
