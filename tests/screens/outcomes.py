"""Documents of runs as views take them: what a run of the demo came to, of the shop's and of another policy. Made-up data."""

from collections.abc import Iterable
from typing import Any

Document = dict[str, Any]


def checked(name: str, passed: bool, measured: float, limit: float, detail: str, line: int = 3) -> Document:
    """A test, as ``label.json`` has it."""
    return {"line": line, "name": name, "passed": passed, "measured": measured, "limit": limit, "detail": detail}


def _passing(*names: str) -> list[Document]:
    return [
        checked(name, True, 0, 0, "as it should be, counted by buyer_open_uid over all released columns")
        for name in names
    ]


PASSING = _passing(
    "direct_identifiers", "value_scan", "restorable", "digests", "platform", "k", "k_without:category", "order"
)

PERSONAL = [
    checked(
        "direct_identifiers",
        False,
        3,
        0,
        "direct identifiers released: buyer_open_uid (tokenize: keyed), receiver_name (mask: partial), receiver_mobile "
        "(fpe: keyed)",
    ),
    *_passing("value_scan", "digests", "platform"),
    checked("restorable", False, 2, 0, "a key exists for: buyer_open_uid, receiver_mobile"),
    checked(
        "k",
        False,
        1,
        3,
        "persons in the smallest group of buyer_open_uid, receiver_name, receiver_mobile, receiver_city, birth_year, created, "
        "payment, counted by buyer_open_uid",
    ),
    checked("k_composite", False, 1, 3, "a pseudonym links a person's rows, so all of them count as one value"),
    checked("dominance", False, 1, 0.85, "of the records of a group, counted by buyer_open_uid"),
    checked("classes_at_risk", False, 1, 0, "share of groups whose risk is above 1/k"),
    checked("overall_risk", False, 1, 0.05, "overall risk R = group risk × E, with E = 1"),
    checked(
        "order", False, 1, 0, "rows stand in the order of the source: they are shuffled once every other line holds", 9
    ),
]

FAILING = [
    *_passing("direct_identifiers", "value_scan", "restorable", "digests", "platform", "k_values:category"),
    checked(
        "k",
        False,
        1,
        5,
        "persons in the smallest group of receiver_city, birth_year, created, counted by buyer_open_uid",
    ),
    checked("l:category", False, 1, 2, "distinct values in the poorest group", 4),
    checked(
        "attacker:courier",
        False,
        0.21,
        0,
        "3,421 of 15,937 persons of the attacker's are narrowed down to fewer than k",
        7,
    ),
]

COARSEN = (
    "drop, or coarsen, created; or let 4.20% of the rows be suppressed (require: {suppression: 0.0421})",
    "drop or coarsen what courier knows: receiver_city, created",
)


def change(name: str, text: str) -> Document:
    """A change, as ``label.json`` has it."""
    return {"line": 3, "test": name, "columns": ["created"], "drop": ["created"], "suppress": None, "text": text}


def label(name: str, tests: list[Document], changes: Iterable[Document] = (), **more: Any) -> Document:
    """A label, as far as it is shown."""
    records = {"read": 40_000, "released": 39_241, "suppressed": 759, "withheld": 0, "rejected": 0}
    levels = {"receiver_city": "region", "birth_year": "by 10", "created": "quarter", "payment": "6 bins"}
    return {
        "label": name,
        "purpose": "market analysis by region, age and price",
        "sharing": "controlled",
        "records": records,
        "search": {"levels": levels},
        "tests": tests,
        "changes": list(changes),
        **more,
    }


ANONYMIZED = label("anonymized", PASSING)
CRM = label(
    "still_personal", PERSONAL, purpose="marketing to members who agreed", sharing="enclave", search={"levels": {}}
)
SHORT_OF_K = label(
    "still_personal",
    FAILING,
    [change("k", COARSEN[0]), change("l:category", COARSEN[0]), change("attacker:courier", COARSEN[1])],
    records={"read": 40_000, "released": 0, "suppressed": 0, "withheld": 39_943, "rejected": 57},
)
ONE_CHANGE = label("still_personal", FAILING[:7], [change("k", COARSEN[0])])
EVERYTHING_FAILS = label(
    "still_personal",
    [{**test, "passed": False} for test in PERSONAL],
    [change(test["name"], f"{COARSEN[1]}, and {test['name']} as well") for test in PERSONAL],
)


def run_of(**releases: tuple[str | None, bool]) -> Document:
    """The content of ``run.json``, as far as it is shown: what each release expects, and whether it is published."""
    return {"releases": {name: {"expect": expect, "published": there} for name, (expect, there) in releases.items()}}
