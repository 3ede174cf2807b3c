"""Globs, in any store: ``*`` and ``?`` within a name, ``[…]``, and ``**`` for any number of folders."""

import fnmatch
import glob
import itertools
import os

from beam_deid.transforms.storage.connecting import bucket_of
from beam_deid.transforms.storage.paths import MARK, is_hidden, is_local, join, name_of, options_of, shown, with_options
from beam_deid.transforms.storage.store import Entry, Store


def matched(store: Store, pattern: str) -> list[Entry]:
    """The files that a pattern matches; a folder that it matches stands for the files in it.

    What is hidden, or of a run that is under way, is matched by no wildcard.

    Args:
        store: The store.
        pattern: An absolute path.
    """
    if is_hidden(name_of(pattern)) or MARK in pattern:
        return []
    found = _matching(store, pattern)
    files = {entry.path: entry for entry in found if not entry.is_folder}
    for folder in (entry for entry in found if entry.is_folder):
        files.update((entry.path, entry) for entry in _visible(store, folder.path) if not entry.is_folder)
    return [files[path] for path in sorted(files)]


def why_nothing(store: Store, pattern: str) -> str:
    """What to do about a pattern that matches nothing."""
    if not is_local(pattern) and store.entry(bucket_of(pattern)) is None:
        return "There is no such bucket"
    folder = store.entry(pattern)
    if folder is not None and folder.is_folder and _visible(store, pattern):
        return f"There are only folders in it; write {join(shown(pattern), '**', '*')}"
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


def _matching(store: Store, pattern: str) -> list[Entry]:
    literal = store.entry(pattern)
    if literal is not None:
        return [literal]  # a name may hold brackets
    options = options_of(pattern)
    names = shown(pattern).split("/")
    start = next((number for number, name in enumerate(names) if glob.has_magic(name)), None)
    if start is None:
        return []
    root = with_options("/".join(names[:start]) or "/", options)
    return _below(store, [root], names[start:])


def _below(store: Store, folders: list[str], names: list[str]) -> list[Entry]:
    """What is below some folders, name by name."""
    first = names[0]
    rest = names[1:]
    if first == "**":
        return _at_any_depth(store, folders, rest)
    if rest and not glob.has_magic(first):
        return _below(store, [join(folder, first) for folder in folders], rest)
    here = [
        entry
        for folder in folders
        for entry in _visible(store, folder)
        if fnmatch.fnmatchcase(name_of(entry.path), first)
    ]
    return _below(store, [entry.path for entry in here if entry.is_folder], rest) if rest else here


def _at_any_depth(store: Store, folders: list[str], rest: list[str]) -> list[Entry]:
    every = list(folders)
    found: list[Entry] = []
    waiting = list(folders)
    seen = set(folders)
    while waiting:
        inside = _visible(store, waiting.pop())
        found += inside
        deeper = [entry.path for entry in inside if entry.is_folder and entry.path not in seen]
        seen.update(deeper)
        waiting += deeper
        every += deeper
    return _below(store, every, rest) if rest else [entry for entry in found if not entry.is_folder]


def _visible(store: Store, folder: str) -> list[Entry]:
    found = [entry for entry in store.entries(folder) if not is_hidden(name_of(entry.path))]
    # A store may hold a name of nothing: it looks like the folder itself.
    return [entry for entry in found if shown(entry.path) != shown(folder)]
