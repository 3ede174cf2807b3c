"""The input's columns against the policy's fields: a column without a role stops a run before it writes."""

from collections.abc import Collection, Iterator, Mapping, Sequence

from beam_deid.transforms.errors import PolicyError
from beam_deid.transforms.policy.model import Policy
from beam_deid.transforms.policy.nearest import bare, nearest, shown
from beam_deid.transforms.policy.scoping import identities

_LIST = "it is a list: name it in input.items for one row per item, or give it a role and kind: free_text; a list is never released"
_LISTED = "is a list, by which no person can be counted; give its field kind: free_text"


def check_columns(
    policy: Policy, columns_by_file: Mapping[str, Sequence[str]], lists: Mapping[str, Collection[str]] | None = None
) -> None:
    """See that every file has exactly the columns that the policy has fields for, in any order.

    Args:
        policy: The policy.
        columns_by_file: The names of each file's columns, by its path.
        lists: The columns of each file in which lists stand.

    Raises:
        PolicyError: A column has no field, a field no column, or a list is to name a person; ``problems`` lists all, file by file.
    """
    problems = [
        one
        for path, columns in columns_by_file.items()
        for one in _problems(policy, path, columns, (lists or {}).get(path, ()))
    ]
    if problems:
        raise PolicyError.from_problems(problems)


def _problems(policy: Policy, path: str, columns: Sequence[str], lists: Collection[str]) -> Iterator[str]:
    there = set(columns)
    lacking = [field for field in policy.fields if field not in there]
    for column in dict.fromkeys(columns):
        if column not in policy.fields:
            yield f"{path}: column {shown(column)} is not in the policy; {_LIST if column in lists else _instead(column, lacking)}"
    for column in identities(policy):
        if column in lists:
            yield f"{path}: column {shown(column)} {_LISTED}"
    for field in lacking:
        what = f"there is no column for the policy's field {shown(field)}"
        yield f"{path}: {what}; remove the field, or add the column"


def _instead(column: str, lacking: Sequence[str]) -> str:
    like = nearest(column, lacking)
    entry = f"add under fields: {bare(column)}: {{role: …}}"
    return f"did you mean the field {shown(like)}? Otherwise {entry}" if like else entry
