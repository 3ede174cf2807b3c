"""A run looks for garbage between its passes and stages; in tests it need not look among what tests keep."""

import gc

from beam_deid.transforms.run import heap

_YOUNG = 1
"""Objects that have outlived at most one look of Python's own."""


class _Lightly:
    """`gc`, as far as a run asks it."""

    @staticmethod
    def collect() -> int:
        """Free the circles among young objects; Python itself looks at the others when they have become many."""
        return gc.collect(_YOUNG)


def sweep_lightly() -> None:
    """Have the runs of this process, and of those that are forked from it, look at what they made just now, and at nothing else."""
    heap.gc = _Lightly  # type: ignore[attr-defined]


def leave_alone_what_is_kept() -> None:
    """Let nobody look for garbage among what is there now."""
    gc.collect()
    gc.freeze()
