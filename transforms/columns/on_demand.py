"""What is made when it is first asked for, and kept: columns that a bucket has and that a task may not need."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar, overload

Key = TypeVar("Key")
Made = TypeVar("Made", covariant=True)


class MadeByKey(Mapping[Key, Made]):
    """Values by key.

    Args:
        keys: The keys.
        make: Makes the value of a key.
    """

    def __init__(self, keys: Iterable[Key], make: Callable[[Key], Made]) -> None:
        self._keys = dict.fromkeys(keys)
        self._make = make
        self._made: dict[Key, Made] = {}

    def __getitem__(self, key: Key) -> Made:
        if key not in self._keys:
            raise KeyError(key)
        if key not in self._made:
            self._made[key] = self._make(key)
        return self._made[key]

    def __iter__(self) -> Iterator[Key]:
        return iter(self._keys)

    def __len__(self) -> int:
        return len(self._keys)


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
