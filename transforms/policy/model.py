"""The policy: fields with their roles, and releases. Frozen; nothing in it is code or a key."""

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import (
    BeforeValidator,
    Field,
    SerializeAsAny,
    model_validator,
)

from beam_deid.transforms.actions.action import Action, Target
from beam_deid.transforms.columns.reading import Reading
from beam_deid.transforms.crypto.reference import ReleaseKeyReference
from beam_deid.transforms.errors import UsageError
from beam_deid.transforms.formats import FORMATS
from beam_deid.transforms.formats.input_options import InputOptions
from beam_deid.transforms.formats.output_options import AS_USUAL, OutputOptions
from beam_deid.transforms.label.options import Closeness, PolicyOptions, Section, Share
from beam_deid.transforms.label.requirements import Options
from beam_deid.transforms.label.requirements.persons import LEAST_K
from beam_deid.transforms.label.scope import EACH_RECORD
from beam_deid.transforms.policy.accountability import ApprovedBy
from beam_deid.transforms.policy.adversary import Attacker, DigestAttack, Environment
from beam_deid.transforms.policy.consent import Consent
from beam_deid.transforms.policy.field_spec import FieldSpec, kind_of
from beam_deid.transforms.policy.nearest import instead
from beam_deid.transforms.policy.one_of import OneOf
from beam_deid.transforms.policy.parts import Parts
from beam_deid.transforms.policy.paths import NO_REGISTER
from beam_deid.transforms.policy.periods import Term
from beam_deid.transforms.policy.places import KeyPlaces, RegisterPlace
from beam_deid.transforms.policy.purposes import Permission, Purpose
from beam_deid.transforms.policy.recipients import Recipient
from beam_deid.transforms.policy.search_options import Search
from beam_deid.transforms.policy.sensitive_values import OwnLists
from beam_deid.transforms.policy.where import Where
from beam_deid.transforms.policy.written import read_action
from beam_deid.transforms.recognisers.kinds.free_text import FREE_TEXT
from beam_deid.transforms.recognisers.kinds.kind import TEXT_TYPE, Kind
from beam_deid.transforms.recognisers.kinds.text import TEXT
from beam_deid.transforms.recognisers.normal import PLAIN, Normal
from beam_deid.transforms.search.objectives import OBJECTIVES
from beam_deid.transforms.storage.paths import name_of
from beam_deid.transforms.terms import LabelName, Role, Sharing

Written = Annotated[str, OneOf(one.name for one in FORMATS if one.written)]


def _as_path(value: Any) -> Any:
    return {"path": value} if isinstance(value, str) else value


if TYPE_CHECKING:
    _Options: Any = PolicyOptions
else:
    _Options = Options


class Require(_Options):
    """What a release must reach to be ``anonymized``, beside what its sharing model asks. It can only ask for more."""

    suppression: Share = Field(0.0, description="Greatest share of records that may be suppressed to get there")

    def asked(self) -> PolicyOptions:
        """What the policy asks of the label: the requirements' options alone, and hierarchies without their folders."""
        given = {name: getattr(self, name) for name in Options.model_fields}
        given["t"] = {name: _without_folder(one) for name, one in given["t"].items()}
        return Options.model_construct(**given)


def _without_folder(asked: Closeness) -> Closeness:
    """What is asked of a field, with the name of a hierarchy file in place of its path."""
    if asked.hierarchy is None:
        return asked
    return asked.model_copy(update={"hierarchy": name_of(asked.hierarchy)})


