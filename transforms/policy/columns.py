"""The input's columns against the policy's fields: a column without a role stops a run before it writes.

What is wrong is told once, with the files in which it is, however many these are.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from beam_deid.transforms.errors import PolicyError
from beam_deid.transforms.formats.ignoring import Ignored
from beam_deid.transforms.policy.model import Policy
from beam_deid.transforms.policy.nearest import bare, nearest, shown
from beam_deid.transforms.policy.scoping import identities

_FEW = 3
_MANY = 6
"""Problems of a file that go without saying where it is another file than is meant."""
_HARDLY_ANY = 0.15
"""The greatest share of the policy's fields that such a file has."""
_LIST = "it is a list: name it in input.items for one row per item, or give it a role and kind: free_text; a list is never released"
_ANOTHER = "Check --input; skip of input counts the lines above the header, and header of input names columns where there is none"
_LISTED = "a list, by which no person can be counted; give its field kind: free_text"


def check_columns(
    policy: Policy, columns_by_file: Mapping[str, Sequence[str]], lists: Mapping[str, Collection[str]] | None = None
) -> None:
    """See that every file has exactly the columns that the policy has fields for, in any order.

    Files may lack the columns of optional fields, and may have columns that ``input.ignore`` names.

    Args:
        policy: The policy.
        columns_by_file: The names of each file's columns, by its path.
        lists: The columns of each file in which lists stand.

    Raises:
        PolicyError: A column has no field, a field no column, or a list is to name a person; ``problems`` lists all, each once.
    """
    others = [path for path, columns in columns_by_file.items() if _is_another(policy, columns)]
    rest = {path: columns for path, columns in columns_by_file.items() if path not in others}
    problems = list(_Comparison(policy, rest, lists or {}).problems())
    if others:
        where = others[0] if len(others) == 1 else f"{len(others)} of {len(columns_by_file)} files ({in_files(others)})"
        what = _another(any(_held(policy, columns_by_file[path]) for path in others))
        if not problems:
            raise PolicyError(what, where, _ANOTHER)
        problems = [f"{where}: {what}; {_ANOTHER}", *problems]
    if problems:
        raise PolicyError.from_problems(problems)


def lacking(policy: Policy, columns: Collection[str]) -> tuple[str, ...]:
    """The policy's fields of which a file has no column."""
    return tuple(field for field in policy.fields if field not in columns)


def unnamed(policy: Policy, columns: Collection[str]) -> tuple[str, ...]:
    """The columns of a file, each once, that are no fields."""
    return tuple(column for column in dict.fromkeys(columns) if column not in policy.fields)


def in_files(paths: Sequence[str]) -> str:
    """Some files by their paths; of many the first ones."""
    return ", ".join(paths[:_FEW]) + (", …" if len(paths) > _FEW else "")


def _held(policy: Policy, columns: Collection[str]) -> int:
    """How many of the policy's fields a file has, whatever their case and spaces."""
    names = {_folded(column) for column in columns}
    return sum(_folded(field) in names for field in policy.fields)


def _is_another(policy: Policy, columns: Collection[str]) -> bool:
    """Whether a file has none or hardly any of the policy's fields, so that it is no use to name what is wrong one by one."""
    strange = Ignored(policy.input.ignore).without(unnamed(policy, columns))
    absent = [name for name in lacking(policy, columns) if not policy.fields[name].optional]
    few = _held(policy, columns) <= _HARDLY_ANY * len(policy.fields)
    return bool(strange) and few and len(strange) + len(absent) >= _MANY


def _another(some: bool) -> str:
    if some:
        return "hardly any column is one of the policy's; it may be another file than is meant, or its header on another line"
    return "no column is one of the policy's; it may be another file than is meant, or its header on another line"


@dataclass(frozen=True)
class _Comparison:
    """Files beside a policy; see `check_columns`."""

    policy: Policy
    files: Mapping[str, Sequence[str]]
    lists: Mapping[str, Collection[str]]

    def problems(self) -> Iterator[str]:
        """All that is wrong, a line each."""
        ignored = Ignored(self.policy.input.ignore)
        strange = _by_name(self.files, lambda path: ignored.without(unnamed(self.policy, self.files[path])))
        absent = _by_name(self.files, lambda path: lacking(self.policy, {*self.files[path]}))
        respelt: set[str] = set()
        for column, paths in strange.items():
            like = self._respelt(column, paths, absent)
            respelt.update(like)
            yield self._strange(column, paths, like or [name for name in absent if {*paths} & {*absent[name]}])
        for column in identities(self.policy):
            paths = [path for path in self.files if column in self.lists.get(path, ())]
            if paths:
                yield self._placed(paths, f"column {shown(column)} is {_LISTED}")
        for field, paths in absent.items():
            if field not in respelt and not self.policy.fields[field].optional:
                yield self._absent(field, paths)

    def _respelt(self, column: str, paths: Sequence[str], absent: Mapping[str, Sequence[str]]) -> list[str]:
        """The field that a column is but for case and spaces, if just these files lack it."""
        return [field for field in absent if _folded(field) == _folded(column) and [*absent[field]] == [*paths]]

    def _strange(self, column: str, paths: Sequence[str], fields: Sequence[str]) -> str:
        said = self._placed(paths, f"column {shown(column)} is not in the policy")
        if any(column in self.lists.get(path, ()) for path in paths):
            return f"{said}; {_LIST}"
        if not column.strip():
            return f"{self._placed(paths, 'a column has no name')}; give it one, or remove it"
        like = nearest(column, fields)
        if like is not None and _folded(like) == _folded(column):
            return f"{said}; it differs from the field {shown(like)} in case or spaces only: rename one of them"
        entry = f"add under fields: {bare(column)}: {{role: …}}, or, to leave it unread, input: {{ignore: [{bare(column)}]}}"
        return f"{said}; did you mean the field {shown(like)}? Otherwise {entry}" if like else f"{said}; {entry}"

    def _absent(self, field: str, paths: Sequence[str]) -> str:
        some = len(paths) < len(self.files)
        without = ("leave them out" if len(paths) > 1 else "leave the file out") if some else "remove the field"
        if len(paths) == 1:
            said = f"{paths[0]}: there is no column for the policy's field {shown(field)}"
        else:
            said = f"{len(paths)} of {len(self.files)} files lack the column {shown(field)}: {in_files(paths)}"
        if field in (self.policy.subject_field, self.policy.record):
            return f"{said}; {without}, or add the column: persons and records are told by it"
        return f"{said}; {without}, add the column, or write optional: true at the field"

    def _placed(self, paths: Sequence[str], what: str) -> str:
        """What is wrong, with the file or files."""
        if len(paths) == 1:
            return f"{paths[0]}: {what}"
        return f"{len(paths)} of {len(self.files)} files: {what} ({in_files(paths)})"


def _by_name(files: Mapping[str, Sequence[str]], named: Callable[[str], Sequence[str]]) -> dict[str, list[str]]:
    """The files in which each name is wrong, by the name."""
    found: dict[str, list[str]] = {}
    for path in files:
        for name in named(path):
            found.setdefault(name, []).append(path)
    return found


def _folded(name: str) -> str:
    return "".join(name.casefold().split())
