"""fpe: another value of the same format in place of the value, restorable with the key."""

import json
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import pyarrow as pa
from pydantic import Field, field_validator, model_validator

from beam_deid.transforms.actions.action import Bound, Documented, KeySource, Target, Treated, names_of
from beam_deid.transforms.actions.key_options import Restored, Restoring, Reversible
from beam_deid.transforms.actions.options import with_options
from beam_deid.transforms.actions.shapes import PRESETS
from beam_deid.transforms.actions.shapes.characters import ALPHABETS, Characters, alphabet_problem
from beam_deid.transforms.actions.shapes.preset import ShapePreset
from beam_deid.transforms.actions.shapes.shape import Shape
from beam_deid.transforms.columns.canonical_text import canonical_text
from beam_deid.transforms.columns.distinct import plain
from beam_deid.transforms.errors import UsageError
from beam_deid.transforms.recognisers.kinds.landline import LANDLINE
from beam_deid.transforms.recognisers.kinds.mobile import MOBILE
from beam_deid.transforms.recognisers.kinds.privacy_number import PRIVACY_NUMBER
from beam_deid.transforms.terms import Reason

if TYPE_CHECKING:
    Preset = str
else:
    Preset = Literal[tuple(PRESETS)]

_FOR_ALPHABETS = ("keep_first", "keep_last", "others")
LOOKS_DIALLED = (
    "the numbers look as if they could be dialled, and many are somebody's: nobody may ring them or send them messages"
)
"""What is said of telephones that become others."""
_ALWAYS_TOLD = ("alphabet", *_FOR_ALPHABETS, "keep_prefix", "keep_birth")
"""Options that `Fpe.form` tells even where they are not given. Others must not, or records of earlier runs would not fit."""
_ADDED = [preset.adds for preset in PRESETS.values() if preset.adds is not None]


class _OwnOptions(Reversible):
    """The options that do not belong to one preset alone."""

    preset: Preset | None = Field(
        None, description="The format; from the field's kind if neither this nor an alphabet is given"
    )
    alphabet: str | None = Field(
        None, description=f"The characters that are encrypted, each once, or a name: {', '.join(ALPHABETS)}"
    )
    keep_first: int | None = Field(None, ge=0, description="Characters at the beginning that stay")
    keep_last: int | None = Field(None, ge=0, description="Characters at the end that stay; with an alphabet")
    others: Literal["reject", "keep"] | None = Field(
        None,
        description="What to do with characters that are not of the alphabet; a value with any is rejected if not given",
    )


if TYPE_CHECKING:
    _Options = _OwnOptions
else:
    _Options = with_options(_OwnOptions, _ADDED)


