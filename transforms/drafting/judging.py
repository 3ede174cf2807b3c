"""The role and kind of a column, and why: what its platform, its values and its name say; the most personal of these counts."""

from dataclasses import dataclass, replace

from beam_deid.transforms.drafting.categories import lists_of
from beam_deid.transforms.drafting.facts import Facts
from beam_deid.transforms.drafting.name_rule import FEW, Group, NameRule
from beam_deid.transforms.drafting.names import rule_of
from beam_deid.transforms.drafting.order_lines import numbers_orders
from beam_deid.transforms.recognisers.categories.by_name import category_by_name
from beam_deid.transforms.recognisers.foreign_phone import FOREIGN_PHONE
from beam_deid.transforms.recognisers.kinds.boolean import BOOLEAN
from beam_deid.transforms.recognisers.kinds.date import DATE
from beam_deid.transforms.recognisers.kinds.decimal_number import DECIMAL
from beam_deid.transforms.recognisers.kinds.division import DIVISION
from beam_deid.transforms.recognisers.kinds.free_text import FREE_TEXT
from beam_deid.transforms.recognisers.kinds.integer import INTEGER
from beam_deid.transforms.recognisers.kinds.kind import Kind
from beam_deid.transforms.recognisers.kinds.mobile import MOBILE
from beam_deid.transforms.recognisers.kinds.number import NUMBER
from beam_deid.transforms.recognisers.kinds.order_number import ORDER_NUMBER
from beam_deid.transforms.recognisers.kinds.person_name import PERSON_NAME
from beam_deid.transforms.recognisers.kinds.timestamp import TIMESTAMP
from beam_deid.transforms.recognisers.meaning import MASKED
from beam_deid.transforms.recognisers.platforms.advice import advise
from beam_deid.transforms.recognisers.platforms.tables import ColumnFound
from beam_deid.transforms.terms import Role

_HALF = 0.5
_MANY = 1000
_NEARLY_ALL = 0.9
_LONG = 30.0
_LONG_NUMBER = 9.0
_SOME_SHARE = 0.05
_PLACED = 0.9
_MEASURED = (Group.AGE, Group.TIME, Group.AMOUNT, Group.COUNT)


@dataclass(frozen=True)
class Judged:
    """What a policy should say of a column.

    Attributes:
        name: The column.
        role: Its roles.
        kind: Its kind, or None.
        group: What it is about, where it is a quasi-identifier.
        reasons: Why, in a few words each, without a value.
        todo: What a person must decide; empty where nothing is open but what will stand in it.
        facts: What was measured.
        category: Its category of personal information, where its name tells a sensitive one.
        is_empty: Whether the sample has no value in it and no platform says what it is, so that a person must.
    """

    name: str
    role: tuple[Role, ...]
    kind: Kind | None
    group: Group
    reasons: tuple[str, ...]
    todo: str
    facts: Facts
    is_empty: bool = False
    category: str | None = None


def judge(facts: Facts, sure_platform: bool, listed: bool = False) -> Judged:
    """Judge a column.

    Args:
        facts: What was measured.
        sure_platform: Whether the table is its platform's for sure, so that the platform's file says what a column is;
            otherwise that may only make it more personal.
        listed: Whether it is one of which nothing was read: a list, or bytes.
    """
    if not sure_platform:
        facts = replace(facts, found=_doubted(facts.found))
    spec = facts.found.spec
    sure = spec is not None and sure_platform
    named = rule_of(facts.name, facts)
    rule = None if sure else named
    if listed:
        return _unread(facts)
    reasons: list[str] = []
    role: tuple[Role, ...] = ()
    kind: Kind | None = None
    advice = advise(_by_values(facts, spec is not None))
    if spec is not None or advice.role:
        reasons += advice.reasons
        role = advice.role
        kind = advice.kind
    if rule is not None:
        reasons.append(f"named like {rule.what}")
        role = most_personal(role, rule.role)
        kind = kind or rule.kind
    todo = ""
    if facts.undecided and not role:
        role = (Role.QUASI,)
        reasons.append("numbers or times that can be read in several ways")
    if not role or (not sure and not advice.role and rule is not None and _too_many(facts, rule)):
        by_values, why, todo = _by_spread(facts)
        role = most_personal(role, by_values)
        reasons += [why] if facts.values else []
    is_empty = not facts.values and not sure
    if is_empty:
        role = (Role.DIRECT,)
        todo = ""
    elif not sure and not todo:
        todo = _doubt(facts, role, kind)
    todo = todo or facts.undecided
    group = _group(facts, named)
    kind = _kind(facts, role, kind, rule, group)
    lists = lists_of(facts, role, kind)
    category = category_by_name(facts.name, kind)
    if (lists or category) and Role.DIRECT not in role:
        role = most_personal(role, (Role.SENSITIVE,))
    reasons += lists
    return Judged(facts.name, role, kind, group, (*reasons, *measured(facts)), todo, facts, is_empty, category)


def most_personal(*roles: tuple[Role, ...]) -> tuple[Role, ...]:
    """The most personal of some roles; quasi-identifier and sensitive together where both are named."""
    named = {role for some in roles for role in some}
    if Role.DIRECT in named:
        return (Role.DIRECT,)
    both = tuple(role for role in (Role.QUASI, Role.SENSITIVE) if role in named)
    return both or tuple(named)


def measured(facts: Facts) -> tuple[str, ...]:
    """The figures of a column in a few words each, without a value of it."""
    if not facts.values:
        return ("no value in the sample",)
    said = [f"{share:.1%} of the distinct values are a valid {kind}" for kind, share in facts.valid.items()]
    said.append(f"{facts.distinct:,} distinct of {facts.values:,} ({facts.distinct_share:.2%})")
    if (facts.alone or 0) >= _HALF:
        said.append(f"{facts.alone:.0%} of them of one subject only")
    said.append(f"entropy {facts.entropy:.1f} bits")
    empty = facts.rows - facts.values
    return (*said, f"{empty / facts.rows:.1%} empty") if empty else tuple(said)


