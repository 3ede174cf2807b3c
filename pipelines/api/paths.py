"""Paths and names as callers give them: one or several, as text or as `os.PathLike`."""

import os
from collections.abc import Iterable, Sequence
from typing import TypeAlias

from beam_deid.transforms.errors import UsageError

Path: TypeAlias = str | os.PathLike[str]
Paths: TypeAlias = Path | Sequence[Path]


def text_of(given: Path, place: str) -> str:
    """A path or a name as text.

    Args:
        given: The path.
        place: The argument, as messages call it.

    Raises:
        UsageError: It is something else.
    """
    text = os.fspath(given) if isinstance(given, str | os.PathLike) else None
    if not isinstance(text, str):
        raise UsageError(
            f"it was given something of type {type(given).__name__}", place, "It takes text, or a path of pathlib"
        )
    return text


def texts_of(given: Paths | None, place: str) -> tuple[str, ...]:
    """All that is given as texts; nothing for None.

    Args:
        given: A path or a name, or several.
        place: The argument, as messages call it.

    Raises:
        UsageError: It is something else.
    """
    if given is None:
        return ()
    if isinstance(given, str | bytes | os.PathLike) or not isinstance(given, Iterable):
        return (text_of(given, place),)
    return tuple(text_of(one, place) for one in given)
