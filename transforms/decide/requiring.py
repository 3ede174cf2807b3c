"""The criteria of the search and of suppression, made from the requirements of a release."""

from collections.abc import Mapping, Sequence

import numpy as np

from beam_deid.transforms.candidate.openings import RowLevels
from beam_deid.transforms.candidate.released_data import ReleasedData
from beam_deid.transforms.columns.arrays import Bools
from beam_deid.transforms.columns.combining import combine
from beam_deid.transforms.columns.fingerprint import Fingerprints
from beam_deid.transforms.label.requirements import planned
from beam_deid.transforms.label.requirements.risk import MOST_RISK
from beam_deid.transforms.search.lattice import Lattice
from beam_deid.transforms.search.requirements import Criterion, Requirements
from beam_deid.transforms.terms import Sharing


def criteria(data: ReleasedData, levels: RowLevels) -> tuple[Criterion, ...]:
    """What each class must meet at the levels of its sensitive fields, for the label.

    A field that is sensitive and a quasi-identifier as well divides the classes itself: its groups are asked for when a node is
    verified.
    """
    found = []
    for requirement, test in planned(data.layout.scope):
        scale = data.scale(test.target, levels) if test.target in data.layout.sensitive else None
        criterion = requirement.criterion(test, scale) if test.target not in data.layout.rest else None
        if criterion is not None:
            found.append(criterion)
    return tuple(found)


def asked_alone(data: ReleasedData) -> frozenset[str]:
    """The tests on lines 3 and 4 that the policy itself asks for, and k: what other tools are compared with."""
    asked = data.layout.scope.asked
    return frozenset(
        test.name
        for requirement, test in planned(data.layout.scope)
        if test.name == "k"
        or (requirement.option is not None and requirement.option.of_field(asked, test.target) is not None)
    )


def requirements(data: ReleasedData, for_label: bool) -> Requirements:
    """The requirements that all classes together must meet.

    Args:
        data: The release.
        for_label: Whether all is asked that the label asks of classes; else what the policy says alone.
    """
    spec = data.spec
    scope = data.layout.scope
    require = spec.require
    mean = None
    highest = None
    risk = MOST_RISK if require.risk is None else require.risk
    if for_label or require.risk is not None:
        if scope.sharing is Sharing.PUBLIC:
            highest = risk or None
        else:
            environment = scope.environment.E
            mean = risk / environment if environment else None
    alone = asked_alone(data)
    without = frozenset[str]() if for_label else frozenset(test.name for _, test in planned(scope)) - alone
    return Requirements(spec.k, require.suppression, require.average_risk, mean, highest, without)


def lattice(
    data: ReleasedData, choices: Mapping[str, Sequence[int]], rows: Bools | None = None, without: str | None = None
) -> Lattice:
    """The lattice of the open fields' levels, with the criteria of the label.

    Args:
        data: The release.
        choices: The levels that are open to each field; one for a field that is sensitive.
        rows: Which cells are looked at, shape (n,); all if not given.
        without: A field that is left out.
    """
    layout = data.layout
    fixed = {name: levels[0] for name, levels in choices.items() if name in layout.sensitive}
    rest = [name for name in layout.rest if name not in choices and name != without]
    together = combine([data.key(name, {}) for name in rest], len(data.cells))
    asked = criteria(data, fixed)
    sensitive: dict[str, Fingerprints] = {}
    for one in asked:
        sensitive[one.values] = data.key(one.field, fixed) if one.written else data.normal_keys(one.field, fixed)
    persons = data.cells.persons
    subject = None
    if persons.names:
        numbers = persons.numbers[0]
        subject = np.where(numbers < 0, persons.sizes[0], numbers).view(np.uint64)
    people = data.cells.people
    return data.openings.lattice(choices, asked, sensitive, subject, together, data.job.prints.null, rows, people)
