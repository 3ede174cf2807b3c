"""A field of a policy: one column of the input, with its role and its kind."""

from collections.abc import Iterable
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, field_validator

from beam_deid.transforms.actions.action import Action
from beam_deid.transforms.formats.input_options import TimeFormat, TimeZone
from beam_deid.transforms.label.options import Section
from beam_deid.transforms.policy.sensitive_values import NamedCategory
from beam_deid.transforms.recognisers.kinds import NamedKind
from beam_deid.transforms.recognisers.kinds.kind import Kind
from beam_deid.transforms.terms import Role


def _one_or_more(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


class FieldSpec(Section):
    """One input column: its role or roles, and its kind."""

    role: Annotated[tuple[Role, ...], BeforeValidator(_one_or_more)] = Field(
        min_length=1,
        description="direct_identifier, quasi_identifier, sensitive, insensitive; or a list of these",
    )
    kind: NamedKind | None = Field(
        None, description="What the column holds; text if not given and not implied by an action"
    )
    category: NamedCategory | None = Field(
        None,
        description="Category of personal information, where kind and platform do not tell it, or it is a stricter one",
    )
    optional: bool = Field(
        False,
        strict=True,
        description="Whether files may lack the column, some of them or all: its values are null there",
    )
    format: Annotated[tuple[TimeFormat, ...], BeforeValidator(_one_or_more)] = Field(
        (),
        description="How dates and times are written, in strptime's directives, '%d/%m/%Y %H:%M', or excel for days since 1900; or "
        "a list of these. The common ways in which only one reading is possible if not given",
    )
    timezone: TimeZone | None = Field(
        None, description="Zone of whose clocks times with an offset are told; that of the input if not given"
    )
    decimals: int | None = Field(
        None, ge=0, le=9, strict=True, description="Digits after the point of a decimal; 2 if not given"
    )
    normalize: bool = Field(
        True,
        description="Whether spellings of one identifier, as of +86 138-0013-8000, are made one before a key is used",
    )

    @field_validator("role")
    @classmethod
    def _roles_go_together(cls, roles: tuple[Role, ...]) -> tuple[Role, ...]:
        if len(set(roles)) < len(roles):
            raise ValueError("a role is named twice")
        if len(roles) > 1 and set(roles) not in ({Role.QUASI, Role.SENSITIVE}, {Role.DIRECT, Role.SENSITIVE}):
            raise ValueError(
                "sensitive goes together with quasi_identifier or direct_identifier, and no other roles do"
            )
        return roles

    def has(self, role: Role) -> bool:
        """Whether the field has this role."""
        return role in self.role


def kind_of(spec: FieldSpec, actions: Iterable[Action | None]) -> Kind | None:
    """The kind that ``spec`` declares, or else the first that one of ``actions`` wants."""
    wanted = (action.wants for action in actions if action is not None)
    return spec.kind or next((kind for kind in wanted if kind is not None), None)
