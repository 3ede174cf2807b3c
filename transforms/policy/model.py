"""The policy: fields with their roles, and releases. Frozen; nothing in it is code or a key."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SerializeAsAny, field_validator

from beam_deid.transforms.actions import parse_action
from beam_deid.transforms.actions.action import Action, Target
from beam_deid.transforms.formats.format import InputOptions
from beam_deid.transforms.terms import Kind, LabelName, Role, Sharing

Share = Annotated[float, Field(ge=0, le=1)]
Grade = Literal["low", "medium", "high"]

DEFAULT_K: Mapping[Sharing, int] = {Sharing.PUBLIC: 20, Sharing.CONTROLLED: 5, Sharing.ENCLAVE: 3}
"""The least class size by sharing model (`risk.sharing` has the source)."""


class Section(BaseModel):
    """A part of a policy: immutable, and without unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class FieldSpec(Section):
    """One input column: its role or roles, and its kind."""

    role: Annotated[tuple[Role, ...], BeforeValidator(lambda v: (v,) if isinstance(v, str) else v)] = Field(
        min_length=1, description="direct_identifier, quasi_identifier, sensitive, insensitive; or a list of these"
    )
    kind: Kind | None = Field(None, description="What the column holds; text if not given and not implied by an action")

    @field_validator("role")
    @classmethod
    def _roles_go_together(cls, roles: tuple[Role, ...]) -> tuple[Role, ...]:
        if len(set(roles)) < len(roles):
            raise ValueError("a role is named twice")
        if len(roles) > 1 and set(roles) != {Role.QUASI, Role.SENSITIVE}:
            raise ValueError("only quasi_identifier and sensitive go together")
        return roles

    def has(self, role: Role) -> bool:
        """Whether the field has this role."""
        return role in self.role


class KeyPlaces(Section):
    """Where keys are; never a key."""

    key: str = Field(description="env:NAME or file:PATH of the key that all subkeys are derived from, 32 bytes at least")


class Environment(Section):
    """The setting of a release, for the environment risk E (`risk.sharing`). What is not said counts as the worst.

    Attributes:
        controls: Risk-mitigating controls at the recipient (风险减缓控制).
        motive: Motives and capacity of an insider (动机与能力).
        prevalence: Share of the population that has what the dataset is about.
        acquaintances: People whom a recipient's staff member knows.
        security: The recipient's security and privacy capability.
    """

    controls: Grade = "low"
    motive: Grade = "high"
    prevalence: Share = 0.9
    acquaintances: int = Field(10, ge=0)
    security: Grade = "low"


class Require(Section):
    """What a release must reach to be ``anonymized``, beside what its sharing model asks.

    Attributes:
        k: Least number of subjects in a class; never below the sharing model's own.
        l: Least number of distinct values of a sensitive field in each class.
        t: Greatest distance between a sensitive field's distribution in a class and in the release.
        suppression: Greatest share of records that may be suppressed to get there.
        risk: Greatest overall risk R.
        link: Greatest share of subjects that a join may link to exactly one; the sharing model's if not given.
        link_sensitive: The same where the attacker knows the sensitive fields as well; not a condition if not given.
    """

    k: int | None = Field(None, ge=1)
    l: dict[str, Annotated[int, Field(ge=1)]] = Field(default_factory=dict)  # noqa: E741 - the field's own name
    t: dict[str, Share] = Field(default_factory=dict)
    suppression: Share = 0.0
    risk: Share = 0.05
    link: Share | None = None
    link_sensitive: Share | None = None


class Attacker(Section):
    """Declared background knowledge: the attributes known, and optionally a table to join with."""

    knows: tuple[str, ...] = Field(min_length=1)
    table: str | None = Field(None, description="Path or glob of the attacker's table; the release's own source if not given")


def _action(value: Any) -> Action:
    return parse_action(value)


class Release(Section):
    """One output dataset: an allow-list of fields with actions. A field that is not listed is not released."""

    purpose: str = Field(min_length=1)
    sharing: Sharing = Field(description="public, controlled or enclave")
    expect: LabelName | None = Field(None, description="If the label differs nothing of this release is published")
    fields: dict[str, Annotated[SerializeAsAny[Action], BeforeValidator(_action)]] = Field(min_length=1)
    require: Require = Require()
    environment: Environment = Environment()
    attackers: dict[str, Attacker] = Field(default_factory=dict)
    format: Literal["parquet", "csv", "jsonl"] = "parquet"

    @property
    def k(self) -> int:
        """The class size that is required: the policy's, or the sharing model's where that is larger."""
        return max(self.require.k or 0, DEFAULT_K[self.sharing])


class Policy(Section):
    """A whole policy. Built by `beam_deid.transforms.policy.reader`, which also makes the cross-checks."""

    version: Literal[1]
    dataset: str = Field(min_length=1)
    subject: str | None = Field(None, description="The field that says whom a record is about")
    fields: dict[str, FieldSpec] = Field(min_length=1)
    keys: KeyPlaces | None = None
    input: InputOptions = InputOptions()
    releases: dict[str, Release] = Field(min_length=1)

    def target(self, release: str, field: str) -> Target:
        """The field as an action sees it."""
        return Target(release, field, self.kind(field))

    def kind(self, field: str) -> Kind | None:
        """The field's kind: as declared, or as the actions on it want it; None if neither says."""
        declared = self.fields[field].kind
        if declared is not None:
            return declared
        wanted = [r.fields[field].wants for r in self.releases.values() if field in r.fields]
        return next((kind for kind in wanted if kind is not None), None)
