"""Files that are removed once nobody can read them any more, so that a disk holds what is still needed alone."""

import contextlib
import os
import weakref
from collections.abc import Sequence


class HeldFiles:
    """Files that go with this object. Copies of it in other processes hold nothing, for they are pickles.

    Args:
        paths: The files.
    """

    def __init__(self, paths: Sequence[str]) -> None:
        self._paths = tuple(paths)
        # A run that ends removes their folder with all that is in it.
        weakref.finalize(self, _remove, self._paths).atexit = False

    def __reduce__(self) -> tuple[type["HeldFiles"], tuple[tuple[str, ...]]]:
        return HeldFiles, ((),)


def _remove(paths: Sequence[str]) -> None:
    for path in paths:
        with contextlib.suppress(OSError):
            os.remove(path)
