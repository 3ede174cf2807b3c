"""Paths and names as callers give them: one or several, as text or as `os.PathLike`."""

import os
from collections.abc import Sequence
from typing import TypeAlias

Path: TypeAlias = str | os.PathLike[str]
Paths: TypeAlias = Path | Sequence[Path]


def text_of(path: Path) -> str:
    """A path as text."""
    return os.fspath(path)


def texts_of(given: Paths | None) -> tuple[str, ...]:
    """All that is given as texts; nothing for None."""
    if given is None:
        return ()
    if isinstance(given, str | os.PathLike):
        return (os.fspath(given),)
    return tuple(os.fspath(one) for one in given)
