"""The facts of an order that do not depend on the platform: who, where, what and when."""

from dataclasses import dataclass
from decimal import Decimal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from beam_deid.transforms.synthetic.addresses import Places, homes, places
from beam_deid.transforms.synthetic.buyers import buyers
from beam_deid.transforms.synthetic.chance import Chance, Index
from beam_deid.transforms.synthetic.goods import Goods, goods
from beam_deid.transforms.synthetic.messages import messages
from beam_deid.transforms.synthetic.people import People, people
from beam_deid.transforms.synthetic.text import digits, fixed_width, joined, letters, picked, table
from beam_deid.transforms.synthetic.times import created, hours_of_year

_CARRIERS = ("顺丰速运", "圆通速递", "中通快递", "京东物流", "邮政EMS")
_CARRIER_CODES = ("SF", "YTO", "ZTO", "JD", "EMS")
_STREETS = ("城东街道", "城西街道", "新城街道", "湖滨街道", "中心镇", "开发区街道", "南山街道", "北苑街道")
_SPECS = ("颜色:红色", "颜色:白色;尺码:M", "颜色:黑色;尺码:L", "规格:标准装", "规格:两件套", "口味:原味")
_HEX = np.frombuffer(b"0123456789abcdef", np.uint8)


@dataclass(frozen=True)
class Made:
    """A column that was made.

    Attributes:
        values: The values, shape (n,).
        form: The form that all values have, or that each has (a string array (n,), null for none); None for none. What
            people wrote has any form: ``free_text``.
    """

    values: pa.Array
    form: str | pa.Array | None = None

    def forms(self) -> pa.Array:
        """The form of each value, shape (n,); null for none, and where there is no value."""
        forms = self.form if isinstance(self.form, pa.Array) else pa.array([self.form] * len(self.values), pa.string())
        return pc.if_else(self.values.is_valid(), forms, None)


