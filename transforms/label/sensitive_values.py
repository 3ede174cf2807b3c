"""What a label tells of released values that are on a list of sensitive ones: how many, and how they spread over groups."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from beam_deid.transforms.label.scope import Scope


@dataclass(frozen=True)
class Spread:
    """How the values of a list spread over the persons of a release and over its groups.

    Groups are made by the columns that are not sensitive at all, for a sensitive one would tell its own values.

    Attributes:
        persons: Persons with such a value; records where nobody says whom they are about.
        share: The same as a share of all, from 0 to 1.
        groups: Groups in which anybody has one.
        largest: The greatest share of one group's persons who have one, from 0 to 1.
    """

    persons: int
    share: float
    groups: int
    largest: float


@dataclass(frozen=True)
class ListedValues:
    """Released values that are on one list of sensitive ones.

    Attributes:
        list: The list.
        category: The category of what is on it; None where a policy does not say it of its own list.
        article: By what such values are sensitive.
        fields: In which fields they are, and how many: distinct values, as far as they were held together. Of a field whose level
            is open its finest labels are meant.
        spread: How they spread over persons and groups; None where they are told by their form, or none is left.
    """

    list: str
    category: str | None
    article: str
    fields: Mapping[str, int]
    spread: Spread | None = None

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "ListedValues":
        """Read it from a label.

        Raises:
            KeyError, TypeError: It has another shape.
        """
        spread = document["spread"]
        return cls(**{**document, "spread": None if spread is None else Spread(**spread)})


def says_sensitive(scope: Scope, listed: Sequence[ListedValues]) -> bool:
    """Whether a release is sensitive: by the role or the category of a released column, or by what its values say."""
    by_category = any(facts.sensitive_by for facts in scope.fields.values())
    return bool(scope.sensitive) or by_category or bool(listed)
