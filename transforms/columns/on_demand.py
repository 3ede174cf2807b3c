"""What is made when it is asked for: columns that a bucket has and that a task may not need, or that are too large to be kept."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar, overload

Key = TypeVar("Key")
Made = TypeVar("Made", covariant=True)


class MadeEachTime(Mapping[Key, Made]):
    """Values by key that are made whenever they are asked for.

    Args:
        keys: The keys.
        make: Makes the value of a key.
    """

    def __init__(self, keys: Iterable[Key], make: Callable[[Key], Made]) -> None:
        self._keys = dict.fromkeys(keys)
        self._make = make

    def __getitem__(self, key: Key) -> Made:
        if key not in self._keys:
            raise KeyError(key)
        return self._make(key)

    def __iter__(self) -> Iterator[Key]:
        return iter(self._keys)

    def __len__(self) -> int:
        return len(self._keys)


class MadeByKey(MadeEachTime[Key, Made]):
    """Values by key that are made when they are first asked for, and kept."""

    def __init__(self, keys: Iterable[Key], make: Callable[[Key], Made]) -> None:
        super().__init__(keys, make)
        self._made: dict[Key, Made] = {}

    def __getitem__(self, key: Key) -> Made:
        if key not in self._made:
            self._made[key] = super().__getitem__(key)
        return self._made[key]


class MadeInOrder(Sequence[Made]):
    """Values by their places.

    Args:
        many: How many there are.
        make: Makes the value of a place.
    """

    def __init__(self, many: int, make: Callable[[int], Made]) -> None:
        self._places = range(many)
        self._made = MadeByKey(self._places, make)

    @overload
    def __getitem__(self, at: int) -> Made: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[Made]: ...
    def __getitem__(self, at: Any) -> Any:
        if isinstance(at, slice):
            return [self._made[place] for place in self._places[at]]
        return self._made[self._places[at]]

    def __len__(self) -> int:
        return len(self._places)
