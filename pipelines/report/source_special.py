"""Which fields of a source are known to be sensitive, by the policy's text: those that no release has among them."""

from collections.abc import Iterator, Mapping
from typing import Any

from beam_deid.pipelines.report.policy_text import part, read_text
from beam_deid.transforms.policy.categories import platform_categories
from beam_deid.transforms.recognisers.categories.category import categories
from beam_deid.transforms.recognisers.kinds import kind_named
from beam_deid.transforms.terms import Role


def sensitive_in_source(text: str | None) -> tuple[str, ...]:
    """The fields that are sensitive by their role or by a category, of several tables as TABLE.FIELD.

    Args:
        text: The policy; nothing is told where it was not kept.
    """
    document = read_text(text)
    tables = part(document, "tables")
    if not isinstance(tables, dict):
        return tuple(_sensitive(part(document, "fields")))
    return tuple(f"{table}.{name}" for table, one in tables.items() for name in _sensitive(part(one, "fields")))


def _sensitive(fields: Any) -> Iterator[str]:
    if not isinstance(fields, dict):
        return
    platform = platform_categories(tuple(map(str, fields)))
    for name, said in fields.items():
        spec = said if isinstance(said, dict) else {}
        if _has_role(spec) or any(map(_is_sensitive, (spec.get("category"), _of_kind(spec), platform.get(str(name))))):
            yield str(name)


def _has_role(spec: Mapping[str, Any]) -> bool:
    said = spec.get("role")
    return Role.SENSITIVE in (said if isinstance(said, list) else [said])


def _of_kind(spec: Mapping[str, Any]) -> str | None:
    """The category of a field's kind; None where it has none that this version knows."""
    try:
        return kind_named(str(spec.get("kind"))).category
    except KeyError:
        return None


def _is_sensitive(category: Any) -> bool:
    known = categories().get(category) if isinstance(category, str) else None
    return known is not None and bool(known.sensitive)
