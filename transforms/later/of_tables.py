"""Outputs of policies with tables, in which records are not corrected yet: what a row is lent stands in another table."""

from beam_deid.transforms.errors import UsageError
from beam_deid.transforms.policy.model import Policy
from beam_deid.transforms.policy.reader import read_any_policy
from beam_deid.transforms.policy.tables import TablesPolicy, table_in
from beam_deid.transforms.storage.paths import shown

_WHAT = "records cannot be corrected yet in what a policy with tables published"
_NEXT = "Correct them in the files that the run read and run again with --overwrite"


def policy_of_one_table(path: str) -> Policy:
    """Read the policy of the outputs in which somebody wants records corrected.

    Args:
        path: The policy.

    Raises:
        PolicyError: Something in it is wrong.
        UsageError: It has tables.
    """
    found = read_any_policy(path)
    if isinstance(found, TablesPolicy):
        raise UsageError(_WHAT, shown(path), _NEXT)
    return found


def check_of_one_table(output: str, release: str) -> None:
    """See that a release is of a dataset of one table, whatever policy was named.

    Args:
        output: The output that it is in.
        release: Its name.

    Raises:
        UsageError: It is a table's part of a release.
    """
    if table_in(release):
        raise UsageError(_WHAT, shown(output), _NEXT)
