"""A hierarchy over text by masks: ``masks: [{keep_first: 3, keep_last: 4}, {keep_first: 3}]``."""

import itertools
from collections.abc import Sequence
from typing import ClassVar

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import BaseModel, ConfigDict, Field

from beam_deid.transforms.actions.action import Treated
from beam_deid.transforms.actions.hierarchy import ALL, Hierarchy, HierarchyOptions
from beam_deid.transforms.actions.masks.characters import keep_ends
from beam_deid.transforms.columns.canonical_text import canonical_text
from beam_deid.transforms.columns.distinct import per_value
from beam_deid.transforms.recognisers.kinds.kind import Kind
from beam_deid.transforms.recognisers.kinds.text import TEXT
from beam_deid.transforms.terms import Recoverability


class Ends(BaseModel):
    """What a mask keeps of a text, in Unicode code points."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    keep_first: int = Field(0, ge=0, strict=True, description="First characters that stay")
    keep_last: int = Field(0, ge=0, strict=True, description="Last characters that stay")


class MasksOptions(HierarchyOptions):
    """The options of a hierarchy of masks."""

    masks: tuple[Ends, ...] | None = Field(
        None, description="What stays of a text at each level: [{keep_first: 3, keep_last: 4}, {keep_first: 3}]"
    )


class MasksHierarchy(Hierarchy[MasksOptions]):
    """The first and last characters of a text, the others hidden by asterisks, fewer at each level.

    A text too short to keep what is kept is hidden whole, at all levels. The base is the text under the first mask; what stays
    visible is part of the value, so the field is ``partial``.

    Args:
        masks: What each level keeps, each no more than the one before.
    """

    option: ClassVar[str] = "masks"
    options: ClassVar[type[HierarchyOptions]] = MasksOptions
    wants: ClassVar[Kind] = TEXT
    recoverability: ClassVar[Recoverability] = Recoverability.PARTIAL

    def __init__(self, masks: Sequence[Ends]) -> None:
        self._masks = tuple(masks)

    @classmethod
    def of(cls, options: MasksOptions) -> "MasksHierarchy":
        """See `Hierarchy.of`."""
        return cls(options.masks or ())

    @classmethod
    def problem(cls, options: MasksOptions) -> str | None:
        """See `Hierarchy.problem`."""
        masks = options.masks
        if not masks:
            return "masks needs at least one mask"
        kept = [(mask.keep_first, mask.keep_last) for mask in masks]
        if any(one == other or one[0] < other[0] or one[1] < other[1] for one, other in itertools.pairwise(kept)):
            return "each mask must keep less than the one before, at neither end more"
        return None

    @classmethod
    def words(cls, options: MasksOptions) -> str:
        """The names of the levels but the last."""
        return ", ".join(cls.of(options).levels[:-1])

    @property
    def levels(self) -> tuple[str, ...]:
        """``keep 3+4``, ``keep 3+0``, … and ``*``."""
        return (*(f"keep {mask.keep_first}+{mask.keep_last}" for mask in self._masks), ALL)

    def base(self, column: pa.Array) -> Treated:
        """Each text under the first mask."""
        return Treated(per_value(column, lambda values: self._masked(canonical_text(values), 0)))

    def at(self, values: pa.Array, level: int) -> pa.Array:
        """The text under the mask of ``level``."""
        if level == len(self._masks):
            return pc.if_else(pc.is_valid(values), ALL, pa.scalar(None, pa.string()))
        return self._masked(values, level)

    def _masked(self, texts: pa.Array, level: int) -> pa.Array:
        mask = self._masks[level]
        return keep_ends(texts, mask.keep_first, mask.keep_last, "*")
