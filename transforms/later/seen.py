"""Who of a list of persons was found anywhere, so that whoever asks learns of how many nothing was."""

import numpy as np

from beam_deid.transforms.columns.arrays import Bools


class Seen:
    """Which rows of a list name somebody who was found, in whichever release.

    Args:
        rows: Rows of the list.
    """

    def __init__(self, rows: int) -> None:
        self._rows = np.zeros(rows, np.bool_)
        self._looked = False

    def add(self, found: Bools) -> None:
        """Note whom a search found.

        Args:
            found: Which of the persons, those of the list first, shape (at least rows,).
        """
        self._looked = True
        self._rows |= found[: len(self._rows)]

    @property
    def unseen(self) -> int | None:
        """How many rows name nobody who was found; None where nobody was looked for."""
        return int((~self._rows).sum()) if self._looked else None
