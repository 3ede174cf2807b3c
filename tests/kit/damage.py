"""Damage to the bytes of a file, as broken disks, copies and transfers do it."""

from dataclasses import dataclass

from hypothesis import strategies as st


@dataclass(frozen=True)
class Damaged:
    """A file after damage.

    Attributes:
        data: Its bytes.
        first: Where the damage begins, in the bytes as they were.
        last: Where it ends; what follows is as it was, at another place perhaps.
    """

    data: bytes
    first: int
    last: int

    def touches(self, begin: int, end: int) -> bool:
        """Whether the damage is in some bytes, or right beside them."""
        return begin <= self.last and self.first <= end


@st.composite
def damaged(draw, data: bytes, begin: int = 0, end: int | None = None) -> Damaged:
    """Some bytes with one damage, which begins between two places.

    A bit is flipped, bytes are changed, lost, added, doubled or zero, or the rest is cut off.
    """
    first = draw(st.integers(begin, (len(data) if end is None else end) - 1))
    what = draw(st.sampled_from(("bit", "bytes", "lost", "added", "doubled", "zeros", "cut")))
    if what == "bit":
        new = bytes([data[first] ^ (1 << draw(st.integers(0, 7)))])
        return Damaged(data[:first] + new + data[first + 1 :], first, first + 1)
    if what == "cut":
        return Damaged(data[:first], first, len(data))
    length = draw(st.integers(1, 12))
    last = min(first + length, len(data))
    given = draw(
        st.binary(min_size=1, max_size=8) | st.sampled_from([b'"', b"\n", b"{", b"}", b"[", b"]", b",", b"\\", b"\0"])
    )
    if what == "bytes":
        return Damaged(data[:first] + given + data[first + len(given) :], first, min(first + len(given), len(data)))
    new = {
        "lost": b"",
        "zeros": bytes(last - first),
        "doubled": 2 * data[first:last],
        "added": given + data[first:last],
    }
    return Damaged(data[:first] + new[what] + data[last:], first, last)
