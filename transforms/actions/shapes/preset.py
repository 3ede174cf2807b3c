"""The contract of an FPE preset: a shape by its name; kinds of fields say which is theirs."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from beam_deid.transforms.actions.shapes.shape import Shape


@dataclass(frozen=True)
class ShapePreset:
    """A shape by name.

    Attributes:
        name: What a policy calls it.
        make: Makes the shape under a key, with those of its options that a policy gives.
        sentence: What a value becomes, for a person to read.
        takes: Those of its options that ``fpe`` has for all shapes, such as ``keep_first``.
        dialled: Whether its values are telephone numbers.
        adds: The options that it adds to ``fpe``, each None where a policy does not say it.
    """

    name: str
    make: Callable[..., Shape]
    sentence: str
    takes: tuple[str, ...] = ()
    dialled: bool = False
    adds: type[BaseModel] | None = None

    @property
    def options(self) -> tuple[str, ...]:
        """The names of all its options."""
        added: Mapping[str, Any] = {} if self.adds is None else self.adds.model_fields
        return (*self.takes, *added)
