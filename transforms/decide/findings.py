"""What is found of a release beside its classes: identifiers in its values, and every attack on it.

While levels are searched only what the label's lines ask is looked for; the label itself tells more, as evidence.
"""

from collections.abc import Mapping, Sequence

from beam_deid.transforms.candidate.candidate import Candidate
from beam_deid.transforms.candidate.openings import RowLevels
from beam_deid.transforms.candidate.released_data import ReleasedData
from beam_deid.transforms.decide.attacks import declared, masks, other_recipients, remainders, told
from beam_deid.transforms.label.evidence import Hit, Recovery
from beam_deid.transforms.label.found import Composed, Found
from beam_deid.transforms.label.requirements.history import HISTORY
from beam_deid.transforms.label.scope import Scope
from beam_deid.transforms.risk.history import History

WHOLE = "ungeneralized"
"""The recogniser that is named for a value which generalizing left unchanged in a field that names persons."""


def found_for_lines(seen: Candidate, rounds: Sequence[Mapping[str, int]]) -> Found:
    """Find what the lines of the label ask of a release by itself.

    Args:
        seen: The release.
        rounds: The levels of each round of its recoding.

    Raises:
        InputError: An attacker's table, or one of frequencies, cannot be read.
    """
    attacks, untested = declared(seen, rounds) if not seen.empty else ([], {})
    return Found(hits_of(seen), _recoveries(seen), tuple(attacks), untested)


def found_for_label(
    seen: Candidate, rounds: Sequence[Mapping[str, int]], compositions: Mapping[str, Composed]
) -> Found:
    """Find all that a label tells of a release: what its lines ask, and what is reported beside them.

    Args:
        seen: The release.
        rounds: The levels of each round of its recoding.
        compositions: What it and each release that it is tested with say together, by the other's name.

    Raises:
        InputError: An attacker's table, or one of frequencies, cannot be read.
    """
    if seen.empty:
        return Found(seen.data.hits, compositions=compositions)
    attacks, untested = declared(seen, rounds)
    return Found(
        hits=hits_of(seen),
        recoveries=(*_recoveries(seen), *masks(seen)),
        attacks=(*told(seen), *attacks, *other_recipients(seen, rounds)),
        untested=untested,
        compositions=compositions,
        history=_history(seen),
    )


def hits_of(seen: Candidate) -> tuple[Hit, ...]:
    """List the identifiers that a release may give out at its levels, in ascending order.

    A value that is generalized to itself, in a field that names persons, counts as one: see `WHOLE`.
    """
    return hits_at(seen.data, seen.levels)


def hits_at(data: ReleasedData, levels: RowLevels) -> tuple[Hit, ...]:
    """List the identifiers that a release may give out at some levels: see `hits_of`. No records are looked at."""
    whole = (Hit(name, WHOLE, data.left_whole(name, levels)) for name in data.layout.named)
    return tuple(sorted([*data.hits, *(hit for hit in whole if hit.hits)]))


def _recoveries(seen: Candidate) -> tuple[Recovery, ...]:
    return (*seen.data.foreign, *remainders(seen))


def _history(seen: Candidate) -> tuple[History, ...] | None:
    """How unique persons' histories are; None where neither the data nor the policy asks for it."""
    if not asks_for_history(seen.scope):
        return None
    points = seen.history()
    return None if points is None else tuple(points)


def asks_for_history(scope: Scope) -> bool:
    """Whether it is to be told how unique persons' histories are: rows of a person can be linked, or the policy asks."""
    return scope.linked or HISTORY.of(scope.asked) is not None
