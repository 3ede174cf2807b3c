"""The contract of a synthetic substitute: what stands in place of one kind of value."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from faker import Faker  # loading it takes longer than everything else that a plan needs


@dataclass(frozen=True)
class Substitute:
    """A kind of made-up values; a kind of field whose `surrogate` names it has it where a policy does not say ``of``.

    Attributes:
        name: What a policy calls it, under ``of``.
        draw: Draws one value from Faker.
    """

    name: str
    draw: Callable[["Faker"], str]
