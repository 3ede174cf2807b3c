"""What platforms let shops do with the orders that they give them: ``terms`` of ``configs/platforms``."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from beam_deid.transforms.terms import Word


class Use(Word):
    """What data is used for, as far as platforms' terms tell uses apart."""

    FULFILMENT = "fulfilment"
    AFTER_SALES = "after_sales"
    MEMBER_PROGRAMME = "member_programme"
    OTHER = "other"


class Term(BaseModel):
    """One term, by which a policy's releases are checked.

    Attributes:
        id: Its name.
        says: What the source says.
        source: Where it says so.
        date: When it took effect, or where that is not known when it was read: 2021-08-01, or 2026-11.
        allows: The uses that it allows; None where it says nothing of them, so that it is told and not enforced.
        unless: Uses beyond these, each of which it allows with the consent of the persons.
        is_reading: Whether ``allows`` and ``unless`` are our reading of the source, which does not say it in these words.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(pattern="^[a-z][a-z0-9_]*$")
    says: str = Field(min_length=1)
    source: str = Field(min_length=1)
    date: Annotated[str, Field(pattern=r"^\d{4}(-\d{2}(-\d{2})?)?$")]
    allows: tuple[Use, ...] | None = None
    unless: tuple[Use, ...] = ()
    is_reading: bool = False

    @property
    def told(self) -> str:
        """The term in one sentence without a full stop, with its source."""
        if self.allows is None:
            return f"{self.id}: {self.says} ({self.source}, {self.date})"
        whose = ", read so by us" if self.is_reading else ""
        return f"{self.id}: for {', '.join(self.allows)} alone: {self.says} ({self.source}, {self.date}{whose})"

    def allows_use(self, use: Use, *, with_consent: bool) -> bool:
        """Whether it allows a use; it does where it says nothing of uses."""
        return self.allows is None or use in self.allows or (with_consent and use in self.unless)
