"""What a policy may write under ``require``: the types of its options. Which there are, the requirements say."""

import re
from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

T = TypeVar("T")

# Strict: true and "5" are no numbers here.
Share = Annotated[float, Field(strict=True, ge=0, le=1, allow_inf_nan=False)]
Count = Annotated[int, Field(strict=True, ge=1)]
Positive = Annotated[float, Field(strict=True, gt=0, allow_inf_nan=False)]


DIALECT = "https://json-schema.org/draft/2020-12/schema"
DEFINITIONS = "#/$defs/{model}"
"""Where a JSON Schema that is made here keeps the models of its parts."""


class Section(BaseModel):
    """A part of a policy: immutable, and without unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Closeness(Section):
    """How close a sensitive field's distribution in each class must be to the release's."""

    max: Share = Field(description="Greatest distance t")
    distance: Literal["equal", "ordered", "hierarchical"] = Field(
        "equal",
        description="equal: all values are equally far apart; ordered: numbers, dates and times; or by a hierarchy",
    )
    hierarchy: str | None = Field(
        None, min_length=1, description="The hierarchy: cn_divisions, cn_districts, or the path of a hierarchy file"
    )

    @model_validator(mode="after")
    def _hierarchy_if_hierarchical(self) -> "Closeness":
        if (self.distance == "hierarchical") != (self.hierarchy is not None):
            raise ValueError("a hierarchical distance needs a hierarchy, and the others have none")
        return self


class Diversity(Section):
    """How diverse a sensitive field must be in each class."""

    distinct: Count | None = Field(
        None, description="Least number of distinct values; 2 at least for any sensitive field"
    )
    entropy: Positive | None = Field(
        None, description="Least entropy, as the number of equally likely values that have it"
    )
    recursive: tuple[Positive, Annotated[int, Field(strict=True, ge=2)]] | None = Field(
        None,
        description="[c, l]: the commonest value has fewer persons than c times those of the l-th commonest and rarer ones",
    )

    @model_validator(mode="after")
    def _something(self) -> "Diversity":
        if self.distinct is None and self.entropy is None and self.recursive is None:
            raise ValueError("say distinct, entropy or recursive")
        return self


class Likeness(Section):
    """How much likelier a value of a sensitive field may be in a class than in the whole release."""

    max: Positive = Field(description="Greatest relative gain β")
    kind: Literal["basic", "enhanced"] = Field(
        "basic", description="enhanced: for rare values no more than −ln of their share"
    )


def _as_max(value: Any) -> Any:
    return {"max": value} if isinstance(value, float | int) and not isinstance(value, bool) else value


def _as_distinct(value: Any) -> Any:
    return {"distinct": value} if isinstance(value, int) and not isinstance(value, bool) else value


Closenesses = dict[str, Annotated[Closeness, BeforeValidator(_as_max, json_schema_input_type=Share | Closeness)]]
Diversities = dict[str, Annotated[Diversity, BeforeValidator(_as_distinct, json_schema_input_type=Count | Diversity)]]
Likenesses = dict[str, Annotated[Likeness, BeforeValidator(_as_max, json_schema_input_type=Positive | Likeness)]]


class PolicyOptions(Section):
    """What a policy writes under ``require``. The model with every requirement's option is made of it."""

    def names(self, field: str) -> bool:
        """Whether any option says something of a field."""
        return any(isinstance(value, dict) and field in value for _, value in self)

    def to_document(self) -> dict[str, Any]:
        """Write it as plain values: only what the policy says, in the order of the requirements."""
        document = self.model_dump(mode="json", exclude_none=True)
        return {name: value for name, value in document.items() if value != {}}


class Option(Generic[T]):
    """An option of a policy: what it is called under ``require``, what it holds, and what it is for.

    It is also the one way to what a policy says under that name: `of`, and `of_field` where it is said for each field.

    Args:
        name: Its name.
        holds: Its type; a mapping where it is said for each field.
        description: What it is for, in one sentence.

    Attributes:
        by_field: Whether it is said for each field.
        schema: Type and default, as `pydantic.create_model` takes them.
    """

    def __init__(self, name: str, holds: Any, description: str) -> None:
        self.name = name
        self.description = description
        self.by_field = getattr(holds, "__origin__", None) is dict
        self.schema: tuple[Any, Any] = (
            (holds, Field(default_factory=dict, description=description))
            if self.by_field
            else (holds | None, Field(None, description=description))
        )

    def of(self, asked: PolicyOptions) -> T | None:
        """What a policy says; None where it says nothing."""
        found: T | None = getattr(asked, self.name)
        return found

    def of_field(self, asked: PolicyOptions, field: str) -> T | None:
        """What a policy says of one field; None where it says nothing of it, or the option is not said for each field."""
        if not self.by_field:
            return None
        found: T | None = getattr(asked, self.name).get(field)
        return found


def schema_of(model: type[BaseModel]) -> dict[str, Any]:
    """The JSON Schema of a model, with the models of its parts under ``$defs``."""
    schema: dict[str, Any] = _tidy(model.model_json_schema(ref_template=DEFINITIONS))
    return schema


def _tidy(value: Any, *, of_names: bool = False) -> Any:
    """Without pydantic's titles, which say nothing new, and with each docstring's first paragraph only."""
    if isinstance(value, list):
        return [_tidy(one) for one in value]
    if not isinstance(value, dict):
        return value
    named = ("properties", "$defs")
    kept = {k: _tidy(one, of_names=k in named) for k, one in value.items() if of_names or k != "title"}
    if not of_names and isinstance(kept.get("description"), str):
        kept["description"] = _first_paragraph(kept["description"])
    return kept


def _first_paragraph(text: str) -> str:
    # Editors show Markdown code in single backticks.
    return re.sub(r"\s+", " ", text.strip().split("\n\n")[0]).replace("``", "`")
