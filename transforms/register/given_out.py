"""What the register knows to have been given out, in as few words as a statement on a recipient needs."""

from collections.abc import Collection
from typing import NamedTuple

from beam_deid.transforms.register.document import COUNTED, Document


class GivenOut(NamedTuple):
    """A registered release that somebody may have.

    Attributes:
        name: What the register calls it.
        recipient: To whom it was given; None where nobody said.
        is_tested: Whether new releases of the same records are tested together with it.
    """

    name: str
    recipient: str | None
    is_tested: bool


def given_out(document: Document, without: Collection[str] = ()) -> tuple[GivenOut, ...]:
    """All releases of a register that somebody may have, but for some by name."""
    counted = (one for one in document.releases if one.state in COUNTED and one.name not in without)
    return tuple(GivenOut(one.name, one.recipient, one.is_tested) for one in counted)
