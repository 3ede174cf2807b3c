"""The contract of a requirement: one object in one file, of which schema, `plan`, search, rule and README.md are made.

A requirement says which tests a release has (`planned`), what is measured for each (`figure`), and, on the lines for which
rows may be suppressed, what breaks it (`broken`). Whether a figure is within its limit is decided in one place, `holds`.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from beam_deid.transforms.columns.arrays import Bools
from beam_deid.transforms.label.found import Found
from beam_deid.transforms.label.options import Option
from beam_deid.transforms.label.scope import Scope
from beam_deid.transforms.risk.distances import Scale
from beam_deid.transforms.risk.distribution import Distribution
from beam_deid.transforms.risk.groups import Groups, RowGroups
from beam_deid.transforms.risk.inference import GroupValues
from beam_deid.transforms.risk.measures.risk import Risk
from beam_deid.transforms.search.requirements import Criterion
from beam_deid.transforms.terms import Sharing, Word

_NEAR = 1e-12


class Compare(Word):
    """How a figure is compared with its limit."""

    AT_LEAST = "at_least"
    AT_MOST = "at_most"
    BELOW = "below"


def holds(measured: float | None, limit: float | None, compare: Compare) -> bool:
    """Whether a figure is within its limit. What was not measured is not; rounding is forgiven."""
    if measured is None or limit is None or not math.isfinite(measured):
        return False
    near = _NEAR * max(abs(limit), 1.0)
    if compare is Compare.AT_LEAST:
        return measured >= limit - near
    return measured < limit - near if compare is Compare.BELOW else measured <= limit + near


@dataclass(frozen=True)
class Planned:
    """A test that a release must pass.

    Attributes:
        line: The line of the label rule that it belongs to, 1 to 9.
        name: The name that it has in ``label.json``.
        limit: What the figure is compared with.
        compare: How the figure is compared with it.
        columns: The released columns that it looks at.
        sentence: What is tested, in one sentence without a full stop.
        target: The field, attacker or release that it is about, where there are several tests of a kind.
        parameter: What else the policy says of it, as the l of recursive (c,l)-diversity.
    """

    line: int
    name: str
    limit: float
    compare: Compare
    columns: tuple[str, ...]
    sentence: str
    target: str = ""
    parameter: Any = None

    @property
    def at_least(self) -> bool:
        """Whether the figure must be at least the limit."""
        return self.compare is Compare.AT_LEAST


class Figure(NamedTuple):
    """What was measured.

    Attributes:
        measured: The figure; None where it could not be measured.
        detail: One sentence for a person; holds names and figures, never values.
        place: Of several equal figures of one test the one with the least place is told.
    """

    measured: float | None
    detail: str
    place: int = 0


class Broken(NamedTuple):
    """Groups that break a requirement.

    Attributes:
        columns: The columns by which rows are grouped.
        groups: Which of the groups break it, shape (groups,).
    """

    columns: tuple[str, ...]
    groups: Bools


class Told(Protocol):
    """A release, as far as its label is decided by what was measured already."""

    @property
    def scope(self) -> Scope:
        """What the label is about."""
        ...

    @property
    def empty(self) -> bool:
        """Whether no record is left."""
        ...

    @property
    def counted(self) -> bool:
        """Whether it is known whom the records are about."""
        ...

    @property
    def identities(self) -> tuple[str, ...]:
        """The identities by which persons are counted."""
        ...

    @property
    def risk(self) -> Risk:
        """The figures of all measures."""
        ...

    @property
    def found(self) -> Found:
        """What was found beside the classes."""
        ...

    @property
    def figures(self) -> Mapping[str, Figure]:
        """Figures that were measured part by part already, by the name of their test."""
        ...


class Seen(Told, Protocol):
    """A release at some levels: what is left of it, as requirements see it."""

    def groups(self, columns: Sequence[str]) -> Groups:
        """The records grouped by some released columns."""
        ...

    def group_values(self, name: str) -> GroupValues:
        """The values of a sensitive column in the groups around it, those that differ in spelling only as one."""
        ...

    def distributions(self, name: str) -> Sequence[Distribution]:
        """The distribution of a sensitive column over the groups around it, by each identity."""
        ...

    def as_written(self, name: str) -> Sequence[Distribution]:
        """The distribution of a sensitive column where values that differ in spelling only are different."""
        ...

    def scale(self, name: str) -> Scale | None:
        """How far the values of a sensitive column are apart, where not all are equally far."""
        ...


class SeenRows(Seen, Protocol):
    """The same where every row is at hand. Rows are of shape (n,)."""

    def groups(self, columns: Sequence[str]) -> RowGroups:
        """The rows grouped by some released columns."""
        ...


@dataclass(frozen=True)
class Default:
    """What a limit is where the policy says nothing, and what no policy may loosen.

    Attributes:
        by_sharing: The limit by sharing model.
        source: Where it comes from.
    """

    by_sharing: Mapping[Sharing, float]
    source: str

    @classmethod
    def always(cls, limit: float, source: str) -> "Default":
        """A default that is the same limit in every sharing model."""
        return cls(dict.fromkeys(Sharing, limit), source)

    @property
    def is_one(self) -> bool:
        """Whether the limit is the same in every sharing model."""
        return len(set(self.by_sharing.values())) == 1

    def __getitem__(self, sharing: Sharing) -> float:
        return self.by_sharing[sharing]


class Requirement(ABC):
    """One requirement. Stateless.

    Attributes:
        name: What its tests are called in ``label.json``; where there is one for each of something, ``name:TARGET``.
        target: What there is a test for each of, as documentation calls it: FIELD, NAME …; empty where there is one test.
        line: Its line of the label rule.
        sharings: The sharing models in which it is asked at all.
        option: Its option under ``require`` in a policy; None if there is none. Several requirements may share one.
        example: How a policy asks for more than the default, or asks at all: one entry of ``require``; empty if it cannot.
        default: Its limit by sharing model; None where only a policy asks for it.
        source: Where the measure comes from, where only a policy asks for it; else the default says it.
        compare: How its figure is compared with its limit.
        words: What its figure is, for README.md and report: in a few words, without a full stop.
        remedy: What to do where it does not hold, in sentences.
        is_share: Whether its figure is a share of something, which people read in per cent.
        suppresses: Whether rows that break it may be suppressed.
        told: Whether its figure follows from what a label holds beside its tests, so that `verify` makes it again.
        by_group: Whether it looks at groups one by one, so that the figure of a release is the worst one of its parts, if no
            group is in two of them.
        by_scope: Whether its figure follows from what the release is about, and from no record: then there is one, too, where
            nobody says whom the records are about.
    """

    name: ClassVar[str]
    target: ClassVar[str] = ""
    line: ClassVar[int]
    sharings: ClassVar[tuple[Sharing, ...]] = tuple(Sharing)
    option: ClassVar[Option[Any] | None] = None
    example: ClassVar[str] = ""
    default: ClassVar[Default | None] = None
    source: ClassVar[str] = ""
    compare: ClassVar[Compare] = Compare.AT_MOST
    words: ClassVar[str]
    remedy: ClassVar[str]
    is_share: ClassVar[bool] = False
    suppresses: ClassVar[bool] = False
    told: ClassVar[bool] = False
    by_group: ClassVar[bool] = False
    by_scope: ClassVar[bool] = False

    @abstractmethod
    def planned(self, scope: Scope) -> Iterator[Planned]:
        """Its tests of a release."""

    @abstractmethod
    def figure(self, test: Planned, seen: Seen) -> Figure:
        """What is measured for a test."""

    def broken(self, test: Planned, seen: Seen) -> Broken | None:
        """The groups that break a test, whose rows may be suppressed; None if there are none."""
        return None

    def surplus(self, test: Planned, seen: Seen) -> Broken | None:
        """The groups of which `trimmed` would remove rows; None if there are none."""
        return None

    def trimmed(self, test: Planned, seen: SeenRows) -> npt.NDArray[np.int64] | None:
        """Records of each row that may stay, shape (n,), where a part of a group's rows is too many; None if none is."""
        return None

    def merged(self, figures: Sequence[Figure]) -> Figure:
        """The figure of a release from those of its parts, where it is one by group: the worst; what is unmeasured is worst."""
        said = [figure for figure in figures if figure != NOTHING]
        return min(said, key=self._badness, default=NOTHING)

    def _badness(self, figure: Figure) -> tuple[float, int, str]:
        if figure.measured is None or not math.isfinite(figure.measured):
            return (-math.inf, figure.place, figure.detail)
        worst_first = figure.measured if self.compare is Compare.AT_LEAST else -figure.measured
        return (worst_first, figure.place, figure.detail)

    def criterion(self, test: Planned, scale: Scale | None) -> Criterion | None:
        """What the search asks of each class of a candidate's levels before all lines are asked; None if nothing."""
        return None

    def limit(self, scope: Scope) -> float:
        """Its limit: the policy's where that is stricter, else that of the sharing model."""
        assert self.default is not None  # noqa: S101 - asked for only where there is one
        own = self.default[scope.sharing]
        asked = self.option.of(scope.asked) if self.option else None
        if not isinstance(asked, int | float):
            return own
        return max(own, asked) if self.compare is Compare.AT_LEAST else min(own, asked)

    def loosened(self, asked: Any, sharing: Sharing) -> str | None:
        """Why a policy may not ask so little under this requirement's option, with the limit that holds; None if it may."""
        if self.default is None or not isinstance(asked, int | float) or isinstance(asked, bool):
            return None
        own = self.default[sharing]
        least = self.compare is Compare.AT_LEAST
        if not (asked < own if least else asked > own):
            return None
        # With its last digit: 0.0500001 is not 0.05.
        whose = "any sharing model" if self.default.is_one else f"{sharing} sharing"
        if least:
            return (
                f"{asked!r} is below {own:g}, the least that {whose} allows; ask for {own:g} or more, or leave it out"
            )
        return f"{asked!r} is above {own:g}, the most that {whose} allows; ask for {own:g} or less, or leave it out"

    def _test(
        self, limit: float, columns: Sequence[str], sentence: str, target: str = "", parameter: Any = None
    ) -> Planned:
        name = f"{self.name}:{target}" if self.target else self.name
        return Planned(self.line, name, limit, self.compare, tuple(columns), sentence, target, parameter)


NOBODY = Figure(None, "no record is released, so nothing could be measured")
NOTHING = Figure(None, "")
"""What a part of a release says of a test that is about none of its rows."""
UNCOUNTED = Figure(None, "nobody says whom the records are about: name the subject, or write subject: each_record")


def unmeasured(seen: Told) -> Figure | None:
    """Why persons cannot be counted; None if they can."""
    if seen.empty:
        return NOBODY
    return None if seen.counted else UNCOUNTED
