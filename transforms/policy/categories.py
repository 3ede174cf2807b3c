"""The category of personal information of each field, and what it makes of the field's role: stricter, never laxer."""

from collections.abc import Iterable, Mapping
from functools import lru_cache

from beam_deid.transforms.policy.field_spec import FieldSpec
from beam_deid.transforms.policy.model import Policy
from beam_deid.transforms.policy.roles import recoverability
from beam_deid.transforms.recognisers.categories.category import article
from beam_deid.transforms.recognisers.platforms.catalogue import platforms
from beam_deid.transforms.recognisers.platforms.tables import by_names
from beam_deid.transforms.terms import Recoverability, Role


def category_of(policy: Policy, field: str) -> str | None:
    """The category of a field: as declared, else that of its platform's field, else that of its kind; None if nothing says.

    What is sensitive stays so: a declared category that is general counts only where nothing else is said to be sensitive.
    """
    kind = policy.kind(field)
    given = policy.fields[field].category
    own = (platform_categories(tuple(policy.fields)).get(field), None if kind is None else kind.category)
    said = [one for one in (given, *own) if one is not None]
    return next((one for one in said if article(one)), said[0] if said else None)


@lru_cache(maxsize=8)
def platform_categories(names: tuple[str, ...]) -> Mapping[str, str]:
    """The categories of columns that a platform's file knows, by column; the platform is told by all names together."""
    best = next(iter(by_names(names)), None)
    if best is None:
        return {}
    where = platforms()[best]
    known = {name: where.fields[field] for name in names if (field := where.field_of(name)) is not None}
    found = {name: one.category or (one.kind.category if one.kind else None) for name, one in known.items()}
    return {name: category for name, category in found.items() if category is not None}


def with_categories(policy: Policy) -> Policy:
    """The policy with the role sensitive for each field whose category is, whatever the policy says of it."""
    return with_sensitive(policy, [name for name in policy.fields if article(category_of(policy, name))])


def with_sensitive(policy: Policy, fields: Iterable[str]) -> Policy:
    """The policy with the role sensitive for some fields as well.

    A field that was insensitive counts as a quasi-identifier, too: it stays in the groups that it was in. A direct identifier
    stays one, and is sensitive as well where a release generalizes it: of a bank card that may leave the bank.
    """
    changed = {name: spec for name in fields if (spec := _stricter(policy, name)) is not policy.fields[name]}
    return policy.model_copy(update={"fields": {**policy.fields, **changed}}) if changed else policy


def _stricter(policy: Policy, name: str) -> FieldSpec:
    """A field with the role sensitive as well; a direct identifier alone where a release generalizes it."""
    spec = policy.fields[name]
    if spec.has(Role.SENSITIVE):
        return spec
    if not spec.has(Role.DIRECT):
        return spec.model_copy(update={"role": (Role.QUASI, Role.SENSITIVE)})
    if all(recoverability(policy, release, name) is not Recoverability.GENERALIZED for release in policy.releases):
        return spec
    return spec.model_copy(update={"role": (Role.DIRECT, Role.SENSITIVE)})
