"""The smallest run that has both kinds of releases: one whose rows are shuffled, and one in the order of its source."""

import pyarrow as pa

from .crowds import crowd, grid, turn
from .policies import policy, release, roles

CITIES = ("杭州市", "宁波市", "温州市")
SHUFFLED = "report"
IN_ORDER = "list"


def table(persons: int = 40) -> pa.Table:
    """So many people in each of three cities, with an age and a thing that they bought."""
    return crowd(
        grid(city=CITIES),
        persons,
        age=lambda who: 20 + who.person % 4,
        item=lambda who: turn(("茶", "书", "鞋", "纸"), who.person),
    )


SAFE = {"controls": "high", "motive": "low", "prevalence": 0.0001, "acquaintances": 1, "security": "high"}
"""Where so little is known of anybody that small groups are no risk of themselves, and other lines decide."""


def two_releases(**report: object) -> dict[str, object]:
    """A policy of two releases.

    Args:
        report: What the release that is anonymized has besides, such as ``require``.
    """
    fields = roles(direct="buyer", quasi="city age:integer", sensitive="item")
    return policy(
        fields,
        **{
            SHUFFLED: release("enclave", "city item", environment=SAFE, **report),
            IN_ORDER: release(
                "enclave", "city age", {"buyer": {"tokenize": {"domain": "customer"}}}, expect="still_personal"
            ),
        },
    )