class Release(Section):
    """One output dataset: fields with actions. A field that is not listed is not released."""

    purpose: str = Field(min_length=1, description="What the release is for")
    sharing: Sharing = Field(description="public, controlled or enclave")
    recipient: str | None = Field(
        None, min_length=1, description="To whom it is given; stands in the register, and in no label"
    )
    permitted_by: Permission | None = Field(
        None, description="Who permitted in writing what the platform's terms do not allow; stands in run.json"
    )
    expect: LabelName | None = Field(None, description="If the label differs nothing of this release is published")
    key: ReleaseKeyReference | None = Field(
        None,
        description="Key of this release's fields: keyring:NAME, env:NAME, file:PATH; or ephemeral: made for the run "
        "and destroyed when it is published",
    )
    fields: dict[str, Annotated[SerializeAsAny[Action], BeforeValidator(read_action)]] = Field(
        min_length=1, description="The fields that are released, each with its action"
    )
    where: Where = Field(
        default_factory=dict,
        description="Which records the release is about, by field: a value, values, {from:, to:} or {below:}, {null: false}",
    )
    consent: Consent | None = Field(
        None, description="The consent that persons must have given; records of others are withheld"
    )
    basis: str | None = Field(
        None,
        min_length=1,
        description="The legal basis on which the release rests, as a person states it; nobody checks it",
    )
    require: Require = Require()
    search: Search = Search()
    environment: Environment = Environment()
    attackers: dict[str, Attacker] = Field(default_factory=dict, description="Background knowledge to test against")
    history: tuple[str, ...] | None = Field(
        None, min_length=1, description="The released fields that make a point of a subject's history; all if not given"
    )
    combinations: int = Field(
        0,
        ge=0,
        le=8,
        strict=True,
        description="Most attributes of a set whose harm is told: whom it singles out, and each attribute's share; 0 for none",
    )
    digests: DigestAttack = DigestAttack()
    frequencies: dict[str, Annotated[str, Field(min_length=1)]] = Field(
        default_factory=dict,
        description="How often a field's values occur in the population, which its tokens are matched to: path of a table "
        "with a column called as the field, and count or share",
    )
    retain: Term | None = Field(
        None, description="How long it may be kept from the run on: 90 days, P1Y; or until when: 2027-01-01"
    )
    review: Term | None = Field(
        None, description="After how long, or by when, it is to be looked at again; after a year if not given"
    )
    approver: ApprovedBy | None = Field(
        None, description="Who approved it: a name, or name, at and reference; stands in run.json, and in no label"
    )
    format: Annotated[str, OneOf(one.name for one in FORMATS if one.written)] = Field(
        "parquet", description="Format of the files written"
    )
    parts: Parts | None = Field(
        None,
        description="How large the parts are; as large as the pieces that the input is read in if not given",
    )

    spreadsheet: OutputOptions | None = Field(
        None,
        description="What is done for whoever opens the files in a spreadsheet; formulas are neutralized if not given",
    )

    @model_validator(mode="after")
    def _format_can(self) -> "Release":
        known = next(one for one in FORMATS if one.name == self.format)
        if known.most_rows is not None and self.parts is not None and self.parts.rows > known.most_rows:
            raise ValueError(f"parts.rows: a file of {self.format} has {known.most_rows:,} rows at most")
        if self.spreadsheet is not None and not known.notation.is_opened_as_text:
            raise ValueError(f"spreadsheet is for csv, and format says {self.format}; leave it out")
        return self

    @property
    def output(self) -> OutputOptions:
        """How files are written, beyond their format."""
        return self.spreadsheet or AS_USUAL

    @property
    def k(self) -> int:
        """The number of persons that every group must have: the policy's, or the sharing model's where that is larger."""
        return max(self.require.k or 0, LEAST_K[self.sharing])


def _number_one(value: Any) -> Any:
    # Python takes True and 1.0 for 1.
    if type(value) is not int or value != 1:
        raise ValueError("must be 1, without quotes: the version of the policy's form")
    return value


