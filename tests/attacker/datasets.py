"""Random tables with random policies, sensible and absurd ones, small enough that many of them can be anonymized."""

import unicodedata
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import numpy as np
import pyarrow as pa
from hypothesis import strategies as st

CALM = {"controls": "high", "motive": "low", "prevalence": 0.0001, "acquaintances": 1, "security": "high"}
K = {"public": 20, "controlled": 5, "enclave": 3}
WORDS = ("药品", "图书", "Tea", "tea ", "奶粉", "Schuhe", "café", unicodedata.normalize("NFD", "café"), "玩具", "Ａ")
CITIES = ("杭州市", "南京市", "北京市", "成都市", "武汉市", "广州市", "西安市", "沈阳市")
KINDS = {
    "word": ("text", None, None),
    "city": ("division", "text", None),
    "count": ("integer", "number", None),
    "amount": ("number", None),
    "price": ("decimal", None),
    "day": ("date", "timestamp", None),
    "moment": ("timestamp", None),
    "yes": ("boolean", None),
    "device": (None, "text"),
}
ABSURD_KINDS = (
    "mobile",
    "person_name",
    "order_number",
    "free_text",
    "integer",
    "date",
    "platform_id",
    "email",
    "boolean",
)
ROLES = ("quasi_identifier", "sensitive", "insensitive", ["quasi_identifier", "sensitive"])


@dataclass(frozen=True)
class Case:
    """A table as it is read, and the policy for it; `case_of` makes both again from the seed."""

    seed: int
    table: pa.Table
    policy: dict[str, Any]


def cases() -> st.SearchStrategy[Case]:
    """Cases by their seeds: two seeds that are alike make cases that are not."""
    return st.integers(0, 2**63 - 1).map(case_of)


def case_of(seed: int) -> Case:
    """A table of 20 to 600 rows, and a policy of one to three releases."""
    chance = Random(seed)
    random = np.random.default_rng(seed)
    sharing = chance.choice(["controlled", "enclave", "public", "controlled"])
    # Two in three are of the kind that can be anonymized, whatever else is strange about them.
    friendly = often(chance, 67)
    persons = chance.randint(15 * K[sharing], 320) if friendly or often(chance, 70) else chance.randint(3, 30)
    who = _rows(chance, random, persons)
    table: dict[str, pa.Array] = {}
    fields: dict[str, Any] = {}
    subject = _identities(chance, random, who, table, fields)
    # As many combinations as there are groups of k, half of them used; sometimes more than can be.
    budget = max(persons / K[sharing] / 4, 2) * (1 if friendly else chance.choice([1, 2, 8]))
    for number in range(chance.choice([2, 2, 3]) if friendly else chance.choice([2, 3, 4, 5])):
        kind = chance.choice(["word", "city", "count", "amount", "price", "day", "moment", "yes", "word", "city"])
        kind = "device" if often(chance, 1 if friendly else 6) else kind
        size = int(np.clip(chance.randint(2, 4 if friendly else 6), 1, max(budget, 2)))
        budget = budget / size
        name = f"{kind}{number}"
        table[name] = _column(chance, random, kind, size, who, friendly)
        field: dict[str, Any] = {"role": chance.choice(ROLES)}
        declared = chance.choice(ABSURD_KINDS) if often(chance, 1 if friendly else 8) else chance.choice(KINDS[kind])
        if declared:
            field["kind"] = declared
        fields[name] = field
    if often(chance, 8):  # all is called the same
        role = chance.choice(ROLES)
        for name in fields:
            if fields[name]["role"] != "direct_identifier":
                fields[name]["role"] = role
    many = chance.choice([1, 1, 1, 2, 2, 3])
    policy: dict[str, Any] = {"version": 1, "dataset": "random", "fields": fields}
    if subject is not None:
        policy["subject"] = subject
    policy["releases"] = {
        f"r{number}": _release(chance, sharing if not number else chance.choice(list(K)), fields, number, friendly)
        for number in range(many)
    }
    return Case(seed, pa.table(table), policy)


def often(chance: Random, share: int) -> bool:
    """Whether, in ``share`` of a hundred cases."""
    return chance.randrange(100) < share


