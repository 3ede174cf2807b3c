"""The search for a release's levels: the proved optimum where the lattice can be listed, else the best node that was found."""

import itertools
import math
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from beam_deid.transforms.candidate.released_data import ReleasedData
from beam_deid.transforms.decide.requiring import lattice
from beam_deid.transforms.search.blocking import Blocked, blocked, least
from beam_deid.transforms.search.exploring import explore
from beam_deid.transforms.search.lattice import LARGEST, Lattice
from beam_deid.transforms.search.node import Counted
from beam_deid.transforms.search.optimum import Optimum, below, optimum
from beam_deid.transforms.search.requirements import Requirements

Levels = dict[str, int]
Choices = Mapping[str, tuple[int, ...]]


class Accepted(NamedTuple):
    """What is released at some levels.

    Attributes:
        suppressed: Records that are suppressed.
        loss: Works out the information loss of what is left, from 0 to 1.
    """

    suppressed: int
    loss: Callable[[], float]


Accept = Callable[[Levels], Accepted | None]
"""What is released at some levels; None where they cannot be."""

_MOST_LATTICES = 200


@dataclass(frozen=True)
class Searched:
    """What the search found.

    Attributes:
        levels: The chosen level of each open field; the most general ones if nothing satisfies.
        best: What they make of the data; None if nothing satisfies.
        require: What they were asked to meet.
        nodes: How many nodes there are.
        evaluated: How many were looked at.
        seconds: Time it took.
        method: How it was searched, and whether the result is proved to be the best.
        proved: Whether it is, or whether it is that nothing satisfies.
        refused: Nodes whose classes satisfy, and that were refused for what classes alone cannot tell.
    """

    levels: Levels
    best: Counted | None
    require: Requirements
    nodes: int
    evaluated: int
    seconds: float
    method: str
    proved: bool
    refused: int

    @property
    def satisfied(self) -> bool:
        """Whether the levels meet what is required."""
        return self.best is not None


