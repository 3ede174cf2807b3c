"""To whom releases are given, and what each recipient may have: as a policy declares it."""

import datetime
import re
import unicodedata
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, StringConstraints, model_validator

from beam_deid.transforms.crypto.reference import KeyReference
from beam_deid.transforms.label.options import Section
from beam_deid.transforms.terms import RecipientRole

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def _as_day(value: Any) -> Any:
    # pydantic would take a number for seconds since 1970.
    if isinstance(value, datetime.date) and not isinstance(value, datetime.datetime):
        return value
    if not isinstance(value, str) or not _DAY.fullmatch(value):
        raise ValueError("must be a date as 2026-12-31")
    return value


Day = Annotated[
    datetime.date, BeforeValidator(_as_day, json_schema_input_type=Annotated[str, Field(pattern=_DAY.pattern)])
]
"""A day, written as 2026-12-31."""
Named = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]

NO_KEYS = "none"
ALL_KEYS = "all"


def folded(name: str) -> str:
    """What is the same for two spellings of a name or of a reference: in normal form NFKC, without case, each space one."""
    return " ".join(unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold()).split())


class Evidence(Section):
    """Something that was done at a recipient, and what shows it."""

    at: Day = Field(description="When")
    shown_by: Named = Field(description="What shows it: a report, a certificate, and where it is kept")


class Recipient(Section):
    """Somebody to whom releases are given. The tool states what is declared here; it checks none of it."""

    name: Named = Field(description="Its name, as in the contract")
    role: RecipientRole = Field(
        description="internal: a part of whoever gives it; entrusted_processor: works on their behalf (委托处理); "
        "other_processor: decides itself what it does with it (PIPL Art. 23); abroad: outside the mainland (PIPL Art. 38)"
    )
    contract: Named | None = Field(None, description="Reference of the contract or agreement")
    begins: Day | None = Field(None, alias="from", description="First day on which it may be given anything")
    until: Day | None = Field(None, description="Last day on which it may be given anything")
    fields: tuple[str, ...] | None = Field(
        None, min_length=1, description="The fields that it may be given, in any form; all if not given"
    )
    has_keys: Literal["none", "all"] | tuple[KeyReference, ...] | None = Field(
        None,
        description="Which of the policy's keys it has: none, all, or these: keyring:NAME, env:NAME, file:PATH; for_recipient "
        "of its labels rests on this",
    )
    sub_processing: bool | None = Field(
        None, strict=True, description="Whether it may pass on what it does to others (转委托)"
    )
    inspections: tuple[Evidence, ...] = Field((), description="When it was inspected, and what shows it")
    returned: Evidence | None = Field(None, description="When it gave back what it had, and what shows it")
    deleted: Evidence | None = Field(None, description="When it deleted what it had, and what shows it")

    @model_validator(mode="after")
    def _agrees(self) -> "Recipient":
        if self.begins is not None and self.until is not None and self.until < self.begins:
            raise ValueError("until is before from")
        if self.role is RecipientRole.INTERNAL and self.has_keys is not None:
            raise ValueError("internal is a part of whoever has the keys; leave has_keys out")
        return self

    def period_problem(self, today: datetime.date) -> str | None:
        """Why it may be given nothing on a day; None if it may."""
        if self.begins is not None and today < self.begins:
            return f"its period begins on {self.begins}, and today is {today}"
        if self.until is not None and today > self.until:
            return f"its period was over on {self.until}, and today is {today}"
        return None

    def to_document(self) -> dict[str, Any]:
        """What the register and ``run.json`` hold of it: all but what it has of keys, and only what is said."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True, exclude={"has_keys"})