def _rows(chance: Random, random: np.random.Generator, persons: int) -> np.ndarray:
    """The person of each row, in an order by chance or one after another."""
    each = chance.choice([1, 1, 2, 4])
    who = np.repeat(np.arange(persons), random.integers(1, each + 1, persons))
    if often(chance, 12):  # one buyer heavier than all others
        who = np.concatenate([who, np.full(chance.randint(5, 120), int(random.integers(persons)))])
    who = who[:600]
    return random.permutation(who) if often(chance, 80) else np.sort(who)


def _identities(
    chance: Random, random: np.random.Generator, who: np.ndarray, table: dict[str, pa.Array], fields: dict[str, Any]
) -> str | None:
    """Columns that name the persons, in one spelling or several; the subject's name."""
    buyers = pa.array([f"U-{person:05d}" for person in who])
    way = chance.choice(["buyer", "buyer", "buyer", "mobile", "number", "float", "each", "none"])
    several = often(chance, 30)
    null = chance.choice([0.0, 0.0, 0.0, 0.1, 0.5, 0.98])
    fields["buyer"] = {"role": "direct_identifier"}
    if way == "number":
        table["buyer"] = pa.array(1_000 + who, pa.int64())
    elif way == "float":
        table["buyer"] = pa.array(
            [f"{1_000 + person}.0" if random.random() < 0.3 else str(1_000 + person) for person in who]
        )
    else:
        table["buyer"] = (
            buyers
            if not several
            else pa.array(
                [
                    f" u-{person:05d}"
                    if random.random() < 0.3
                    else f"Ｕ-{person:05d}"
                    if random.random() < 0.1
                    else f"U-{person:05d}"
                    for person in who
                ]
            )
        )
    if often(chance, 10):
        table["buyer"] = _nulled(table["buyer"], random, chance.choice([0.02, 0.1, 0.4]))
    if way == "mobile" or often(chance, 40):
        # Of one in twenty another one, as for a gift; of some the shop's own.
        gift = np.where(random.random(len(who)) < chance.choice([0.0, 0.05, 0.3]), random.permutation(who), who)
        shop = random.random(len(who)) < chance.choice([0.0, 0.0, 0.0, 0.2, 0.6])
        table["mobile"] = _nulled(
            pa.array(
                [
                    "13900000000" if own else _mobile(int(person), int(random.integers(4)) if several else 0)
                    for person, own in zip(gift, shop, strict=True)
                ]
            ),
            random,
            null if way != "mobile" else 0.0,
        )
        role = chance.choice(["direct_identifier", "direct_identifier", "insensitive"])
        fields["mobile"] = {"role": role, "kind": "mobile"}
    if often(chance, 15):
        table["email"] = _nulled(
            pa.array([f"{'U' if random.random() < 0.2 else 'u'}{person // 2}@example.com" for person in who]),
            random,
            null,
        )
        fields["email"] = {"role": "direct_identifier", "kind": "email"}
    if often(chance, 10):
        table["masked"] = pa.array([f"1{person % 9}*******{person % 7}" for person in who])
        fields["masked"] = {"role": "direct_identifier", "kind": "mobile"}
    if way == "none":
        return None if often(chance, 50) else "buyer"
    return {"mobile": "mobile", "each": "each_record"}.get(way, "buyer")


def _mobile(person: int, way: int) -> str:
    bare = f"138{person:08d}"
    return (
        bare,
        f"+86 {bare}",
        f"{bare[:3]}-{bare[3:7]}-{bare[7:]}",
        "".join(chr(ord(digit) + 0xFEE0) for digit in bare),
    )[way]


def _nulled(column: pa.Array, random: np.random.Generator, share: float) -> pa.Array:
    mask = random.random(len(column)) < share
    return pa.array(
        [None if gone else value for gone, value in zip(mask, column.to_pylist(), strict=True)], column.type
    )


def _column(
    chance: Random, random: np.random.Generator, kind: str, size: int, who: np.ndarray, friendly: bool
) -> pa.Array:
    """Values of a small domain, by person or by row, evenly or not, some of them rare or null."""
    if kind == "device":
        return pa.array([f"dev-{person * 7919 % 100_003}" for person in who])
    weights = 1 / np.arange(1, size + 1) ** chance.choice([0.0, 0.0, 0.5, 1.5])
    if often(chance, 5 if friendly else 20):
        weights[-1] *= 0.02
    of_person = random.choice(size, int(who.max()) + 1, p=weights / weights.sum())
    codes = of_person[who] if often(chance, 60) else random.choice(size, len(who), p=weights / weights.sum())
    column = pa.array([_value(kind, int(code)) for code in codes], _TYPES[kind])
    column = _nulled(column, random, chance.choice([0.0, 0.0, 0.0, 0.3] if friendly else [0.0, 0.0, 0.05, 0.3]))
    return column.dictionary_encode() if kind in ("word", "city") and often(chance, 20) else column


