"""Choose a level for every field that leaves it open: greedy descent from the most general node.

The descent ends at a node that satisfies and of which no more specific neighbour does. It is a local optimum, said so
in the evidence; it costs about (sum of heights) × (number of fields) evaluations.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

Levels = dict[str, int]


@dataclass(frozen=True)
class Found:
    """What the search found.

    Attributes:
        levels: The chosen level of each field.
        satisfied: Whether they meet the requirements; if not, they are the most general ones.
        evaluated: How many nodes were evaluated.
    """

    levels: Levels
    satisfied: bool
    evaluated: int


def descend(
    choices: Mapping[str, Sequence[int]],
    satisfies: Callable[[Levels], bool],
    loss: Callable[[Levels], float],
) -> Found:
    """Search the lattice of ``choices`` from the top.

    Args:
        choices: The allowed levels of each field, ascending.
        satisfies: Whether a node meets the requirements; costly.
        loss: The information lost at a node; cheap. Ties go to the field named first.
    """
    levels = {name: allowed[-1] for name, allowed in choices.items()}
    evaluated = 1
    if not satisfies(levels):
        return Found(levels, False, evaluated)
    refused: set[tuple[tuple[str, int], ...]] = set()
    while True:
        steps = [step for step in _finer(levels, choices) if tuple(step.items()) not in refused]
        for step in sorted(steps, key=loss):
            evaluated += 1
            if satisfies(step):
                levels = step
                break
            refused.add(tuple(step.items()))
        else:
            return Found(levels, True, evaluated)


def _finer(levels: Levels, choices: Mapping[str, Sequence[int]]) -> list[Levels]:
    finer = []
    for name, allowed in choices.items():
        at = list(allowed).index(levels[name])
        if at:
            finer.append({**levels, name: allowed[at - 1]})
    return finer
