"""What a policy says of consent: where it is written down, and how that is read."""

from typing import Annotated, Any

from pydantic import BeforeValidator, Field, SerializeAsAny, field_validator, model_validator

from beam_deid.transforms.actions.action import Action
from beam_deid.transforms.actions.key_options import KeyedAction
from beam_deid.transforms.clock import moment_of
from beam_deid.transforms.formats.input_options import InputOptions
from beam_deid.transforms.label.options import Section
from beam_deid.transforms.policy.written import read_action

Name = Annotated[str, Field(min_length=1)]


class LedgerColumns(Section):
    """What the columns of a ledger are called, where they have not one of the usual names."""

    subject: Name | None = Field(None, description="Whose consent it is")
    purpose: Name | None = Field(None, description="What the consent is for")
    granted: Name | None = Field(None, description="Whether it was given (是, true), or when")
    withdrawn: Name | None = Field(None, description="Whether it was withdrawn, or when")
    time: Name | None = Field(None, description="When that was, of rows that do not say it under granted or withdrawn")
    scope: Name | None = Field(None, description="What it extends to, as a channel; read where scope is named")
    guardian: Name | None = Field(None, description="Whether a parent or guardian gave it")
    under_14: Name | None = Field(None, description="Whether the person is under 14")


class Consent(Section):
    """The consent that a release needs: records of persons without it are withheld."""

    ledger: str = Field(min_length=1, description="Path or glob of the ledger, in any format of inputs")
    purpose: str | None = Field(
        None, min_length=1, description="The purpose as the ledger writes it; the release's if not given"
    )
    field: str | None = Field(
        None, min_length=1, description="Field whose values the ledger's persons are; the policy's subject if not given"
    )
    scope: str | None = Field(None, min_length=1, description="The scope that a consent must have; any if not given")
    columns: LedgerColumns = LedgerColumns()
    keyed: Annotated[SerializeAsAny[Action], BeforeValidator(read_action)] | None = Field(
        None,
        description="What made the ledger's persons, where they are not values of the source: {tokenize: {domain: customer}}",
    )
    born: str | None = Field(
        None, min_length=1, description="Field with the date of birth, or the ID number, which tells who is under 14"
    )
    as_of: str | None = Field(
        None,
        description="The time at which consent must be valid, 2026-11-27T08:00:00+08:00; that of the run if not given",
    )
    input: InputOptions = Field(InputOptions(), description="How the ledger is written, as input of the policy")

    @field_validator("as_of")
    @classmethod
    def _is_a_time(cls, text: str | None) -> str | None:
        if text is not None and moment_of(text) is None:
            raise ValueError("write the time with its offset, 2026-11-27T08:00:00+08:00 or …Z")
        return text

    @field_validator("keyed")
    @classmethod
    def _has_a_key(cls, action: Any) -> Any:
        if action is not None and not (isinstance(action, KeyedAction) and action.beside is None):
            raise ValueError("an action with a key, whose results are equal for equal values: tokenize, hash or fpe")
        return action

    @model_validator(mode="after")
    def _one_row_each(self) -> "Consent":
        if self.input.fill_down is not None:
            raise ValueError("each row of a ledger stands for itself; leave input.fill_down out")
        return self
