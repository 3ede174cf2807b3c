"""Times with a zone where nobody says by whose clocks they are meant."""

from collections.abc import Iterator, Mapping

import pyarrow as pa

from beam_deid.transforms.policy.model import Policy
from beam_deid.transforms.policy.nearest import bare


def zone_notes(policy: Policy, types: Mapping[str, pa.DataType]) -> Iterator[str]:
    """What a person should know of times whose day may be another one than expected, a sentence without a full stop.

    Args:
        policy: The policy.
        types: The types of columns as they are given, before they are read as kinds.
    """
    unsaid = [name for name in policy.fields if name in types and _is_unsaid(policy, name, types[name])]
    if unsaid:
        yield (
            f"{', '.join(map(bare, unsaid))}: these times have a zone and are read as clocks in UTC show them, where the day may "
            "be another one, for the policy names no timezone: write input: {timezone: Asia/Shanghai} or another, or "
            "{timezone: UTC} if that is meant"
        )


def _is_unsaid(policy: Policy, field: str, given: pa.DataType) -> bool:
    """Whether a column of times with a zone is read as days, or times without one, and nobody says whose."""
    if not pa.types.is_timestamp(given) or given.tz is None:
        return False
    reading = policy.reading(field)
    return reading.arrow is not None and pa.types.is_temporal(reading.arrow) and reading.timezone is None
