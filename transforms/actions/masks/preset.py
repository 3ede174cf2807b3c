"""The contract of a mask preset: the usual mask of one kind of value."""

from abc import ABC, abstractmethod
from typing import ClassVar

import pyarrow as pa

from beam_deid.transforms.actions.action import Documented
from beam_deid.transforms.actions.addresses import Division
from beam_deid.transforms.recognisers.kinds.kind import Kind
from beam_deid.transforms.terms import Recoverability


class MaskPreset(ABC):
    """How platforms and Chinese practice mask one kind of value.

    A value without the shape of its kind is hidden whole: a mask made for a mobile number says nothing about what to keep of
    anything else. A kind whose `mask` names a preset is masked by it where a policy names no way of masking.
    """

    name: ClassVar[str]
    """What a policy calls it."""
    recoverability: ClassVar[Recoverability] = Recoverability.PARTIAL
    """How far what is left can be turned back."""
    documented: ClassVar[Documented | None] = None
    """Its own row in the table of actions in README.md, where it does something else than hide characters."""
    takes_division: ClassVar[bool] = False
    """Whether the option ``division`` goes with it."""

    @property
    def fits(self) -> str:
        """The fields that it fits, where it does not fit all: what is said to whoever applies it to another one."""
        return ""

    def of_kind(self, kind: Kind | None) -> "MaskPreset | None":
        """The preset for fields of a kind; None if it fits no such field."""
        return self

    @abstractmethod
    def mask(self, texts: pa.Array, char: str, division: Division | None = None) -> pa.Array:
        """The masked texts.

        Args:
            texts: Plain ``string`` array.
            char: What stands for a hidden character.
            division: The finest division to keep, where the preset takes one and a policy says it.

        Returns:
            An array as long. Null stays null, empty text empty.
        """

    def sentence(self, field: str, division: Division | None) -> str:
        """What happens to a field, in one sentence without a full stop."""
        name = self.name.replace("_", " ")
        return f"{field} is masked as an {name}" if name[0] in "aeiou" else f"{field} is masked as a {name}"
