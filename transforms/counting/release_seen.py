"""A release as its label sees it, once all its buckets were measured."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from beam_deid.transforms.candidate.released_data import ReleasedData
from beam_deid.transforms.counting.facts import Facts
from beam_deid.transforms.counting.people import People
from beam_deid.transforms.label.found import Found
from beam_deid.transforms.label.requirements.requirement import Figure
from beam_deid.transforms.label.scope import Scope
from beam_deid.transforms.risk.measures.risk import Risk


@dataclass(frozen=True)
class ReleaseSeen:
    """What was measured of a release.

    Attributes:
        data: The release, without its records.
        people: The persons of all records of the run.
        facts: What its groups show.
        counted: Whether it is known whom the records are about.
        found: What was found beside its groups.
    """

    data: ReleasedData
    people: People
    facts: Facts
    counted: bool
    found: Found = field(default_factory=Found)

    def with_found(self, found: Found) -> "ReleaseSeen":
        """The same release with other findings."""
        return replace(self, found=found)

    @property
    def scope(self) -> Scope:
        """What the label is about."""
        return self.data.layout.scope

    @property
    def empty(self) -> bool:
        """Whether no record is left."""
        return self.facts.records == 0

    @property
    def identities(self) -> tuple[str, ...]:
        """The identities by which persons are counted."""
        return self.people.names

    @property
    def figures(self) -> Mapping[str, Figure]:
        """The figure of each test that looks at groups one by one."""
        return self.facts.figures

    @property
    def risk(self) -> Risk:
        """The figures of all measures."""
        return self.facts.risk

    @property
    def deciding(self) -> str | None:
        """The identity that shows the fewest persons in a class; None where nobody is counted."""
        place = self.facts.deciding
        return None if place is None else self.people.names[place]
