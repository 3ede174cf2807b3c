"""The contract of a synthetic substitute: what stands in place of one kind of value."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from beam_deid.transforms.terms import Kind

if TYPE_CHECKING:
    from faker import Faker  # loading it takes longer than everything else that a plan needs


@dataclass(frozen=True)
class Substitute:
    """A kind of made-up values.

    Attributes:
        name: What a policy calls it, under ``of``.
        kind: The kind of field that it stands for where a policy does not say ``of``; None for none.
        draw: Draws one value from Faker.
    """

    name: str
    kind: Kind | None
    draw: Callable[["Faker"], str]
