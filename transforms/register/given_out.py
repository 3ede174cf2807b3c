"""What the register knows to have been given out, in as few words as a statement on a recipient needs."""

from collections.abc import Collection
from typing import NamedTuple

from beam_deid.transforms.register.document import COUNTED, Document, Entry
from beam_deid.transforms.terms import Sharing


class GivenOut(NamedTuple):
    """A registered release that somebody may have.

    Attributes:
        name: What the register calls it.
        recipient: To whom it was given, as the policy called it then; None where nobody said.
        called: That recipient's own name, as its contract has it; None where no policy declared it.
        is_public: Whether everybody may have it.
        is_tested: Whether new releases of the same records are tested together with it.
    """

    name: str
    recipient: str | None
    called: str | None
    is_public: bool
    is_tested: bool

    @classmethod
    def of(cls, entry: Entry) -> "GivenOut":
        """What is to be known of an entry."""
        called = (entry.given_to or {}).get("name")
        return cls(entry.name, entry.recipient, called, entry.sharing == Sharing.PUBLIC, entry.is_tested)


def given_out(document: Document, without: Collection[str] = ()) -> tuple[GivenOut, ...]:
    """All releases of a register that somebody may have, but for some by name."""
    counted = (one for one in document.releases if one.state in COUNTED and one.name not in without)
    return tuple(map(GivenOut.of, counted))
