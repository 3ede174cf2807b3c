"""Whether a key that a recipient has is one that it is declared not to have, under another reference."""

from collections.abc import Iterator, Mapping

from beam_deid.transforms.crypto.ephemeral import EPHEMERAL
from beam_deid.transforms.crypto.keys import Keys
from beam_deid.transforms.errors import KeyFault

_USE = "recipient"


def doubts(absent: Mapping[str, str], held: tuple[str, ...], keys: Keys) -> Iterator[str]:
    """Why keys that are declared absent may be there all the same, a sentence each without a full stop.

    A label is given out, so that no sentence says where a key is.

    Args:
        absent: Of each field whose key the recipient is declared not to have, the reference of that key.
        held: The references of the keys that it has.
        keys: The run's keys.
    """
    if not absent or not held:
        return
    checks = [_check(reference, keys) for reference in held]
    for field, reference in absent.items():
        if reference == EPHEMERAL:  # made for this run, so that nobody had it before
            continue
        own = _check(reference, keys)
        if own is not None and own in checks:
            yield f"the recipient has the key of {field} under another name (has_keys)"
        elif own is None or None in checks:
            yield (
                f"whether the key of {field} is one that the recipient has under another name cannot be told, for not all keys "
                "under has_keys are here"
            )


def _check(reference: str, keys: Keys) -> str | None:
    """What tells a key from others, by its bytes alone; None where it cannot be had here."""
    try:
        return keys.subkey(_USE, "", reference).check()
    except KeyFault:
        return None
