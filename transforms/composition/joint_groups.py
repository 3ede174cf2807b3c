"""Joint groups: records that look alike in several releases, and those to suppress so that every group has enough persons."""

from collections.abc import Sequence

import numpy as np

from beam_deid.transforms.risk.histogram import Counts
from beam_deid.transforms.risk.intersection_groups import Joint, Side, says_more


class Alike:
    """Collects the least number of persons in a joint group, and the cells whose joint group has too few.

    Where all columns count, a group of too few is none of ours if it is a whole group of each release that it is in: then it is
    in each alone, and both together divide nothing. That is for the sharing models in which one sensitive thing may be unknown,
    and in which such groups may be; there groups are made without each sensitive column, too.

    Args:
        k: Persons that each group must have.
        cells: Number of cells.
    """

    def __init__(self, k: int, cells: int) -> None:
        self._k = k
        self._fewest = list[int]()
        self.broken = np.zeros(cells, bool)

    @property
    def fewest(self) -> int:
        """The least number of persons in a joint group that tells more than one release alone; k if there is no such group."""
        return self._k if self.found is None else self.found

    @property
    def found(self) -> int | None:
        """The same; None if there is no such group."""
        return min(self._fewest, default=None)

    def add(
        self,
        joint: Joint,
        sides: Sequence[Side],
        all_asked: bool,
        said: Counts | None = None,
        openly: Counts | None = None,
        divided: Counts | None = None,
    ) -> None:
        """Look at the joint groups of some columns.

        Args:
            joint: The groups.
            sides: The releases that made them.
            all_asked: Whether groups are asked as well that are whole groups of every release.
            said: Number of what earlier releases say of each row, where they made the last side.
            openly: Number of what they say beside secrets.
            divided: Joint groups of which others know that they are a proper part of a group of one release.
        """
        asked = np.ones(len(joint.persons), bool) if all_asked else says_more(joint, sides)
        if divided is not None:
            asked[divided] = True
        if asked.any():
            self._fewest.append(int(joint.persons[asked].min()))
        few = (joint.groups >= 0) & (asked & (joint.persons < self._k))[joint.groups]
        if said is not None and openly is not None:
            few = _with_kin(few, np.logical_or.reduce([side.present for side in sides[:-1]]), said, openly)
        self.broken |= few[: len(self.broken)]


def divided(openly: Counts, mine: np.ndarray) -> np.ndarray:
    """Restrict earlier groups to those with a record of the run, shape (rows,): the run tells nothing new of others.

    Groups are those of whoever knows no secret. Where the run has a group without all of one secret, it says who had that.
    """
    return (openly >= 0) & np.isin(openly, np.unique(openly[mine]))


def _with_kin(few: np.ndarray, mine: np.ndarray, said: Counts, openly: Counts) -> np.ndarray:
    """The rows to be suppressed, shape (rows,), so that no joint group has too few persons.

    Where too few are left that only others have, those who look like them there must go, too; and where nobody does, the whole
    group of those who look like them but for secrets.
    """
    alone = few & ~mine & (said >= 0)
    have_kin = np.isin(said, np.unique(said[mine]))
    kin = np.isin(said, np.unique(said[alone & have_kin]))
    kin |= np.isin(openly, np.unique(openly[alone & ~have_kin]))
    return np.asarray(few | kin)
