"""Lists of sensitive values that a policy adds to those that come along. None of these can be taken away."""

from collections.abc import Mapping
from typing import Annotated, Any, cast

from pydantic import BeforeValidator, Field, StringConstraints

from beam_deid.transforms.label.options import Section
from beam_deid.transforms.policy.one_of import OneOf
from beam_deid.transforms.recognisers.categories.category import article, categories
from beam_deid.transforms.recognisers.categories.matching import Matcher
from beam_deid.transforms.recognisers.categories.sensitive_list import OWN_CHOICE, Terms, sensitive_lists

NamedCategory = Annotated[str, OneOf(categories())]
"""A category of personal information, by its name in ``configs/categories``."""

SENSITIVE_CATEGORIES = tuple(name for name in categories() if article(name))
"""Those of them that the law calls sensitive."""


class OwnList(Section):
    """A policy's own list: what a value contains to be on it."""

    values: tuple[Annotated[str, StringConstraints(min_length=2, strip_whitespace=True)], ...] = Field(
        min_length=1, description="What a value contains; read after normalization, and of at least two characters"
    )
    category: Annotated[str, OneOf(SENSITIVE_CATEGORIES)] | None = Field(
        None, description="Sensitive category of what is on it"
    )


def _values_alone(value: Any) -> Any:
    return {"values": value} if isinstance(value, list | tuple) else value


OwnLists = dict[
    Annotated[str, StringConstraints(pattern=r"^[^\W\d]\w{0,39}$")],
    Annotated[OwnList, BeforeValidator(_values_alone, json_schema_input_type=tuple[str, ...] | OwnList)],
]
"""A policy's own lists, by name; a name is told in labels."""


def matcher_of(own: Mapping[str, OwnList] | None) -> Matcher:
    """What tells values that are on a list: those that come along, then the policy's own."""
    lists: dict[str, Terms] = {name: one for name, one in sensitive_lists().items() if not one.recognisers}
    return Matcher(lists | {name: Terms(terms=one.values) for name, one in (own or {}).items()})


def category_of_list(name: str, own: Mapping[str, OwnList] | None) -> str | None:
    """The category of what is on a list; None where a policy does not say it of its own."""
    known = sensitive_lists().get(name)
    return known.category if known is not None else cast(Mapping[str, OwnList], own)[name].category


def article_of_list(name: str, own: Mapping[str, OwnList] | None) -> str:
    """By what the values of a list are sensitive."""
    return article(category_of_list(name, own)) or OWN_CHOICE
