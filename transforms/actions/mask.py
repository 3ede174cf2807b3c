"""mask: a part of the value hidden behind asterisks."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, ClassVar, Literal

import pyarrow as pa
from pydantic import ConfigDict, Field, field_validator, model_validator

from beam_deid.transforms.actions.action import Action, Bound, Documented, KeySource, Target, Treated, names_of
from beam_deid.transforms.actions.addresses import Division
from beam_deid.transforms.actions.masks.characters import hide_after, hide_before, hide_between, keep_ends
from beam_deid.transforms.actions.masks.preset import MaskPreset
from beam_deid.transforms.actions.masks.presets import PRESETS
from beam_deid.transforms.actions.masks.waybill_rule import between, shown_beyond_waybill
from beam_deid.transforms.columns.canonical_text import canonical_text
from beam_deid.transforms.columns.distinct import per_value
from beam_deid.transforms.errors import UsageError
from beam_deid.transforms.terms import Recoverability

if TYPE_CHECKING:
    Preset = str
else:
    Preset = Literal[tuple(PRESETS)]


_STRAY_DIVISION = "division goes with preset: address only"


class Mask(Action):
    """Hide a part of the value. What stays visible still says something: it counts as a quasi-identifier.

    One way of masking: ``keep_first`` and ``keep_last``; ``from`` and ``to``; ``before``; ``after``; or a preset,
    which the field's kind implies where nothing is said. Characters are Unicode code points and are counted from 1,
    first and last included. A value too short to keep what is kept, or without the mark or the shape that the mask
    speaks of, is hidden whole. Null stays null, empty text empty. The address preset does not mask but generalizes,
    to a division.
    """

    model_config = ConfigDict(populate_by_name=True)

    name: ClassVar[str] = "mask"
    documented: ClassVar[tuple[Documented, ...]] = (
        Documented(
            "mask",
            "hides characters: `keep_first`, `keep_last`, `from`/`to`, `before`, `after`, or the `preset` of a kind of "
            f"identifier: {names_of(one for one in PRESETS.values() if one.documented is None)}",
            "`partial`",
            "not for a direct identifier; else tested as a quasi-identifier",
        ),
        *(one.documented for one in PRESETS.values() if one.documented is not None),
    )

    keep_first: int | None = Field(None, ge=0, description="First characters that stay")
    keep_last: int | None = Field(None, ge=0, description="Last characters that stay")
    from_: int | None = Field(None, alias="from", ge=1, description="First character that is hidden, counted from 1")
    to: int | None = Field(None, ge=1, description="Last character that is hidden, counted from 1")
    before: str | None = Field(None, min_length=1, description="What stands before the first of this is hidden")
    after: str | None = Field(None, min_length=1, description="What stands after the first of this is hidden")
    preset: Preset | None = Field(None, description="The usual mask of a kind of value")
    division: Division | None = Field(
        None, description="With preset address: the finest division kept; city if not given"
    )
    char: str = Field("*", description="What stands for a hidden character")

    @field_validator("char")
    @classmethod
    def _one_character(cls, char: str) -> str:
        if len(char) != 1 or not char.isprintable():
            raise ValueError("char must be one printable character")
        return char

    @model_validator(mode="after")
    def _one_way(self) -> "Mask":
        if len(self._ways()) > 1:
            raise ValueError(f"one way of masking only; given: {', '.join(self._ways())}")
        if (self.from_ is None) != (self.to is None):
            raise ValueError("from and to go together")
        if self.from_ is not None and self.to is not None and self.from_ > self.to:
            raise ValueError("from must not be greater than to")
        if self.division is not None and self._ways() and not (self.preset and PRESETS[self.preset].takes_division):
            raise ValueError(_STRAY_DIVISION)
        return self

    def check(self, target: Target) -> str | None:
        """Whether it is clear how to mask, given the field's kind."""
        named = None if self.preset is None else PRESETS[self.preset]
        if named is not None and named.of_kind(target.kind) is None:
            return f"the preset {named.name} fits {named.fits}; declare the field's kind, or mask it in another way"
        preset = self._preset(target)
        if not self._ways() and preset is None:
            return "it is not known how to mask this; say keep_first, keep_last, from and to, before, after or preset"
        if self.division is not None and not (preset and preset.takes_division):
            return _STRAY_DIVISION
        return None

    def recoverability(self, target: Target) -> Recoverability:
        """Partial; generalized where an address is cut to a division."""
        preset = self._preset(target)
        return Recoverability.PARTIAL if preset is None else preset.recoverability

    def sentence(self, target: Target) -> str:
        """What is hidden, or to what an address is cut."""
        preset = self._preset(target)
        if preset is not None:
            return preset.sentence(target.field, self.division)
        if self.from_ is not None:
            return f"{target.field} is masked from character {self.from_} to {self.to}"
        if self.before is not None:
            return f"{target.field} is masked before the first {self.before!r}"
        if self.after is not None:
            return f"{target.field} is masked after the first {self.after!r}"
        return f"{target.field} is masked but for its first {self.keep_first or 0} and last {self.keep_last or 0} characters"

    def notes(self, target: Target) -> tuple[str, ...]:
        """Whether it shows more than an express waybill may."""
        return shown_beyond_waybill(self.hidden, self._preset(target), target.kind)

    @property
    def hidden(self) -> Callable[[int], int]:
        """How many of so many characters are hidden at least, where no preset says it."""
        if self.from_ is not None and self.to is not None:
            return partial(between, first=self.from_, last=self.to)
        kept = (self.keep_first or 0) + (self.keep_last or 0)
        by_mark = self.before is not None or self.after is not None
        return lambda length: 1 if by_mark else length if kept >= length else length - kept

    def bind(self, target: Target, keys: KeySource, level: int | None = None) -> Bound:
        """Settle the way of masking.

        Raises:
            UsageError: `check` would have found something.
        """
        problem = self.check(target)
        if problem:
            raise UsageError(problem, f"release {target.release}, field {target.field}")
        masked = self._masking(target)

        def bound(column: pa.Array, subject: pa.Array | None) -> Treated:
            return Treated(per_value(column, lambda values: masked(canonical_text(values))))

        return bound

    def _masking(self, target: Target) -> Callable[[pa.Array], pa.Array]:
        preset = self._preset(target)
        if preset is not None:
            return partial(preset.mask, char=self.char, division=self.division)
        if self.from_ is not None and self.to is not None:
            return partial(hide_between, first=self.from_, last=self.to, char=self.char)
        if self.before is not None:
            return partial(hide_before, mark=self.before, char=self.char)
        if self.after is not None:
            return partial(hide_after, mark=self.after, char=self.char)
        return partial(keep_ends, first=self.keep_first or 0, last=self.keep_last or 0, char=self.char)

    def _ways(self) -> list[str]:
        ends = self.keep_first is not None or self.keep_last is not None
        between = self.from_ is not None or self.to is not None
        given = {"keep_first/keep_last": ends, "from/to": between, "before": self.before, "after": self.after}
        return [way for way, said in {**given, "preset": self.preset}.items() if said]

    def _preset(self, target: Target) -> MaskPreset | None:
        """The preset that is named, or that the field's kind implies where no way of masking is said."""
        if self.preset is not None:
            return PRESETS[self.preset].of_kind(target.kind) or PRESETS[self.preset]
        return None if self._ways() or target.kind is None else PRESETS.get(target.kind.mask)
