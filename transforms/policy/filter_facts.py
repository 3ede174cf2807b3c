"""What the choice of a release's records tells of everybody in it: by its row filter, and by the consent that it needs."""

import pyarrow as pa

from beam_deid.transforms.label.scope import CONSENT, FilterFacts
from beam_deid.transforms.policy.consent import Consent
from beam_deid.transforms.policy.model import Policy
from beam_deid.transforms.policy.sensitive_values import matcher_of
from beam_deid.transforms.policy.under_age import asks_for_under_14
from beam_deid.transforms.policy.where import Condition
from beam_deid.transforms.recognisers.categories.by_name import category_by_name
from beam_deid.transforms.recognisers.column_names import normal
from beam_deid.transforms.recognisers.identity import IDENTIFYING
from beam_deid.transforms.terms import Role


def filter_facts(policy: Policy, release: str, at: str) -> dict[str, FilterFacts]:
    """What is known of everything by which the records of a release are chosen.

    Args:
        policy: The policy.
        release: The release.
        at: When the release is measured, ISO 8601: who is under 14 depends on it.

    Returns:
        The fields that it names under ``where``, and `CONSENT` where records of those who have not consented are withheld.
    """
    spec = policy.releases[release]
    found = {name: _of_field(policy, name, condition, at) for name, condition in spec.where.items()}
    if spec.consent is not None:
        field = found.get(CONSENT, FilterFacts((), names_a_person=False))
        sensitive = _says_sensitive(policy, _asked_of_the_ledger(spec.consent, spec.purpose))
        found[CONSENT] = _with_sensitive(field) if sensitive else field
    return found


def _of_field(policy: Policy, name: str, condition: Condition, at: str) -> FilterFacts:
    """What is known of a field. Its kind overrides its role, and so do its name and the values that are asked for."""
    spec = policy.fields[name]
    identifies = spec.has(Role.DIRECT) or policy.kind(name) in IDENTIFYING or name in (policy.subject, policy.record)
    facts = FilterFacts(tuple(str(role) for role in spec.role), identifies)
    texts = [name, normal(name).replace("_", " ")]
    texts += [value for value in condition.any or () if isinstance(value, str)]
    sensitive = (
        _says_sensitive(policy, texts)
        or category_by_name(name, policy.kind(name)) is not None
        or asks_for_under_14(policy, name, condition, at)
    )
    return _with_sensitive(facts) if sensitive else facts


def _asked_of_the_ledger(consent: Consent, purpose: str) -> list[str]:
    return [consent.purpose or purpose, *([consent.scope] if consent.scope is not None else [])]


def _says_sensitive(policy: Policy, texts: list[str]) -> bool:
    """Whether any of some texts is on a list of sensitive values."""
    return bool(matcher_of(policy.sensitive_values).bits(pa.array(texts, pa.string())).any())


def _with_sensitive(facts: FilterFacts) -> FilterFacts:
    if Role.SENSITIVE in facts.role:
        return facts
    return FilterFacts((*facts.role, str(Role.SENSITIVE)), facts.names_a_person)