def _doubted(found: ColumnFound) -> ColumnFound:
    """What was found, without the field of a platform that the table may not be of; a direct identifier stays one."""
    spec = found.spec
    return found if spec is None or Role.DIRECT in spec.role else replace(found, name=None, spec=None)


def _unread(facts: Facts) -> Judged:
    what = "a list or bytes, which are never released; free text, for it may hold anything, and counts nobody"
    todo = "nothing in it was read; if its entries are what a row should be, name it in input.items"
    return Judged(facts.name, (Role.DIRECT,), FREE_TEXT, Group.OTHER, (what,), todo, facts)


def _by_values(facts: Facts, named: bool) -> ColumnFound:
    """What recognisers found, without what numbers and times look like by chance."""
    found = facts.found
    if named or facts.is_text or not found.values:
        return found
    forms = {form: count for form, count in found.forms.items() if count >= _HALF * found.values}
    return replace(found, forms=type(found.forms)(forms))


def _too_many(facts: Facts, rule: NameRule) -> bool:
    """Whether a list of choices has nearly as many choices as values, so that each may be one person's."""
    listed = rule.group in (Group.TRAIT, Group.OTHER) and Role.DIRECT not in rule.role
    return listed and facts.is_text and facts.distinct > FEW and facts.distinct_share > _NEARLY_ALL


def _by_spread(facts: Facts) -> tuple[tuple[Role, ...], str, str]:
    """Role, reason and what is to decide of a column of which nothing but its spread is known."""
    many = facts.distinct_share >= _HALF or facts.distinct > _MANY
    if facts.is_time:
        return (Role.QUASI,), "dates or times: exact ones are rare", ""
    if facts.is_text and facts.distinct > FEW // 2 and (many or facts.length >= _LONG):
        return (Role.DIRECT,), "text of many values", "who or what are these? Some may name or number people"
    if facts.reads_as is INTEGER and facts.distinct > FEW:
        apart = facts.distinct_share >= _NEARLY_ALL
        own = facts.distinct > _MANY and (facts.alone or 0) >= _NEARLY_ALL
        long = facts.length >= _LONG_NUMBER and facts.distinct_share >= _SOME_SHARE
        if apart or own or long:
            return (Role.DIRECT,), "whole numbers that hardly repeat", "do they number people or their orders?"
    what = "few values" if facts.distinct <= FEW else "values that many share"
    return (Role.QUASI,), what, "do others know it of a person (quasi_identifier), or would it hurt (sensitive)?"


def _doubt(facts: Facts, role: tuple[Role, ...], kind: Kind | None) -> str:
    """What speaks against a column's name."""
    seen = bool(facts.found.forms)
    if (
        kind is not None
        and kind.recogniser is not None
        and not seen
        and facts.is_text
        and facts.values
        and role == (Role.DIRECT,)
    ):
        return f"its values do not look like kind {kind}; is it something else?"
    if role == (Role.DIRECT,) and kind is None and facts.distinct <= FEW < facts.values and not seen:
        return "few values for a direct identifier; if nobody is named by them, quasi_identifier may do"
    return ""


def _kind(facts: Facts, role: tuple[Role, ...], kind: Kind | None, rule: NameRule | None, group: Group) -> Kind | None:
    """The kind to declare: one that every value of the sample can be read as."""
    if kind is not None and facts.values and (kind.is_number or kind.is_time or kind is BOOLEAN):
        kind = kind if _readable(facts, kind) else None
    if kind is not None and kind.recogniser is not None and rule is not None and not facts.found.forms and facts.values:
        kind = None  # only the name says so
    if kind is MOBILE and facts.found.form == FOREIGN_PHONE.name:
        kind = None  # a mobile, but not one of China
    if kind is PERSON_NAME and rule is not None and facts.numbered >= _HALF:
        kind = ORDER_NUMBER if numbers_orders(facts.texts) else None
    if kind is not None or role == (Role.DIRECT,) or not facts.values:
        return kind
    if facts.is_time:
        return facts.reads_as
    if facts.is_number:
        # Numbers that count or measure nothing are codes, and others of them may have letters.
        timed = facts.epoch and group in (Group.TIME, Group.AGE)
        return TIMESTAMP if timed else facts.reads_as if group in _MEASURED else None
    if facts.placed >= _PLACED:
        return DIVISION
    return None


def _readable(facts: Facts, kind: Kind) -> bool:
    if facts.reads_as is INTEGER:
        return kind.is_number or (kind.is_time and facts.epoch)
    if facts.reads_as is DECIMAL:
        return kind in (DECIMAL, NUMBER)
    return facts.reads_as is kind or (kind is TIMESTAMP and facts.reads_as is DATE)


def _group(facts: Facts, rule: NameRule | None) -> Group:
    if rule is not None and rule.group is not Group.OTHER:
        return rule.group
    spec = facts.found.spec
    kind = spec.kind if spec is not None else None
    if kind is DIVISION or facts.placed >= _PLACED:
        return Group.PLACE
    if (kind is not None and kind.is_time) or facts.is_time:
        return Group.TIME
    if spec is not None and spec.unit is not None:
        return Group.AMOUNT
    if facts.reads_as in (DECIMAL, NUMBER):
        return Group.AMOUNT
    return Group.OTHER


def masked(facts: Facts) -> bool:
    """Whether half of the values are masked ones or more."""
    return facts.found.form in MASKED
