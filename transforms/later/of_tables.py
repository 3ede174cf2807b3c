"""Outputs of policies with tables: nobody changes them in their place, since whose a row is may stand in another table's files."""

from beam_deid.transforms.errors import UsageError
from beam_deid.transforms.policy.model import Policy
from beam_deid.transforms.policy.reader import read_any_policy
from beam_deid.transforms.policy.tables import TablesPolicy, table_in
from beam_deid.transforms.register.document import RequestKind
from beam_deid.transforms.storage.paths import shown

_WHAT = {
    RequestKind.ERASED: "persons cannot be erased yet from what a policy with tables published",
    RequestKind.CORRECTED: "records cannot be corrected yet in what a policy with tables published",
}
_NEXT = {
    RequestKind.ERASED: (
        "Take them out of the files of all tables and run again with --overwrite; no register remembers them for it, so keep "
        "them out of later files, too"
    ),
    RequestKind.CORRECTED: "Correct them in the files that the run read and run again with --overwrite",
}


def policy_of_one_table(path: str, kind: RequestKind) -> Policy:
    """Read the policy of the outputs that somebody wants changed.

    Args:
        path: The policy.
        kind: How they are to be changed.

    Raises:
        PolicyError: Something in it is wrong.
        UsageError: It has tables.
    """
    found = read_any_policy(path)
    if isinstance(found, TablesPolicy):
        raise UsageError(_WHAT[kind], shown(path), _NEXT[kind])
    return found


def check_of_one_table(output: str, release: str, kind: RequestKind) -> None:
    """See that a release is of a dataset of one table, whatever policy was named.

    Args:
        output: The output that it is in.
        release: Its name.
        kind: How it is to be changed.

    Raises:
        UsageError: It is a table's part of a release.
    """
    if table_in(release):
        raise UsageError(_WHAT[kind], shown(output), _NEXT[kind])
