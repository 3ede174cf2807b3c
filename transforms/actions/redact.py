"""redact: identifiers inside free text replaced by their kind, [MOBILE] and the like."""

from typing import ClassVar

import pyarrow as pa
from pydantic import Field, field_validator

from beam_deid.transforms.actions.action import Action, Bound, Documented, KeySource, Target, Treated
from beam_deid.transforms.columns.canonical_text import canonical_text
from beam_deid.transforms.columns.distinct import per_distinct
from beam_deid.transforms.recognisers import RECOGNISERS
from beam_deid.transforms.recognisers.recogniser import Recogniser
from beam_deid.transforms.terms import Recoverability


class Redact(Action):
    """Replace what the recognisers find in a text, and leave the rest.

    The rest is free text: a name in full, a nickname or a story stays. So the field counts as a quasi-identifier,
    like a mask. Null stays null, empty text empty.
    """

    name: ClassVar[str] = "redact"
    documented: ClassVar[tuple[Documented, ...]] = (
        Documented("redact", "replaces mobiles, ID cards, … inside text by `[MOBILE]` …", "`partial`", "like `mask`"),
    )

    kinds: tuple[str, ...] | None = Field(
        None, min_length=1, description="Recognisers to use, by name; all if not given"
    )

    @field_validator("kinds")
    @classmethod
    def _known(cls, kinds: tuple[str, ...] | None) -> tuple[str, ...] | None:
        there = [recogniser.name for recogniser in RECOGNISERS]
        unknown = sorted(set(kinds or ()) - set(there))
        if unknown:
            raise ValueError(f"no recogniser is called {', '.join(unknown)}; there are {', '.join(there)}")
        return kinds

    def recoverability(self, target: Target) -> Recoverability:
        """Partial: what no pattern describes is still there."""
        return Recoverability.PARTIAL

    def sentence(self, target: Target) -> str:
        """Which kinds of identifiers go."""
        return f"{target.field} has identifiers replaced by their kind ({', '.join(self.kinds or ('all recognised',))})"

    def bind(self, target: Target, keys: KeySource, level: int | None = None) -> Bound:
        """Choose the recognisers."""
        chosen = [recogniser for recogniser in RECOGNISERS if self.kinds is None or recogniser.name in self.kinds]

        def bound(column: pa.Array, subject: pa.Array | None) -> Treated:
            return Treated(per_distinct(column, lambda values: _redacted(canonical_text(values), chosen)))

        return bound


def _redacted(texts: pa.Array, recognisers: list[Recogniser]) -> pa.Array:
    for recogniser in recognisers:
        texts = recogniser.replace(texts, f"[{recogniser.name.upper()}]")
    return texts
