"""The record of a processing as JSON: its shape, of which its JSON Schema is made."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class _Shape(BaseModel):
    """A part of a record: every key is there, and no other one."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class InBoth(_Shape):
    """A text in both languages."""

    en: str = Field(description="In English")
    zh: str = Field(description="In Chinese")


class ToFillIn(_Shape):
    """What only a person can add."""

    at: str = Field(
        description="Where it belongs: a JSON Pointer into this record, of a value that is null or incomplete"
    )
    law: str = Field(description="The article that asks for it")
    question: InBoth = Field(description="What is to be written")


class File(_Shape):
    """A file that was read."""

    name: str = Field(description="Its name, without its folder")
    size: int = Field(ge=0, description="Bytes")
    sha256: str = Field(description="SHA-256 of its bytes, in hex")


class Persons(_Shape):
    """Distinct persons whose records were read."""

    subject: str = Field(description="The field that they were counted by")
    persons: int = Field(ge=0, description="Each once")
    sensitive: int | None = Field(description="Those with sensitive personal information; null where no field tells")
    under_14: int | None = Field(description="Those under 14; null where no field tells")


class Source(_Shape):
    """What was processed."""

    files: tuple[File, ...] = Field(description="The input files")
    records: int | None = Field(description="Records that were read")
    persons: tuple[Persons, ...] = Field(description="Persons of each table; empty where nobody counted them")
    collected: None = Field(None, description="How, from whom and since when it was collected: for a person to write")


class Systems(_Shape):
    """The systems and persons that took part."""

    engine: str | None = Field(description="What carried out the run")
    versions: dict[str, str] = Field(description="Software, by name")
    operator: dict[str, str | None] | None = Field(
        description="Who started the run, with login and host; null where nobody says"
    )
    keyring: str | None = Field(description="Id of the keyring; null where keys come from none")
    register_id: str | None = Field(description="Id of the register of what was given out; null where none is kept")


class Kind(_Shape):
    """A kind of personal information."""

    category: str | None = Field(description="Its key in configs/categories; null where nobody says a category")
    title: InBoth = Field(description="What it is called")
    group: str | None = Field(description="Its group in GB/T 35273-2020, Annex A")
    sensitive_by: str | None = Field(description="The article that makes it sensitive; null where it is general")
    fields: tuple[str, ...] = Field(description="The released fields of this kind")


class Measure(_Shape):
    """What was done with a field before it was released."""

    field: str = Field(description="The field")
    role: tuple[str, ...] = Field(description="Its roles")
    action: str = Field(description="The action")
    recoverability: str = Field(description="How far it can be turned back")
    told: str = Field(description="The same in a sentence")


class Receiver(_Shape):
    """To whom it is given, as the policy declares it."""

    name: str = Field(description="Its name")
    role: str | None = Field(description="What it is in law; null where nobody says it")
    contract: str | None = Field(description="Reference of the contract")
    begins: str | None = Field(alias="from", description="First day on which it may be given anything")
    until: str | None = Field(description="Last day on which it may be given anything")
    fields: tuple[str, ...] | None = Field(description="The fields that it may be given; null for all")
    sub_processing: bool | None = Field(description="Whether it may pass the work on; null where nobody says it")
    supervision: tuple[dict[str, str], ...] = Field(description="Inspections: when, and what shows it")
    returned: dict[str, str] | None = Field(description="When it gave back what it had, and what shows it")
    deleted: dict[str, str] | None = Field(description="When it deleted what it had, and what shows it")


class Quantities(_Shape):
    """How much a release holds."""

    read: int = Field(ge=0, description="Records read")
    released: int = Field(ge=0, description="Records released")
    suppressed: int = Field(ge=0, description="Records left out so that nobody is singled out")
    withheld: int = Field(ge=0, description="Records that the release is not about, or may not hold")
    rejected: int = Field(ge=0, description="Records with a value that could not be treated")
    persons: int | None = Field(description="Persons in the release; null where nobody was counted")


class Period(_Shape):
    """From when and until when."""

    assessed_at: str | None = Field(description="When it was measured")
    review_by: str | None = Field(description="The day by which it is to be looked at again")
    retain_until: str | None = Field(description="The last day on which it may be kept; null where nobody says it")


class Processing(_Shape):
    """One release: one processing of personal information."""

    release: str = Field(description="Its name")
    published: bool | None = Field(description="Whether it was published; null where no run says it")
    purpose: str = Field(description="What it is for")
    scene: Literal["entrusted", "provided", "public", "abroad", "internal"] | None = Field(
        description="How it leaves, by the recipient's role and the sharing model; null where neither says it"
    )
    ground: dict[str, Any] | None = Field(description="What it rests on, as policy and ledger say")
    label: str = Field(description="anonymized or still_personal: within the tests that were made")
    sensitive: bool = Field(description="Whether a field or a value is sensitive")
    grade: int | None = Field(description="After GB/T 42460-2023, a reference value")
    kinds: tuple[Kind, ...] = Field(description="Kinds of personal information that it comes from")
    quantities: Quantities = Field(description="How much it holds")
    recipient: Receiver | None = Field(description="To whom it is given; null where nobody says it")
    method: str = Field(description="The sharing model: public, controlled or enclave")
    measures: tuple[Measure, ...] = Field(description="What was done with each field")
    period: Period = Field(description="From when and until when")
    approver: dict[str, str | None] | None = Field(description="Who approved it")
    consent: dict[str, Any] | None = Field(description="What is known of the consent that it rests on")


class Record(_Shape):
    """The record of a processing (PIPL Art. 55)."""

    schema_version: Literal[1] = Field(1, description="Version of this form")
    document: Literal["record_of_processing"] = Field("record_of_processing", description="What this is")
    state: Literal["draft"] = Field("draft", description="A draft: a person completes it, and answers for it")
    dataset: str | None = Field(description="Name of the dataset")
    run: str | None = Field(description="The run, in hex")
    policy_sha256: str | None = Field(description="Hash of the policy")
    started_at: str | None = Field(description="When the processing began")
    finished_at: str | None = Field(description="When it was over")
    kept_until: str = Field(description="The day until which this record is kept at least (PIPL Art. 56)")
    source: Source = Field(description="What was processed")
    systems: Systems = Field(description="What took part")
    processings: tuple[Processing, ...] = Field(description="The releases")
    to_be_filled_in: tuple[ToFillIn, ...] = Field(description="What only a person can add")
