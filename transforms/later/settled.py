"""Recipients of whom a policy says that they gave back, or deleted, what they had."""

from collections.abc import Mapping
from typing import Any

from beam_deid.transforms.policy.model import Policy
from beam_deid.transforms.policy.recipients import Recipient, folded
from beam_deid.transforms.policy.tables import TablesPolicy


class Settled:
    """What a policy says of its recipients now, beside what a register or a run knew of them when they were given something.

    A recipient is the same by its name: its key may have passed to another one since.

    Args:
        policy: The policy; None where there is none.
    """

    def __init__(self, policy: Policy | TablesPolicy | None) -> None:
        self._by_name = {folded(one.name): one for one in _recipients(policy)}

    def holds_nothing(self, given: Mapping[str, Any], made_at: str) -> bool:
        """Whether a recipient gave back or deleted what it was given.

        Args:
            given: What was known of it then.
            made_at: When that was made, as manifests write it: what was shown before that day says nothing of it.
        """
        if {"returned", "deleted"} & given.keys():
            return True
        now = self._by_name.get(folded(str(given.get("name", ""))))
        if now is None:
            return False
        return any(one is not None and one.at.isoformat() >= made_at[:10] for one in (now.returned, now.deleted))


def _recipients(policy: Policy | TablesPolicy | None) -> list[Recipient]:
    if policy is None:
        return []
    tables = [table.policy for table in policy.tables.values()] if isinstance(policy, TablesPolicy) else [policy]
    return [recipient for table in tables for recipient in (table.recipients or {}).values()]