class Policy(Section):
    """A whole policy. Built by `beam_deid.transforms.policy.reader`, which also makes the cross-checks."""

    version: Annotated[Literal[1], BeforeValidator(_number_one)] = Field(description="Version of the policy's form")
    dataset: str = Field(min_length=1, description="Name of the dataset")
    subject: str | None = Field(
        None, description="The field that says whom a record is about; each_record: every record counts as one person"
    )
    record: str | None = Field(
        None,
        description="The field that tells a record from all others, such as an order number, by which it is known again in "
        "later runs; all columns together if not given",
    )
    fields: dict[str, FieldSpec] = Field(min_length=1, description="Every column of the input, with its role")
    platform: str | None = Field(
        None, description="Whose orders these are, so that its terms are checked: configs/platforms"
    )
    purposes: dict[str, Purpose] | None = Field(
        None, min_length=1, description="What releases may be for, by name; free text if not given"
    )
    recipients: dict[str, Recipient] | None = Field(
        None, min_length=1, description="To whom releases may be given, by name; free text if not given"
    )
    keys: KeyPlaces | None = None
    kept: Annotated[RegisterPlace, BeforeValidator(_as_path, json_schema_input_type=str | RegisterPlace)] = Field(
        RegisterPlace(),
        alias="register",  # the attribute of that name is Python's own
        description="What remembers which releases were given out, so that a new one is tested together with them",
    )
    sign: Literal["keyring"] | None = Field(
        None, description="keyring: the labels are signed with the signing key of the policy's keyring"
    )
    input: InputOptions = InputOptions()
    same: dict[str, dict[str, tuple[str, ...]]] = Field(
        default_factory=dict,
        description="Values of a sensitive field that mean the same: {category: {antivirals: [antiviral drug, 抗病毒药]}}",
    )
    sensitive_values: OwnLists | None = Field(
        None,
        description="Lists of values that are sensitive, beside those that come along: {ward: [dialysis, 透析]}",
    )
    releases: dict[str, Release] = Field(min_length=1, description="The output datasets, by name")

    def with_search(self, release: str, objective: str | None, k: int | None) -> "Policy":
        """The same policy with another objective of a release's search, and another k; None leaves either as it is.

        Raises:
            UsageError: There is no such release, or no such objective.
        """
        if release not in self.releases:
            raise UsageError(f"the policy has no release {release}", "--release", instead(release, self.releases))
        spec = self.releases[release]
        try:
            search = Search.model_validate(
                {**spec.search.model_dump(), **({"objective": objective} if objective else {})}
            )
        except ValueError:
            known = f"There are: {', '.join(OBJECTIVES)}"
            raise UsageError(f"there is no objective {objective}", "--objective", known) from None
        require = spec.require.model_copy(update={"k": k}) if k else spec.require
        changed = spec.model_copy(update={"search": search, "require": require})
        return self.model_copy(update={"releases": {**self.releases, release: changed}})

    def without_register(self) -> "Policy":
        """The same policy, of whose releases nothing is remembered."""
        return self.model_copy(update={"kept": RegisterPlace(path=NO_REGISTER)})

    @property
    def subject_field(self) -> str | None:
        """The field that says whom a record is about; None where none does."""
        return None if self.subject == EACH_RECORD else self.subject

    def target(self, release: str, field: str) -> Target:
        """The field as an action sees it."""
        return Target(
            release, field, self.kind(field), self.releases[release].key, self.dataset, self.recipient_name(release)
        )

    def recipient_of(self, release: str) -> Recipient | None:
        """The declared recipient of a release; None where none is named, or none are declared."""
        return (self.recipients or {}).get(self.releases[release].recipient or "")

    def recipient_name(self, release: str) -> str:
        """What the policy calls the declared recipient of a release; empty where there is none."""
        return "" if self.recipient_of(release) is None else str(self.releases[release].recipient)

    def kind(self, field: str) -> Kind | None:
        """The field's kind: as declared, or as the actions on it want it; None if neither says."""
        actions = (release.fields.get(field) for release in self.releases.values())
        return kind_of(self.fields[field], actions)

    @property
    def _told_apart_by(self) -> tuple[str | None, ...]:
        """The fields by which persons and records are told apart, whatever their roles."""
        return self.subject, self.record

    def normal(self, field: str) -> Normal | None:
        """How the spellings of one identifier become one before a key is used; None where values stay as they are."""
        spec = self.fields[field]
        kind = self.kind(field)
        if not spec.normalize:
            return None
        if kind is not None and kind is not TEXT:
            return kind.normal
        return PLAIN if spec.has(Role.DIRECT) or field in self._told_apart_by else None

    def reading(self, field: str, of_spreadsheets: bool = False) -> Reading:
        """How the field's values are read.

        Args:
            field: The field.
            of_spreadsheets: Whether they are from a file that spreadsheets write.
        """
        spec = self.fields[field]
        kind = self.kind(field)
        written = self.input
        is_text = kind is None or kind.arrow == TEXT_TYPE
        names = field in self._told_apart_by or spec.has(Role.DIRECT) or (kind is not None and kind.identifies)
        identifies = is_text and names and kind is not FREE_TEXT
        is_shared = kind is not None and kind.shared
        return Reading(
            kind=kind,
            dress=written.dress(of_spreadsheets, identifies and not is_shared),
            identifies=identifies,
            nulls=written.nulls,
            decimal=written.decimal,
            thousands=written.thousands,
            currency=written.currency,
            formats=spec.format,
            timezone=spec.timezone or written.timezone,
            decimals=spec.decimals,
        )