@dataclass(frozen=True)
class Facts:
    """Orders, shape (n,) each."""

    chance: Chance
    index: Index
    buyer: Index
    home: Index
    who: People
    where: Places
    goods: Goods
    at: npt.NDArray[np.int64]

    @classmethod
    def of(cls, chance: Chance, index: Index) -> "Facts":
        """The orders with these row numbers."""
        buyer = buyers(chance, index)
        home = homes(chance, buyer, index)
        return cls(
            chance,
            index,
            buyer,
            home,
            people(chance, buyer),
            places(chance, home),
            goods(chance, index),
            created(chance, index),
        )

    @property
    def late(self) -> npt.NDArray[np.bool_]:
        """Which orders are from the year's second half: until then a platform encrypts, then it masks."""
        return hours_of_year(self.at) >= 4_380

    @property
    def week(self) -> Index:
        """The week of each order."""
        return hours_of_year(self.at) // 168

    def time(self, stream: str, most: int, missing: float = 0.05) -> Made:
        """Seconds since 1970 up to ``most`` seconds after the order, int64; some missing."""
        later = self.at + 5 + self.chance.below(f"{stream}, delay", self.index, most)
        return Made(pa.array(later, mask=self.chance.happens(f"{stream}, none", self.index, missing)))

    def text_time(self, stream: str, most: int) -> Made:
        """A time as `time` draws it, as text: ``2025-11-11 00:00:07``."""
        return Made(written(self.time(stream, most).values))

    def milliseconds(self, stream: str, most: int) -> Made:
        """A time as `time` draws it, in milliseconds since 1970, int64."""
        return Made(pc.multiply(self.time(stream, most).values, 1_000))

    def message(self) -> Made:
        """What the buyer wrote; mostly nothing."""
        return Made(messages(self.chance, self.index, self.who.mobile), "free_text")

    def memo(self) -> Made:
        """What the shop wrote; mostly nothing."""
        written_ = picked(table(("", "加急", "老客户", "已电话确认", "补发")), self.chance.below("memo", self.index, 5))
        return Made(pc.if_else(pa.array(self.chance.happens("a memo", self.index, 0.1)), written_, None), "free_text")

    def town(self) -> Made:
        """The street or township."""
        return Made(picked(table(_STREETS), self.chance.below("town", self.home, len(_STREETS))))

    def tracking(self, plain: str = "tracking") -> tuple[Made, Made, Made]:
        """Tracking numbers, carriers and their codes; ``plain`` is the form of those that are digits only."""
        which = self.chance.below("carrier", self.index, len(_CARRIERS))
        number = self.chance.bits("tracking", self.index).view(np.int64) & np.int64((1 << 62) - 1)
        heads = picked(table(("SF", "YT", "7", "JDVB", "EA")), which)
        long = digits(number, 13)
        eleven = digits(number, 11)
        nine = digits(number, 9)
        tails = pa.concat_arrays([long, long, eleven, eleven, joined(nine, pa.scalar("CN"))])
        tail = tails.take(pa.array(which * len(self.index) + np.arange(len(self.index))))
        forms = picked(
            table(("tracking_number", "tracking_number", plain, "tracking_number", "tracking_number")), which
        )
        none = pa.array(self.chance.happens("not sent", self.index, 0.08))
        numbers = pc.if_else(none, pa.scalar(None, pa.string()), joined(heads, tail))
        return Made(numbers, forms), Made(picked(table(_CARRIERS), which)), Made(picked(table(_CARRIER_CODES), which))

    def code(self, stream: str, index: Index, width: int, head: str = "") -> pa.Array:
        """Numbers of ``width`` digits after ``head``, alike for the same index."""
        number = (self.chance.bits(stream, index) >> np.uint64(2)).view(np.int64)
        return joined(pa.scalar(head), digits(number, width)) if head else digits(number, width)

    def word(self, stream: str, index: Index, length: int, head: str = "") -> pa.Array:
        """URL-safe base64 of ``length`` characters after ``head``, alike for the same index."""
        words = [self.chance.bits(f"{stream}, word {n}", index) for n in range(-(-length // 10))]
        return joined(pa.scalar(head), pc.utf8_slice_codeunits(letters(words), 0, length))

    def hexadecimal(self, stream: str, index: Index, length: int) -> pa.Array:
        """Hexadecimal digits, alike for the same index."""
        words = [self.chance.bits(f"{stream}, word {n}", index) for n in range(-(-length // 16))]
        data = np.stack(words, axis=1).view(np.uint8)
        return fixed_width(_HEX[np.stack([data >> 4, data & 15], axis=2).reshape(len(index), -1)[:, :length]])

    def number(self, stream: str, limit: int, least: int = 0) -> Made:
        """Whole numbers from ``least``, one for each order."""
        return Made(pa.array(self.chance.below(stream, self.index, limit) + least))

    def one_of(self, stream: str, *words: str) -> Made:
        """One of a few words."""
        return Made(picked(table(words), self.chance.below(stream, self.index, len(words))))


def article(bought: Goods, width: int, head: str = "") -> Made:
    """The number of an article: the same for the same title."""
    titles = bought.title.dictionary_encode()
    numbers = np.array(
        [int.from_bytes(title.encode()[-8:], "big") for title in titles.dictionary.to_pylist()], np.uint64
    )
    coded = digits((numbers % np.uint64(10**width)).view(np.int64), width)
    return Made(joined(pa.scalar(head), coded).take(titles.indices))


def spec(facts: Facts) -> Made:
    """Colour, size and the like."""
    return facts.one_of("spec", *_SPECS)


def fen(amount: pa.Array) -> pa.Array:
    """Amounts in yuan, decimal, in fen, int64."""
    return pc.cast(pc.multiply(amount, pa.scalar(Decimal(100), pa.decimal128(3, 0))), pa.int64())


def unit_price(bought: Goods) -> pa.Array:
    """The price of one of them in fen, int64."""
    return pc.divide(fen(bought.payment), pc.cast(bought.num, pa.int64()))


def yuan(cents: pa.Array) -> pa.Array:
    """Fen as text in yuan: 12.50."""
    whole = pc.divide(cents, 100)
    rest = np.mod(cents.to_numpy(zero_copy_only=False), 100).astype(np.int64)
    return joined(pc.cast(whole, pa.string()), pa.scalar("."), digits(rest, 2))


def written(seconds: pa.Array) -> pa.Array:
    """Seconds since 1970 as ``2025-11-11 00:00:07``; null stays null."""
    return pc.strftime(pc.cast(seconds, pa.timestamp("s")), "%Y-%m-%d %H:%M:%S")


def either(first: npt.NDArray[np.bool_], one: Made, other: Made) -> Made:
    """One column where ``first``, else the other."""
    where = pa.array(first)
    return Made(pc.if_else(where, one.values, other.values), pc.if_else(where, one.forms(), other.forms()))