_TYPES = {
    "word": pa.string(),
    "city": pa.string(),
    "count": pa.int32(),
    "amount": pa.float64(),
    "price": pa.decimal128(9, 2),
    "day": pa.date32(),
    "moment": pa.timestamp("us"),
    "yes": pa.bool_(),
}


def _value(kind: str, code: int) -> Any:
    if kind == "word":
        return WORDS[code]
    if kind == "city":
        return CITIES[code]
    if kind == "count":
        return code * 7 - 5
    if kind == "amount":
        # Two zeros that differ in their bits alone.
        return (0.0, -0.0, 12.5, 80.0, 250.75, -3.0)[code]
    if kind == "price":
        return Decimal(code * 4_999) / 100
    if kind == "day":
        return date(2025, 1, 15) + timedelta(40 * code)
    if kind == "moment":
        return datetime(2025, 3, 1, 10) + timedelta(9 * code)
    return code % 2 == 0


def _release(chance: Random, sharing: str, fields: dict[str, Any], number: int, friendly: bool) -> dict[str, Any]:
    open_ = [
        name for name, field in fields.items() if field["role"] != "direct_identifier" and field.get("kind") != "mobile"
    ]
    names = [name for name in open_ if often(chance, 85)] or open_[:1]
    if often(chance, 2):
        names.append("buyer")
    release: dict[str, Any] = {
        "purpose": "test",
        "sharing": sharing,
        "fields": {name: _action(chance, name, fields[name]) for name in names},
    }
    if sharing != "public" and (friendly or often(chance, 60)):
        release["environment"] = CALM
    require: dict[str, Any] = {
        "suppression": chance.choice([0.05, 0.3, 0.6, 1.0] if friendly else [0.0, 0.05, 0.3, 1.0])
    }
    if often(chance, 15):
        require["k"] = K[sharing] + chance.randint(0, 4)
    sensitive = [name for name in names if "sensitive" in _roles(fields[name])]
    for name in sensitive:
        if often(chance, 20):
            require.setdefault("l", {})[name] = chance.choice([2, 2, 3])
        if often(chance, 4):
            require.setdefault("t", {})[name] = 0.5
    if often(chance, 3):  # what loosens a limit is an error of the policy
        require.update(chance.choice([{"k": 1}, {"risk": 0.9}, {"history": 1.0}]))
    release["require"] = require
    if number and often(chance, 10):
        release["expect"] = "still_personal"
    return release


def _roles(field: dict[str, Any]) -> list[str]:
    return field["role"] if isinstance(field["role"], list) else [field["role"]]


def _action(chance: Random, name: str, field: dict[str, Any]) -> Any:
    """Mostly what fits the column, at a level of its own or one that the search chooses."""
    if often(chance, 45):
        return "keep"
    kind = name.rstrip("0123456789")
    if often(chance, 4):
        kind = chance.choice(["word", "count", "day"])
    options: dict[str, Any]
    if kind == "city":
        options = {"hierarchy": "cn_divisions"}
    elif kind == "count":
        bins = {"bins": [0, 10, 20], "levels": [[10]]}
        options = chance.choice([{"ranges": [5, 10, 20]}, bins, {"ranges": [10], "start": 3}])
    elif kind in ("amount", "price"):
        options = chance.choice([{"bins": [0.01, 50, 100]}, {"ranges": [50, 100]}, {"ranges": [0.5, 5]}])
    elif kind in ("day", "moment"):
        options = {
            "calendar": chance.choice([["day", "month", "year"], ["week"], ["month", "quarter"], ["hour", "day"]])
        }
    elif kind == "word":
        options = chance.choice([{"prefix": [2, 1]}, {"prefix": [3]}])
    else:
        return "keep"
    options = dict(options)
    if often(chance, 40) and "levels" not in options:
        options["level"] = chance.choice([0, 0, 1])
    return {"generalize": options}
