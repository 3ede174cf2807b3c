"""Row filters that choose those under 14, whose personal information is sensitive (PIPL Art. 28)."""

import datetime
import re
from collections.abc import Sequence

import pyarrow as pa

from beam_deid.transforms.columns.numbers import as_moments
from beam_deid.transforms.policy.model import Policy
from beam_deid.transforms.policy.special_persons import Telling, telling_age
from beam_deid.transforms.policy.where import Condition, Scalar, read_values

_UNDER = 14
_NUMBER = re.compile(r"[0-9]+(?:\.[0-9]+)?")
_YEAR = re.compile(r"(?:19|20)[0-9]{2}")
_NO = frozenset({"false", "no", "n", "f", "0", "否", "不是", "成年", "adult"})
"""What stands in a column of children for one who is none."""
_DAY = 86_400_000_000


def asks_for_under_14(policy: Policy, name: str, condition: Condition, at: str) -> bool:
    """Whether whoever meets a condition is under 14. A value of which nobody can tell counts as one of a child.

    Args:
        policy: The policy.
        name: The field.
        condition: What its values must be.
        at: When that is asked, ISO 8601.
    """
    telling = telling_age(policy, name)
    if telling is Telling.AGE:
        return _is_young(condition)
    if telling is Telling.CHILD:
        return bool(values := _there(condition)) and not any(str(value).strip().lower() in _NO for value in values)
    if telling is Telling.BIRTH:
        return _is_born_late(policy, name, condition, datetime.datetime.fromisoformat(at).date())
    return False


def _is_young(condition: Condition) -> bool:
    if condition.below is not None:
        return _age(condition.below) <= _UNDER
    if condition.to is not None:
        return _age(condition.to) < _UNDER
    values = _there(condition)
    return bool(values) and all(_age(value) < _UNDER for value in values)


def _age(value: Scalar) -> float:
    """The greatest age that a value may mean: 0-13 is 13. Zero where it says no number."""
    return max((float(number) for number in _NUMBER.findall(str(value))), default=0.0)


def _is_born_late(policy: Policy, name: str, condition: Condition, today: datetime.date) -> bool:
    values = [condition.begin] if condition.begin is not None else _there(condition)
    if not values:
        return False
    read, wrong = read_values(tuple(values), policy.reading(name))
    if wrong is None and pa.types.is_temporal(read.type):
        return int(as_moments(read).min()) >= _first_child(today)
    return all(_year(value) > today.year - _UNDER for value in values)


def _first_child(today: datetime.date) -> int:
    """The first birthday, in microseconds since 1970, of somebody who is under 14; all later ones are such as well."""
    try:
        last = today.replace(year=today.year - _UNDER)
    except ValueError:  # 29 February
        last = today.replace(year=today.year - _UNDER, day=28)
    return ((last - datetime.date(1970, 1, 1)).days + 1) * _DAY


def _year(value: Scalar) -> int:
    """The year that a value says; a late one where it says none."""
    found = _YEAR.search(str(value))
    return datetime.MAXYEAR if found is None else int(found.group())


def _there(condition: Condition) -> Sequence[Scalar]:
    return [value for value in condition.any or () if value is not None]
