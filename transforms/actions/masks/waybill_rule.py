"""Whether a mask shows more than an express waybill may: GB/T 41833-2022, in force since 2023-02-01."""

from collections.abc import Callable

from beam_deid.transforms.actions.masks.preset import MaskPreset
from beam_deid.transforms.actions.masks.presets.landline import Landline
from beam_deid.transforms.actions.masks.presets.mobile import Mobile
from beam_deid.transforms.actions.masks.presets.waybill import WAYBILL_DIGITS
from beam_deid.transforms.recognisers.kinds.address import ADDRESS
from beam_deid.transforms.recognisers.kinds.kind import Kind
from beam_deid.transforms.recognisers.kinds.landline import LANDLINE
from beam_deid.transforms.recognisers.kinds.mobile import MOBILE

_MOBILE = 11
_LANDLINE = 10
"""Digits of the shortest landline with its area code."""
_LEAST = {Mobile.name: 4, Landline.name: 5}
"""Digits that a preset hides of a telephone, at least, where these are not enough."""
_ADDRESS = (
    "the mask may leave unit and room of an address, which an express waybill must hide (GB/T 41833-2022); there, write "
    "preset: waybill"
)


def shown_beyond_waybill(hidden: Callable[[int], int], preset: MaskPreset | None, kind: Kind | None) -> tuple[str, ...]:
    """What a mask shows that a waybill may not, in a sentence without a full stop; nothing where it hides enough.

    Args:
        hidden: How many of so many characters are hidden at least, where there is no preset.
        preset: The preset; None where the policy says what is kept.
        kind: The kind of the field.
    """
    if kind is ADDRESS and preset is None:
        return (_ADDRESS,)
    if kind not in (MOBILE, LANDLINE):
        return ()
    digits = _MOBILE if kind is MOBILE else _LANDLINE
    least = hidden(digits) if preset is None else _LEAST.get(preset.name, WAYBILL_DIGITS)
    if least >= WAYBILL_DIGITS:
        return ()
    return (
        f"the mask hides {least} of a telephone's digits at least, and an express waybill must hide {WAYBILL_DIGITS} "
        "(GB/T 41833-2022); there, write preset: waybill",
    )


def between(length: int, first: int, last: int) -> int:
    """How many of so many characters are hidden, counted from 1, both included; all where there is none between."""
    hidden = min(length, last) - first + 1
    return length if hidden <= 0 else hidden
