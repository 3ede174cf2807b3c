"""What is assumed of those who may attack a release: their setting, what they know, and what they try."""

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, model_validator

from beam_deid.transforms.formats.input_options import InputOptions
from beam_deid.transforms.label.options import Count, Section, Share
from beam_deid.transforms.policy.periods import Date
from beam_deid.transforms.risk.recovery.digests import TRIES

Distance = (
    Annotated[float, Field(strict=True, ge=0, allow_inf_nan=False)]
    | Annotated[str, Field(pattern=r"^\d+(\.\d+)?[dhms]$")]
)
Grade = Literal["low", "medium", "high"]


class Environment(Section):
    """The setting of a release, for the environment risk E. What is not said counts as the worst."""

    controls: Grade = Field("low", description="Risk-mitigating controls at the recipient (风险减缓控制)")
    motive: Grade = Field("high", description="Motives and capacity of an insider (动机与能力)")
    prevalence: Share = Field(0.9, description="Share of the population that has what the dataset is about")
    acquaintances: int = Field(10, ge=0, strict=True, description="People whom a recipient's staff member knows")
    security: Grade = Field("low", description="The recipient's security and privacy capability")
    population: Count | None = Field(
        None,
        description="People in the population that the dataset is drawn from, to estimate how many are unique in it",
    )
    stated_by: str | None = Field(
        None, min_length=1, description="Who states this of the recipient; stands in run.json, and in no label"
    )
    valid_until: Date | None = Field(
        None, description="The last day for which it is stated, as 2027-01-01; from then on the worst counts"
    )

    @property
    def is_stated(self) -> bool:
        """Whether anything is said from which the environment risk follows."""
        return bool(self.model_fields_set - {"population", "stated_by", "valid_until"})

    def setting(self) -> dict[str, Any]:
        """What the environment risk follows from, and until when that is stated."""
        return self.model_dump(exclude={"stated_by"})


class DigestAttack(Section):
    """How digests that stand in a release are attacked: values are hashed one by one and looked for."""

    tries: Count = Field(TRIES, description="Most values of a domain (mobiles, names, dates …) that are hashed")
    mobiles: tuple[Annotated[str, Field(pattern=r"^1[3-9]\d{1,9}$")], ...] = Field(
        (), description="What is known of how mobiles begin, 3 digits at least; all ranges in use if not given"
    )


class Attacker(Section):
    """Declared background knowledge: the attributes known, and optionally a table to join with."""

    model_config = ConfigDict(json_schema_extra={"anyOf": [{"required": ["knows"]}, {"required": ["release"]}]})

    knows: tuple[str, ...] | None = Field(
        None, min_length=1, description="Fields of the policy that the attacker knows; all, where a release is named"
    )
    table: str | None = Field(
        None,
        min_length=1,
        description="Path or glob of the attacker's table; the release's own source if not given",
    )
    input: InputOptions | None = Field(
        None,
        description="How the table's files are written, as input: of the policy says it of the source: {footer: 1}",
    )
    within: dict[str, Distance] = Field(
        default_factory=dict,
        description="How far what the table says of a number, date or time may be from the truth: 10, or 2d (d, h, m, s)",
    )
    release: str | None = Field(
        None, min_length=1, description="Folder of an earlier run's published release, such as out/analytics"
    )

    @model_validator(mode="after")
    def _one_source(self) -> "Attacker":
        if self.knows is None and self.release is None:
            raise ValueError("say what the attacker knows: a field at least, or a release: FOLDER")
        if self.table is not None and self.release is not None:
            raise ValueError("say table or release, not both")
        if self.within and self.table is None:
            raise ValueError("within needs a table")
        if self.input is not None and self.table is None:
            raise ValueError("input says how a table is written; add table")
        return self

    @property
    def names_what_stays(self) -> bool:
        """Whether it is said which fields an earlier release is joined on, so that meeting nobody on them means something."""
        return self.release is not None and self.knows is not None
