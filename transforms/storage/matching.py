"""Globs, in any store: ``*`` and ``?`` within a name, ``[…]``, and ``**`` for any number of folders; and whole folders.

A folder stands for all files below it. What is hidden, of a run that is under way, an engine's own mark or empty is passed over
where a wildcard or a folder stands for it, and noted; a file that is named is read.
"""

import fnmatch
import glob
import itertools
import os
from dataclasses import dataclass, field

from beam_deid.transforms.errors import UsageError
from beam_deid.transforms.storage.connecting import bucket_of
from beam_deid.transforms.storage.paths import (
    LABEL,
    MARK,
    TABLE_LOGS,
    is_local,
    is_passed_over,
    join,
    name_of,
    options_of,
    parent,
    shown,
    with_options,
)
from beam_deid.transforms.storage.store import Entry, Store


@dataclass
class Matched:
    """What a pattern matches.

    Attributes:
        files: The files, sorted by path.
        empty: Files that were passed over because nothing is in them.
        hidden: What was passed over by its name.
    """

    files: list[Entry] = field(default_factory=list)
    empty: list[str] = field(default_factory=list)
    hidden: list[str] = field(default_factory=list)


def matched(store: Store, pattern: str) -> Matched:
    """The files that a pattern matches; a folder that it matches stands for all files below it.

    Args:
        store: The store.
        pattern: An absolute path.

    Raises:
        UsageError: A folder holds a release, or a table of an engine whose log says which of its files count.
    """
    if is_passed_over(name_of(pattern)) or MARK in pattern:
        return Matched()
    literal = store.entry(pattern)  # a name may hold brackets
    if literal is not None and not literal.is_folder:
        return Matched([literal])
    matching = _Matching(store)
    found = [literal] if literal is not None else [one for one in matching.by_wildcards(pattern) if not _leads_up(one)]
    files = {entry.path: entry for entry in found if not entry.is_folder}
    for folder in (entry for entry in found if entry.is_folder):
        files.update((entry.path, entry) for entry in matching.below(folder.path))
    every = [files[path] for path in sorted(files)]
    empty = [entry.path for entry in every if entry.size == 0]
    return Matched([entry for entry in every if entry.size != 0], empty, sorted(matching.hidden))


def why_nothing(store: Store, pattern: str) -> str:
    """What to do about a pattern that matches nothing."""
    if not is_local(pattern) and store.entry(bucket_of(pattern)) is None:
        return "There is no such bucket"
    found = matched(store, pattern)
    if found.empty or found.hidden:
        return f"What is there is empty ({len(found.empty)}) or hidden ({len(found.hidden)}); name a file to read it"
    return "Check the path; quote globs in a shell"


def as_written(pattern: str, whole: str, path: str) -> str:
    """A matched path as the user would have written it: relative where the pattern was.

    Args:
        pattern: The pattern as it was given.
        whole: The same, absolute.
        path: What it matched.
    """
    if not is_local(pattern) or "://" in pattern or os.path.isabs(pattern) or pattern.startswith("~"):
        return shown(path)
    # The user wrote the beginning in one way and we in another; from there on both are the same.
    theirs = _fixed(pattern)
    ours = _fixed(whole)
    return os.path.join(theirs, path.removeprefix(ours).lstrip("/")) if path != whole else pattern


def _fixed(pattern: str) -> str:
    """What stands before the first name with a wildcard, or all of it."""
    names = pattern.split("/")
    literal = list(itertools.takewhile(lambda name: not glob.has_magic(name), names))
    return "/".join(literal)


