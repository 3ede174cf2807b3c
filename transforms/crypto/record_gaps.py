"""Keys of a keyring of which its record does not tell: a record that was deleted and begun anew is whole in itself."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from beam_deid.transforms.crypto.chained_record import Chain
from beam_deid.transforms.crypto.key_terms import DESTROYED
from beam_deid.transforms.crypto.keyring import Keyring
from beam_deid.transforms.crypto.recorded import MAKING, KeyAct


@dataclass(frozen=True)
class Gaps:
    """What a record does not tell of a keyring.

    Attributes:
        gone: Ids of the keys whose making or destruction had been recorded, and of which there is no line.
        untold: Ids of the keys that are older than the record, or were recorded elsewhere.
    """

    gone: tuple[int, ...] = ()
    untold: tuple[int, ...] = ()


def gaps_of(ring: Keyring, chain: Chain) -> Gaps:
    """Compare the keys of a keyring with the lines of its record.

    Args:
        ring: The keyring; it says itself from which of its keys on the record must tell of them.
        chain: The lines of the record that fit.
    """
    made = frozenset(_ids(ring, chain, MAKING))
    destroyed = frozenset(_ids(ring, chain, (KeyAct.DESTROY,)))
    order = [key.id for key in ring.keys]
    first = len(order) if ring.recorded_from is None else order.index(ring.recorded_from)
    lost = [key for key in ring.keys if key.state == DESTROYED and key.id not in destroyed]
    lacking = frozenset(order) - made | frozenset(key.id for key in lost)
    gone = tuple(one for one in order[first:] if one in lacking)
    return Gaps(gone, tuple(one for one in order[:first] if one not in made))


def _ids(ring: Keyring, chain: Chain, acts: Sequence[str]) -> Iterator[int]:
    """Ids of the keys of a keyring with which something was begun."""
    for line in chain.lines:
        keys = line.get("keys")
        if line.get("keyring") == ring.id and line.get("act") in acts and isinstance(keys, list):
            yield from (key["id"] for key in keys if isinstance(key, dict) and isinstance(key.get("id"), int))