@dataclass
class Searcher:
    """Searches for one release's levels; lattices are made once, and remember what was counted.

    Attributes:
        data: The release.
        seconds: Longest time for a lattice that is too large to be listed; None for what the work allows.
        start: The finest levels that are searched, where records were put together at these; all, if not given.
    """

    data: ReleasedData
    seconds: float | None = None
    start: Mapping[str, int] | None = None
    _lattices: list[tuple[Choices, Lattice]] = field(default_factory=list)

    @property
    def choices(self) -> dict[str, tuple[int, ...]]:
        """The levels that are open to each field, ascending."""
        openings = self.data.openings
        if self.start is None:
            return {name: openings.choices(name) for name in self.data.layout.open}
        return {name: openings.above(name, self.start[name]) for name in self.data.layout.open}

    @property
    def whole(self) -> bool:
        """Whether all levels are searched that are open."""
        return all(allowed == self.data.openings.choices(name) for name, allowed in self.choices.items())

    def coarsest(self) -> Iterator[Levels]:
        """The most general levels, at each choice of levels of sensitive fields: more general ones of these have fewer values."""
        for choices in self._apart():
            yield {name: allowed[-1] for name, allowed in choices.items()}

    def lattices(self) -> list[tuple[Choices, Lattice]]:
        """A lattice for all levels; or one for each choice of levels of sensitive fields, since those change what is required."""
        if not self._lattices:
            self._lattices = [(one, lattice(self.data, one)) for one in self._apart()]
        return self._lattices

    def search(self, require: Requirements, accept: Accept | None = None) -> Searched:
        """Choose a level for every open field.

        Args:
            require: What classes must meet.
            accept: What is released at some levels once everything else is asked, which classes alone cannot tell.
        """
        if accept is not None and not self.choices:
            return only_levels(require, accept)
        levels = {name: allowed[-1] for name, allowed in self.choices.items()}
        best: Counted | None = None
        each = []
        for choices, nodes in self.lattices():
            found = self._search(nodes, choices, require, accept)
            each.append(found)
            if found.best is not None and (best is None or found.best.loss < below(best.loss)):
                best = found.best
                levels = levels_at(choices, best)
        searched = Searched(
            levels=levels,
            best=best,
            require=require,
            nodes=sum(one.nodes for one in each),
            evaluated=sum(one.counted for one in each),
            seconds=sum(one.seconds for one in each),
            method="",
            proved=self.whole and not self._left_out and all(one.proved for one in each),
            refused=sum(one.refused for one in each),
        )
        return replace(searched, method=self._method(searched))

    def _method(self, found: Searched) -> str:
        """In words, how the levels were searched, and whether the result is proved to be the best."""
        method = _outcome(found)
        if not all(nodes.exact for _, nodes in self.lattices()):
            method += ", with each person counted in one class only"
        if found.refused:
            which = "better ones" if found.satisfied else "that satisfy by their classes"
            method += f"; {found.refused:,} {which} were refused by what else the label asks"
        if not self.whole:
            method += "; finer levels were not searched, since there are too many combinations of values at them"
        if self._left_out:
            method += "; sensitive fields at their most general levels only, for there are too many ways"
        return method

    def objectives(self, levels: Levels, require: Requirements) -> dict[str, float]:
        """Evaluate every objective at some levels."""
        for choices, each in self.lattices():
            if all(level in choices[name] for name, level in levels.items()):
                return each.objectives(tuple(choices[name].index(level) for name, level in levels.items()), require)
        return {}

    def blocked(self, require: Requirements) -> Blocked:
        """Find out why nothing satisfies, over all lattices."""
        if len(self.lattices()) > 1:
            whys = [blocked(each, require) for _, each in self.lattices()]
            why = Blocked(
                tuple(dict.fromkeys(name for one in whys for name in one.by)),
                max((one.k for one in whys if one.k is not None), default=None),
                min((one.suppression for one in whys if one.suppression is not None), default=None),
            )
        else:
            why = blocked(self.lattices()[0][1], require)
        return replace(why, fields=self._dropped(require))

    def _dropped(self, require: Requirements) -> dict[str, float]:
        fields = {}
        for name in self.data.layout.rest:
            if name in self.data.layout.sensitive:
                continue
            choices = {other: self.data.openings.choices(other) for other in self.data.layout.open}
            if name in choices:
                choices[name] = (self.data.openings.top(name),)
            found = (least(lattice(self.data, one, without=name), require) for one in self._apart(choices))
            losses = [one.best.loss for one in found if one.best is not None]
            if losses:
                fields[name] = min(losses)
        return fields

    @property
    def _left_out(self) -> bool:
        """Whether there are more choices of levels of sensitive fields than can be looked at one by one."""
        sensitive = self.data.layout.sensitive
        return math.prod(len(levels) for name, levels in self.choices.items() if name in sensitive) > _MOST_LATTICES

    def _apart(self, choices: Choices | None = None) -> Iterator[Choices]:
        choices = self.choices if choices is None else choices
        apart = [name for name in choices if name in self.data.layout.sensitive]
        if math.prod(len(choices[name]) for name in apart) > _MOST_LATTICES:
            yield {**choices, **{name: choices[name][-1:] for name in apart}}
            return
        for levels in itertools.product(*(choices[name] for name in apart)):
            yield {**choices, **{name: (level,) for name, level in zip(apart, levels, strict=True)}}

    def _search(self, nodes: Lattice, choices: Choices, require: Requirements, accept: Accept | None) -> Optimum:
        def verify(counted: Counted) -> Counted | None:
            if accept is None:
                return counted
            levels = levels_at(choices, counted)
            accepted = accept(levels)
            return None if accepted is None else self._as_left(counted, accepted)

        if nodes.many <= LARGEST:
            return optimum(nodes, require, verify)
        return explore(nodes, require, verify, self.seconds)

    def _as_left(self, counted: Counted, accepted: Accepted) -> Counted:
        """A node with what is really lost at it, where more is suppressed than its classes tell."""
        if accepted.suppressed == counted.suppressed:
            return counted
        loss = counted.loss
        if self.data.spec.search.objective == "loss":
            loss = max(loss, accepted.loss())
        return replace(counted, loss=loss, suppressed=accepted.suppressed)


def _outcome(found: Searched) -> str:
    if found.proved:
        return "optimum" if found.satisfied else "nothing satisfies"
    if found.satisfied:
        return f"best of {found.evaluated:,} nodes that were looked at, of {found.nodes:,}"
    return f"nothing was found among {found.evaluated:,} nodes of {found.nodes:,}"


def only_levels(require: Requirements, accept: Accept) -> Searched:
    """Where no field is open: the only levels that there are, if they are accepted."""
    begun = time.perf_counter()
    accepted = accept({})
    seconds = time.perf_counter() - begun
    if accepted is None:
        return Searched({}, None, require, 1, 1, seconds, "nothing satisfies", True, 0)
    best = Counted((), 0.0, accepted.suppressed, 0, 0, 0, satisfies=True, hopeless=False)
    return Searched({}, best, require, 1, 1, seconds, "optimum", True, 0)


def levels_at(choices: Choices, counted: Counted) -> Levels:
    """The level of each field at a node."""
    return {name: allowed[at] for (name, allowed), at in zip(choices.items(), counted.node, strict=True)}
