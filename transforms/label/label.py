"""The label of a release, with everything that it rests on."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from beam_deid.transforms.label.change import Change
from beam_deid.transforms.label.documents import attributes
from beam_deid.transforms.label.environment import DeclaredEnvironment
from beam_deid.transforms.label.evidence import Attack, FieldFacts, Hit, Recovery, Test
from beam_deid.transforms.label.for_recipient import ForRecipient
from beam_deid.transforms.label.identity_facts import IdentityFacts
from beam_deid.transforms.label.register_facts import RegisterFacts
from beam_deid.transforms.label.scope import Knowledge, Scope
from beam_deid.transforms.label.search_facts import SearchFacts
from beam_deid.transforms.risk.combinations import Combination
from beam_deid.transforms.risk.history import History
from beam_deid.transforms.risk.measures.risk import Risk
from beam_deid.transforms.terms import LabelName


@dataclass(frozen=True, kw_only=True)
class Label:
    """The label of a release before files and records are known. Its attributes are called what ``label.json`` calls them.

    Attributes:
        label: The label.
        sensitive: Whether a sensitive column is released.
        grade: After GB/T 42460-2023, 1 to 4, as a reference value.
        tests: Every condition, and whether it holds.
        condition: Under what condition the label holds; empty where it is `still_personal`.
        changes: For every test that does not hold the nearest change that would make it hold.
        environment: The environment as declared, and the environment risk E that follows.
        attackers: Declared attackers, with what they know.
        limits: The limit of every test.
        identities: By what persons were counted, and what was found of each identity.
        risk: The figures of all measures; none where no record is released.
        attacks: Whom the release singles out by itself, and joins with what declared attackers hold.
        scan: Identifiers found in released values, hierarchy labels and column names.
        search: How levels were chosen that the policy left open.
        fields: How each field was released.
        asked: What the tests follow from; its document leaves out what stands elsewhere in the label's.
        history: The chance that points of a person's history single it out; empty where it does not matter.
        recoveries: Attacks on what fields still show of the values that they were made from.
        base_rates: Of each sensitive column the share of all persons who have its commonest value.
        register: What is known of releases that were given out before.
        combinations: Sets of columns, and how many persons each singles out; empty where the policy does not ask.
        contributions: Share of each column in singling people out; empty likewise.
        for_recipient: What the release is for its recipient; None, and not in the label, where the policy declares no recipients.
    """

    label: LabelName
    sensitive: bool
    grade: int
    tests: tuple[Test, ...]
    condition: str
    changes: tuple[Change, ...]
    environment: DeclaredEnvironment
    attackers: Mapping[str, Knowledge]
    limits: Mapping[str, float | None]
    identities: IdentityFacts
    risk: Risk
    attacks: tuple[Attack, ...]
    scan: tuple[Hit, ...]
    search: SearchFacts
    fields: Mapping[str, FieldFacts]
    asked: Scope
    history: tuple[History, ...]
    recoveries: tuple[Recovery, ...]
    base_rates: Mapping[str, float]
    register: RegisterFacts
    combinations: tuple[Combination, ...] = ()
    contributions: Mapping[str, float] = field(default_factory=dict)
    for_recipient: ForRecipient | None = None

    @property
    def failing(self) -> tuple[Test, ...]:
        """The tests that do not hold."""
        return tuple(test for test in self.tests if not test.passed)

    def to_document(self) -> dict[str, Any]:
        """The label as plain values, in the order in which ``label.json`` holds them."""
        return attributes(self, () if self.for_recipient else ("for_recipient",))