class Fpe(_Options):
    """Format-preserving encryption with FF1 (NIST SP 800-38G rev. 1), under a subkey of the domain.

    A preset keeps what must stay valid; an alphabet takes any characters. Equal values of one domain have equal results,
    different ones different results. What is kept of a value (``keep_first``, a prefix, a birth date) is the tweak, and
    is released. A value that has not the format, has fewer than a million others of its length and kept characters to hide
    among, or more than 512 characters to encrypt, is rejected with the reason ``outside_format``. Null stays null, empty
    text empty.
    """

    name: ClassVar[str] = "fpe"
    documented: ClassVar[tuple[Documented, ...]] = (
        Documented(
            "fpe",
            f"FF1: a value of the same format that the key turns back; the `preset` {names_of(PRESETS.values())}, or any "
            "`alphabet`",
            "`keyed`",
            "no",
        ),
    )
    normalizes: ClassVar[bool] = True
    rejects: ClassVar[bool] = True
    key_in_value: ClassVar[bool] = False

    @field_validator("alphabet")
    @classmethod
    def _an_alphabet(cls, alphabet: str | None) -> str | None:
        problem = None if alphabet is None or alphabet in ALPHABETS else alphabet_problem(alphabet)
        if problem:
            raise ValueError(f"{problem}; or write one of the names: {', '.join(ALPHABETS)}")
        return alphabet

    @model_validator(mode="after")
    def _together(self) -> "Fpe":
        if self.preset is not None and self.alphabet is not None:
            raise ValueError("say either preset or alphabet")
        return self

    def check(self, target: Target) -> str | None:
        """Whether the format is known, and takes the options that are given."""
        preset = self._preset(target)
        if preset is None and self.alphabet is None:
            return f"the format is not known here; say preset: {', '.join(PRESETS)}; or alphabet: digits"
        takes = _FOR_ALPHABETS if preset is None else preset.options
        wrong = [name for name in self._given() if name not in takes]
        if wrong:
            what = "an alphabet" if preset is None else f"the preset {preset.name}"
            return f"{wrong[0]} does not go with {what}; it takes {', '.join(takes) or 'no option'}"
        own = None if target.kind is None else PRESETS.get(target.kind.fpe)
        if preset is not None and own is not None and own is not preset:
            return f"the preset {preset.name} does not fit a field of kind {target.kind}"
        return None

    def sentence(self, target: Target) -> str:
        """What it becomes, and that the key turns it back."""
        preset = self._preset(target)
        what = "another value in the same alphabet" if preset is None else preset.sentence
        return f"{target.field} becomes {what} (FF1), which the key turns back, domain {self.domain_of(target)}"

    def notes(self, target: Target) -> tuple[str, ...]:
        """Whether what comes out looks as if it could be dialled."""
        preset = self._preset(target)
        dialled = (preset is not None and preset.dialled) or target.kind in (MOBILE, LANDLINE, PRIVACY_NUMBER)
        return (LOOKS_DIALLED,) if dialled else ()

    def form(self, target: Target) -> str:
        """Format and options: FF1 cannot tell that a value was made with others."""
        preset = self._preset(target)
        given = {name: getattr(self, name) for name in _ALWAYS_TOLD} | self._given()
        return json.dumps({**given, "preset": None if preset is None else preset.name}, sort_keys=True)

    def bind(self, target: Target, keys: KeySource, level: int | None = None) -> Bound:
        """Fetch the subkey.

        Raises:
            KeyFault: A key is missing, unreadable or too short.
            UsageError: `check` would have found something.
        """
        shape = self._shape(target, self.subkey(target, keys).bytes)

        def bound(column: pa.Array, subject: pa.Array | None) -> Treated:
            texts = canonical_text(column)
            values, wrong = shape.apply(texts, backward=False)
            return Treated(values, pa.array(wrong), Reason.OUTSIDE_FORMAT) if wrong.any() else Treated(values)

        return bound

    def restoring(self, target: Target, keys: KeySource, identity: int | None) -> Restoring:
        """See `Reversible.restoring`; who calls must know that the key is the right one, for FF1 cannot tell."""
        shape = self._shape(target, self.subkey(target, keys, identity).bytes)

        def restore(texts: pa.Array) -> Restored:
            values, wrong = shape.apply(plain(texts), backward=True)
            return Restored(values, ((pa.array(wrong), Reason.OUTSIDE_FORMAT),) if wrong.any() else ())

        return restore

    def _preset(self, target: Target) -> ShapePreset | None:
        """The preset that is named, or that the field's kind implies where there is no alphabet either."""
        if self.preset is not None:
            return PRESETS[self.preset]
        return None if self.alphabet is not None or target.kind is None else PRESETS.get(target.kind.fpe)

    def _given(self) -> dict[str, Any]:
        names = (*_FOR_ALPHABETS, *(name for added in _ADDED for name in added.model_fields))
        return {name: getattr(self, name) for name in names if getattr(self, name) is not None}

    def _shape(self, target: Target, key: bytes) -> Shape:
        problem = self.check(target)
        if problem:
            raise UsageError(problem, f"release {target.release}, field {target.field}")
        preset = self._preset(target)
        if preset is not None:
            return preset.make(key, **self._given())
        alphabet = ALPHABETS.get(str(self.alphabet), str(self.alphabet))
        return Characters(key, alphabet, self.keep_first or 0, self.keep_last or 0, self.others == "keep")
