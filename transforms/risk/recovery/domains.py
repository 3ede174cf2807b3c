"""Enumerable domains of personal values, which an attacker can hash one by one."""

import datetime
import itertools
from abc import ABC, abstractmethod
from collections.abc import Iterator
from functools import lru_cache
from importlib import resources
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from beam_deid.transforms.recognisers.id_card import CHECKS, WEIGHTS
from beam_deid.transforms.recognisers.mobile import PREFIXES_IN_USE

BLOCK = 1 << 14
_SEED = 20_211_101
_MOBILE_DIGITS = 11
_NUMBERS = 1_000_000
_FIRST_YEAR = 1925
_LAST_YEAR = 2030
_AREAS = 3_500
_DAYS = 36_525


class Domain(ABC):
    """A domain whose values can be enumerated.

    Attributes:
        name: What they are.
        size: How many there are.
    """

    name: ClassVar[str]
    size: int

    @abstractmethod
    def values(self, tries: int) -> Iterator[str]:
        """All values, or a sample of ``tries`` of them where there are more; the same ones each time."""

    def blocks(self, tries: int) -> Iterator[list[bytes]]:
        """The values as bytes, in blocks."""
        values = self.values(tries)
        while block := [value.encode() for value in itertools.islice(values, BLOCK)]:
            yield block


class Mobiles(Domain):
    """Mobile numbers of mainland China.

    Args:
        prefixes: What is known of their beginning, 3 digits at least; the numbers in use if nothing is.
    """

    name = "mobile"

    def __init__(self, prefixes: tuple[str, ...] = ()) -> None:
        self._prefixes = prefixes or tuple(map(str, PREFIXES_IN_USE))
        self._widths = [_MOBILE_DIGITS - len(prefix) for prefix in self._prefixes]
        self.size = sum(10**width for width in self._widths)

    def values(self, tries: int) -> Iterator[str]:
        """Number by number, or drawn at random."""
        if self.size <= tries:
            for prefix, width in zip(self._prefixes, self._widths, strict=True):
                yield from (f"{prefix}{number:0{width}d}" for number in range(10**width))
            return
        ends = np.cumsum(np.array([10**width for width in self._widths]))
        starts = np.array([int(prefix) * 10**width for prefix, width in zip(self._prefixes, self._widths, strict=True)])
        for drawn in _drawn(self.size, tries):
            which = np.searchsorted(ends, drawn, side="right")
            yield from map(str, (starts[which] + drawn - (ends[which] - 10 ** np.array(self._widths)[which])).tolist())


class IdCards(Domain):
    """Identity numbers with any area, a birth date since 1925 and the right check character."""

    name = "id_card"
    size = _AREAS * _DAYS * 1_000

    def values(self, tries: int) -> Iterator[str]:
        """Drawn at random; there are too many to try."""
        first = datetime.date(_FIRST_YEAR, 1, 1)
        random = np.random.default_rng(_SEED)
        for _ in range(tries):
            area, day, order = (
                int(random.integers(low, high)) for low, high in ((110_101, 659_010), (0, _DAYS), (0, 1_000))
            )
            number = f"{area:06d}{first + datetime.timedelta(day):%Y%m%d}{order:03d}"
            yield number + CHECKS[sum(int(d) * w for d, w in zip(number, WEIGHTS, strict=True)) % 11]


class Names(Domain):
    """Chinese names: a common surname and a common given name of one or two characters."""

    name = "person_name"

    def __init__(self) -> None:
        surnames, given = _name_parts()
        self.size = len(surnames) * (len(given) + len(given) ** 2)

    def values(self, tries: int) -> Iterator[str]:
        """The most common names first, as many as are tried."""
        surnames, given = _name_parts()
        short = (one + two for two in given for one in surnames)
        singles = [name for name in given if len(name) == 1]
        long = (one + two + three for two in singles for three in singles for one in surnames)
        return itertools.islice(itertools.chain(short, long), tries)


class Divisions(Domain):
    """Provinces, cities and districts, with and without the character for their kind."""

    name = "division"

    def __init__(self) -> None:
        self._names = _division_names()
        self.size = len(self._names)

    def values(self, tries: int) -> Iterator[str]:
        """All of them."""
        return iter(self._names[:tries])


class Dates(Domain):
    """Days since 1925 in the common spellings."""

    name = "date"
    size = 3 * ((datetime.date(_LAST_YEAR + 1, 1, 1) - datetime.date(_FIRST_YEAR, 1, 1)).days)

    def values(self, tries: int) -> Iterator[str]:
        """All of them."""
        first = datetime.date(_FIRST_YEAR, 1, 1)
        days = (first + datetime.timedelta(number) for number in range(self.size // 3))
        return itertools.islice((f"{day:{form}}" for day in days for form in ("%Y-%m-%d", "%Y%m%d", "%Y/%m/%d")), tries)


class Numbers(Domain):
    """Whole numbers below a million: ages, codes, ids that were counted up."""

    name = "number"
    size = _NUMBERS

    def values(self, tries: int) -> Iterator[str]:
        """The numbers from 0 on."""
        return map(str, range(min(tries, self.size)))


def all_domains(prefixes: tuple[str, ...] = ()) -> tuple[Domain, ...]:
    """Every domain; ``prefixes`` is what is known of how mobiles begin."""
    return Mobiles(prefixes), IdCards(), Names(), Divisions(), Dates(), Numbers()


def _drawn(size: int, tries: int) -> Iterator[npt.NDArray[np.int64]]:
    random = np.random.default_rng(_SEED)
    for begin in range(0, tries, BLOCK):
        yield random.integers(0, size, min(BLOCK, tries - begin))


@lru_cache(maxsize=1)
def _name_parts() -> tuple[tuple[str, ...], tuple[str, ...]]:
    from faker.providers.person.zh_CN import Provider

    return tuple(dict.fromkeys(Provider.last_names)), tuple(dict.fromkeys(Provider.first_names))


@lru_cache(maxsize=1)
def _division_names() -> tuple[str, ...]:
    found: dict[str, None] = {}
    for file in ("cn_divisions.csv", "cn_districts.csv"):
        text = resources.files("beam_deid.configs").joinpath(f"hierarchies/{file}").read_text("utf-8")
        for line in text.splitlines():
            if not line.startswith("#"):
                names = [name for name in line.split(";") if name != "*"]
                found.update(dict.fromkeys([*names, *(name[:-1] for name in names if len(name) > 2)]))
    return tuple(found)
