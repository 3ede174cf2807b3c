"""The ready policies that come along: which of them is a policy for a file, as the names of its columns tell."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from pathlib import Path

from beam_deid.transforms.formats.ignoring import Ignored
from beam_deid.transforms.policy.model import Policy
from beam_deid.transforms.policy.reader import read_policy


@dataclass(frozen=True)
class Ready:
    """A ready policy for a file.

    Attributes:
        path: Where the policy is.
        lacking: The columns that it needs and the file lacks; none for a file that it takes as it is.
    """

    path: Path
    lacking: tuple[str, ...]


def ready_policy(columns: Sequence[str]) -> Ready | None:
    """The ready policy that fits a file best, or None if none does.

    One fits if all columns of the file are its fields, or ignored by it, and most of the fields that are not optional are there.
    Of several, that counts of whose needs the fewest lack, then that which has the fewest fields beside.

    Args:
        columns: The names of the file's columns.
    """
    found = []
    for path, policy in _policies().items():
        fields = [name for name in policy.fields if name not in policy.input.combine]
        there = {*columns} & {*fields}
        needed = [name for name in fields if not policy.fields[name].optional]
        absent = [name for name in needed if name not in there]
        unknown = Ignored(policy.input.ignore).without({*columns} - there)
        if not unknown and len(absent) * 2 < len(needed):
            found.append((len(absent), len(policy.fields), Ready(path, tuple(absent))))
    return min(found, key=lambda one: one[:2])[2] if found else None


@lru_cache(maxsize=1)
def _policies() -> Mapping[Path, Policy]:
    """All ready policies, by where they are."""
    folder = Path(str(resources.files("beam_deid.configs").joinpath("policies"))).resolve()
    return {path: read_policy(str(path)) for path in sorted(folder.glob("*.yaml"))}