class _Matching:
    """Looks through the folders of a store.

    Attributes:
        hidden: What would have been matched, had it another name.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self.hidden: set[str] = set()

    def by_wildcards(self, pattern: str) -> list[Entry]:
        """What a pattern matches that is no path itself."""
        options = options_of(pattern)
        names = shown(pattern).split("/")
        start = next((number for number, name in enumerate(names) if glob.has_magic(name)), None)
        if start is None:
            return []
        root = with_options("/".join(names[:start]) or "/", options)
        return self._by_names([root], names[start:])

    def below(self, folder: str) -> list[Entry]:
        """All files below a folder."""
        # Every listing of a store is a request, so there is one for all folders; a disk's links are followed folder by folder.
        every = None if is_local(folder) else self._by_folder(folder)
        found: list[Entry] = []
        waiting = [(folder, _way_to(folder))]
        while waiting:
            place, above = waiting.pop()
            listed = self._listed(place) if every is None else every.get(shown(place), [])
            _refuse(place, listed, is_first=place == folder)
            self.hidden.update(entry.path for entry in listed if is_passed_over(name_of(entry.path)))
            inside = [entry for entry in listed if not is_passed_over(name_of(entry.path))]
            found += (entry for entry in inside if not entry.is_folder)
            waiting += _deeper(inside, above)
        return found

    def _by_folder(self, folder: str) -> dict[str, list[Entry]]:
        found: dict[str, list[Entry]] = {}
        for entry in self._store.entries(folder, recursive=True):
            if shown(entry.path) != shown(folder):
                found.setdefault(shown(parent(entry.path)), []).append(entry)
        return found

    def _by_names(self, folders: list[str], names: list[str]) -> list[Entry]:
        """What is below some folders, name by name."""
        first = names[0]
        rest = names[1:]
        if first == "**":
            return self._at_any_depth(folders, rest)
        if rest and not glob.has_magic(first):
            return self._by_names([join(folder, first) for folder in folders], rest)
        here = [
            entry
            for folder in folders
            for entry in self._listed(folder)
            if fnmatch.fnmatchcase(name_of(entry.path), first)
        ]
        hidden = [entry for entry in here if is_passed_over(name_of(entry.path))]
        here = [entry for entry in here if not is_passed_over(name_of(entry.path))]
        if rest:
            return self._by_names([entry.path for entry in here if entry.is_folder], rest)
        self.hidden.update(entry.path for entry in hidden)
        return here

    def _at_any_depth(self, folders: list[str], rest: list[str]) -> list[Entry]:
        every = list(folders)
        found: list[Entry] = []
        waiting = [(folder, _way_to(folder)) for folder in folders]
        while waiting:
            place, above = waiting.pop()
            inside = [entry for entry in self._listed(place) if not is_passed_over(name_of(entry.path))]
            found += inside
            deeper = _deeper(inside, above)
            waiting += deeper
            every += (path for path, _ in deeper)
        return self._by_names(every, rest) if rest else [entry for entry in found if not entry.is_folder]

    def _listed(self, folder: str) -> list[Entry]:
        # A store may hold a name of nothing: it looks like the folder itself.
        return [entry for entry in self._store.entries(folder) if shown(entry.path) != shown(folder)]


def _refuse(folder: str, listed: list[Entry], *, is_first: bool) -> None:
    """Stop at a folder whose files are not all data of one input."""
    names = {name_of(entry.path) for entry in listed}
    if LABEL in names and not is_first:
        raise UsageError(
            "a release is in a folder of the input",
            shown(folder),
            "Name the input's files by a glob, as FOLDER/*.csv, or move the release elsewhere",
        )
    logs = sorted(names.intersection(TABLE_LOGS))
    if logs:
        raise UsageError(
            f"this is a table whose files count as its log says ({logs[0]}), and deleted rows may be in them",
            shown(folder),
            "Export it with its own engine; or name its files by a glob, if no row was ever deleted or changed",
        )


def _leads_up(entry: Entry) -> bool:
    """Whether a folder is a link to the one that it lies in."""
    return entry.is_folder and _real(entry.path) == _real(parent(entry.path))


def _deeper(inside: list[Entry], above: frozenset[str]) -> list[tuple[str, frozenset[str]]]:
    """The folders in a folder, each with the way to it; without links that lead back up."""
    folders = [(entry.path, _real(entry.path)) for entry in inside if entry.is_folder]
    return [(path, above | {real}) for path, real in folders if real not in above]


def _way_to(folder: str) -> frozenset[str]:
    """A folder and those that it lies in."""
    return frozenset([_real(folder), _real(parent(folder))])


def _real(folder: str) -> str:
    """A folder with its links resolved; a store has none."""
    return os.path.realpath(folder) if is_local(folder) else folder
