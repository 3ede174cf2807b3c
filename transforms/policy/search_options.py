"""How levels that a policy leaves open are chosen."""

from typing import Annotated

from pydantic import Field

from beam_deid.transforms.label.options import Positive, Section
from beam_deid.transforms.policy.one_of import OneOf
from beam_deid.transforms.search.objectives import OBJECTIVES


class Search(Section):
    """How levels that the policy leaves open are chosen."""

    objective: Annotated[str, OneOf(OBJECTIVES)] = Field(
        next(iter(OBJECTIVES)), description="What is made least; loss is Iyengar's, from 0 to 1"
    )
    weights: dict[str, Positive] = Field(
        default_factory=dict, description="What losing a field costs beside the others, 1 where nothing is said"
    )
    rounds: int = Field(
        0,
        ge=0,
        le=20,
        strict=True,
        description="How often records that would be suppressed get another chance, at levels of their own (local recoding)",
    )
    seconds: Positive | None = Field(
        None,
        description="Longest time for a lattice of more than ten million nodes; results then depend on the machine",
    )
