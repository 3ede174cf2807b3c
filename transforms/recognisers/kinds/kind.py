"""The contract of a kind: what a field holds, and everything that follows from it."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

import numpy as np
import pyarrow as pa

from beam_deid.transforms.recognisers.normal import Normal
from beam_deid.transforms.recognisers.recogniser import Recogniser

TEXT_TYPE = pa.string()
"""What most kinds are read as."""

NUMBERED = "id|ids|no|nos|num|number|code|sn|key|uid|guid|uuid|ref|reference|serial"
"""Words at the end of a name that say that something is numbered."""


class Where(Enum):
    """The columns for which a name counts."""

    ANY = "any"
    TEXT = "text"
    NUMBER = "number"
    TIME = "number or time"
    CHOICES = "choices"


@dataclass(frozen=True)
class ColumnName:
    """How a draft of a policy tells by a column's name that it holds direct identifiers of a kind.

    Attributes:
        words: A pattern of English names: whole words in small letters, joined by underscores.
        chinese: A pattern of Chinese names, found anywhere in a name; empty if there is none.
        what: What such a column holds, in a few words.
        where: The columns for which the name counts.
    """

    words: str
    chinese: str
    what: str
    where: Where = Where.ANY


class Kind(str):
    """What a field holds. It fixes the type that text is read as, and the presets that fit.

    A kind is the word that a policy writes, and is equal to it; each is declared once, in a file of its own, and listed in
    `beam_deid.transforms.recognisers.kinds.KINDS`.

    Attributes:
        name: The word.
        arrow: The type that values are read as; that of text for everything that counts or measures nothing.
        category: Its category of personal information, one of ``configs/categories``; None if the kind does not tell it.
        identifies: Whether its values name a person, or may hold what does, whatever the role of their field.
        shared: Whether one value belongs to many people, so that equal values do not tell that two records are one person's.
        of_orders: Whether it numbers orders or parcels, of which one person may have any number.
        of_platforms: Whether a platform or a carrier knows whose a value is, even if nobody else does.
        grouped: Whether it is written in groups, so that the separators between them mean nothing.
        respelled: Texts (n,) in one spelling (n,), after what identities of all kinds have in common; None if nothing is left.
        normal: How the spellings of one value become one before a key is used; None if they stay as they are.
        recogniser: The recogniser of its values, all of which have the recogniser's form; None if values do not tell the kind.
        whole: Which texts (n,) are such values and nothing else, as a boolean mask (n,) that is never null; what the recogniser
            says of whole texts if None.
        checked: Whether a value proves itself, by check digits or by prefixes in use.
        mask: The preset of `mask` that fits; empty if none does.
        fpe: The preset of `fpe` that fits; empty if none does.
        surrogate: What `surrogate` makes up in its place; empty if nothing fits.
        column: How a draft finds a column of it by its name; None if names do not tell.
    """

    def __new__(cls, name: str, *_: object, **__: object) -> "Kind":
        """A kind is its own word; everything else that is given becomes an attribute."""
        return super().__new__(cls, name)

    def __init__(
        self,
        name: str,
        arrow: pa.DataType = TEXT_TYPE,
        *,
        category: str | None,
        identifies: bool = False,
        shared: bool = False,
        of_orders: bool = False,
        of_platforms: bool = False,
        grouped: bool = False,
        respelled: Callable[[pa.Array], pa.Array] | None = None,
        normal: Normal | None = None,
        recogniser: Recogniser | None = None,
        whole: Callable[[pa.Array], pa.Array] | None = None,
        checked: bool = False,
        mask: str = "",
        fpe: str = "",
        surrogate: str = "",
        column: ColumnName | None = None,
    ) -> None:
        self.name = name
        self.arrow = arrow
        self.category = category
        self.identifies = identifies
        self.shared = shared
        self.of_orders = of_orders
        self.of_platforms = of_platforms
        self.grouped = grouped
        self.respelled = respelled
        self.normal = normal
        self.recogniser = recogniser
        self.whole = whole
        self.checked = checked
        self.mask = mask
        self.fpe = fpe
        self.surrogate = surrogate
        self.column = column

    def __reduce__(self) -> tuple[Callable[[str], "Kind"], tuple[str]]:
        # The declared object itself comes out of a pickle: what is compared by identity stays so in every process.
        from beam_deid.transforms.recognisers.kinds import kind_named

        return kind_named, (self.name,)

    @property
    def is_number(self) -> bool:
        """Whether values are read as numbers."""
        arrow = self.arrow
        return bool(pa.types.is_integer(arrow) or pa.types.is_floating(arrow) or pa.types.is_decimal(arrow))

    @property
    def is_time(self) -> bool:
        """Whether values are read as dates or times."""
        return bool(pa.types.is_temporal(self.arrow))

    def valid(self, texts: pa.Array) -> pa.Array:
        """Which texts (n,) are a value of this kind and nothing else: a boolean mask (n,), never null."""
        if self.whole is not None:
            return self.whole(texts)
        return pa.array(np.zeros(len(texts), bool)) if self.recogniser is None else self.recogniser.valid(texts)

    def valid_share(self, texts: pa.Array) -> float:
        """The share, from 0 to 1, of the texts (n,) that are a value of this kind, nulls left out; 0 where there are none."""
        there = texts.drop_null()
        return float(np.mean(self.valid(there).to_numpy(zero_copy_only=False))) if len(there) else 0.0
