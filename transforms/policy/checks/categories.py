"""Categories of personal information, and lists of sensitive values."""

from collections.abc import Iterator

from beam_deid.transforms.policy.categories import platform_categories
from beam_deid.transforms.policy.draft import Draft
from beam_deid.transforms.policy.field_spec import FieldSpec, kind_of
from beam_deid.transforms.policy.nearest import bare
from beam_deid.transforms.policy.yaml_nodes import Problem
from beam_deid.transforms.recognisers.categories.category import article
from beam_deid.transforms.recognisers.categories.matching import MOST_LISTS
from beam_deid.transforms.recognisers.categories.sensitive_list import sensitive_lists
from beam_deid.transforms.terms import Role


def category_problems(draft: Draft) -> Iterator[Problem]:
    """Categories that would make a field less sensitive than it is, and lists that have the name of another."""
    own = platform_categories(tuple(draft.fields))
    for field, spec in draft.fields.items():
        if spec is not None:
            yield from _laxer(draft, field, spec, own.get(field))
    yield from _lists(draft)


def is_sensitive(draft: Draft, field: str) -> bool:
    """Whether a field, which can be read, is sensitive by its role or by its category."""
    spec = draft.fields[field]
    assert spec is not None  # noqa: S101 - who asks has looked
    kind = kind_of(spec, (action for _, action in draft.actions_on(field)))
    said = (spec.category, platform_categories(tuple(draft.fields)).get(field), None if kind is None else kind.category)
    return spec.has(Role.SENSITIVE) or any(map(article, said))


def _laxer(draft: Draft, field: str, spec: FieldSpec, platform: str | None) -> Iterator[Problem]:
    if spec.category is None or article(spec.category):
        return
    kind = kind_of(spec, (action for _, action in draft.actions_on(field)))
    for whose, category in (("its platform", platform), (f"its kind {kind}", None if kind is None else kind.category)):
        law = article(category)
        if law:
            what = f"{whose} makes it {category}, which is sensitive ({law}); a category cannot make a field less sensitive"
            yield Problem(("fields", field, "category"), f"{what}; leave it out, or write {category}")


def _lists(draft: Draft) -> Iterator[Problem]:
    lists = draft.raw.get("sensitive_values")
    names = lists if isinstance(lists, dict) else {}
    for name in names:
        if name in sensitive_lists():
            what = f"a list {bare(name)} comes along and holds anyway; give yours another name, it adds to that one"
            yield Problem(("sensitive_values", name), what)
    if len(names) + len(sensitive_lists()) > MOST_LISTS:
        most = MOST_LISTS - len(sensitive_lists())
        yield Problem(("sensitive_values",), f"more than {most} lists; put some of them together")
