"""What the disclosure measures see of a release, or of a part of it."""

import numpy as np

from beam_deid.transforms.label.requirements.closeness import T
from beam_deid.transforms.label.requirements.requirement import Seen
from beam_deid.transforms.risk.measures import all_figures
from beam_deid.transforms.risk.measures.measure import Setting, Subjects, View
from beam_deid.transforms.risk.measures.risk import Risk
from beam_deid.transforms.risk.sizes import Sizes


def view_of(seen: Seen, subjects: Subjects, setting: Setting) -> View:
    """What measures see.

    Args:
        seen: The records that are left.
        subjects: Whom these are about.
        setting: What figures are measured against.
    """
    scope = seen.scope
    told = {name: seen.distributions(name) for name in scope.sensitive}
    # A part of a release may have nobody of whom a column tells.
    given = {name: found for name, found in told.items() if found}
    close = [name for name in given if T.of_field(scope.asked, name) is not None]
    written = given | {name: seen.as_written(name) for name in close}
    scales = {name: scale for name in scope.sensitive if (scale := seen.scale(name)) is not None}
    return View(subjects, setting, given, written, scales)


_ONE = Sizes.of(np.ones(1, np.int64))
_NO_SIZES = Subjects(0, 0, 0, None, _ONE, _ONE)
"""What stands for the subjects of a part: whoever merges parts knows those of the whole."""


def part_risk(seen: Seen, setting: Setting) -> Risk:
    """The figures of the measures as a part of a release shows them, to be merged with those of the others.

    Args:
        seen: The part: whole groups.
        setting: What figures are measured against.
    """
    return all_figures(view_of(seen, _NO_SIZES, setting))


def told_identities(seen: Seen, name: str) -> range:
    """The identities by which figures of a sensitive column are told; where no test asks for them the subject alone."""
    every = seen.counted and seen.scope.asked.names(name)
    return range(len(seen.identities) if every else 1)
