"""mask: a part of the value hidden behind asterisks."""

from collections.abc import Callable
from typing import ClassVar, Literal

import pyarrow as pa
from pydantic import ConfigDict, Field, field_validator, model_validator

from beam_deid.transforms.actions.action import Action, Bound, KeySource, Target, Treated
from beam_deid.transforms.actions.addresses import Division, cut_to
from beam_deid.transforms.actions.masks.characters import hide_after, hide_before, hide_between, keep_ends
from beam_deid.transforms.actions.masks.presets import PRESETS
from beam_deid.transforms.columns.canonical_text import canonical_text
from beam_deid.transforms.columns.distinct import per_distinct, per_value
from beam_deid.transforms.errors import UsageError
from beam_deid.transforms.terms import Recoverability

Preset = Literal[
    "person_name",
    "mobile",
    "landline",
    "privacy_number",
    "id_card",
    "bank_card",
    "passport",
    "credit_code",
    "plate",
    "email",
    "wechat",
    "invoice_title",
    "address",
]


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
        if self.division is not None and self._ways() and self.preset != "address":
            raise ValueError("division goes with preset: address only")
        return self

    def check(self, target: Target) -> str | None:
        """Whether it is clear how to mask, given the field's kind."""
        preset = self._preset(target)
        if not self._ways() and preset is None:
            return "it is not known how to mask this; say keep_first, keep_last, from and to, before, after or preset"
        if self.division is not None and preset != "address":
            return "division goes with preset: address only"
        return None

    def recoverability(self, target: Target) -> Recoverability:
        """Partial; generalized where an address is cut to a division."""
        return Recoverability.GENERALIZED if self._preset(target) == "address" else Recoverability.PARTIAL

    def sentence(self, target: Target) -> str:
        """What is hidden, or to what an address is cut."""
        if self._preset(target) == "address":
            return f"{target.field} is cut to its {self.division or 'city'}"
        if self.from_ is not None:
            return f"{target.field} is masked from character {self.from_} to {self.to}"
        if self.before is not None or self.after is not None:
            side, mark = ("before", self.before) if self.before is not None else ("after", self.after)
            return f"{target.field} is masked {side} the first {mark!r}"
        if self._preset(target) is not None:
            return f"{target.field} is masked as a {str(self._preset(target)).replace('_', ' ')}"
        return f"{target.field} is masked but for its first {self.keep_first or 0} and last {self.keep_last or 0} characters"

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
        char = self.char
        first = self.from_
        last = self.to
        before = self.before
        after = self.after
        preset = self._preset(target)
        if first is not None and last is not None:
            return lambda texts: hide_between(texts, first, last, char)
        if before is not None:
            return lambda texts: hide_before(texts, before, char)
        if after is not None:
            return lambda texts: hide_after(texts, after, char)
        if preset == "address":
            division = self.division or "city"
            return lambda texts: per_distinct(texts, lambda distinct: cut_to(distinct, division, char))
        if preset is not None:
            return lambda texts: PRESETS[preset](texts, char)
        kept_first = self.keep_first or 0
        kept_last = self.keep_last or 0
        return lambda texts: keep_ends(texts, kept_first, kept_last, char)

    def _ways(self) -> list[str]:
        ends = self.keep_first is not None or self.keep_last is not None
        between = self.from_ is not None or self.to is not None
        given = {"keep_first/keep_last": ends, "from/to": between, "before": self.before, "after": self.after}
        return [way for way, said in {**given, "preset": self.preset}.items() if said]

    def _preset(self, target: Target) -> str | None:
        if self.preset is not None or self._ways():
            return self.preset
        return None if target.kind is None else target.kind.mask or None
