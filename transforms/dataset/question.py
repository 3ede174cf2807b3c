"""What is asked of a dataset."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from beam_deid.transforms.label.requirements.persons import LEAST_K
from beam_deid.transforms.risk.combinations import MOST_FIELDS
from beam_deid.transforms.risk.recovery.digests import TRIES
from beam_deid.transforms.terms import Sharing


@dataclass(frozen=True)
class Question:
    """What is asked of a dataset.

    Attributes:
        quasi: Its quasi-identifiers.
        sensitive: Its sensitive fields.
        subject: The column that says whom a record is about; each record is a person of its own if not given.
        sharing: The sharing model that it is judged by.
        k: Required class size, if larger than the sharing model's own.
        most: Most attributes of a combination; 0 where none is to be looked at.
        population: People in the population that it is drawn from, if known.
        history: The fields that make a point of a subject's history; all that are counted if not given.
        wildcard: Whether it is told, too, how many people a record may be if nulls fit any value.
        tries: Most values of a domain that are hashed where the dataset holds digests.
        mobiles: What is known of how mobiles begin.
        direct: Columns that are known to name people; the subject is taken for one, unless it is a quasi-identifier.
        frequencies: Path of a table of how often values occur in the population, by column of tokens that are matched to it.
    """

    quasi: tuple[str, ...]
    sensitive: tuple[str, ...] = ()
    subject: str | None = None
    sharing: Sharing = Sharing.CONTROLLED
    k: int = 0
    most: int = MOST_FIELDS
    population: int | None = None
    history: tuple[str, ...] = ()
    wildcard: bool = False
    tries: int = TRIES
    mobiles: tuple[str, ...] = ()
    direct: tuple[str, ...] = ()
    frequencies: Mapping[str, str] = field(default_factory=dict)

    @property
    def least(self) -> int:
        """Required class size."""
        return max(self.k, LEAST_K[self.sharing])

    @property
    def link(self) -> float:
        """Greatest share of subjects that a join may link to exactly one: what attacks are told beside."""
        return 0.0

    @property
    def counted(self) -> tuple[str, ...]:
        """The fields whose values are counted, each once."""
        return tuple(dict.fromkeys([*self.quasi, *self.sensitive, *self.history]))

    @property
    def read(self) -> tuple[str, ...]:
        """The columns that must be there."""
        return tuple(dict.fromkeys([*self.counted, *([self.subject] if self.subject else []), *self.frequencies]))
