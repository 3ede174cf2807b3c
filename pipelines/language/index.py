"""Which of many templates a text may be made from, found by a word that each of them surely puts into its texts."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Generic, TypeVar

from beam_deid.pipelines.language.template import Template

Other = TypeVar("Other")


class TemplateIndex(Generic[Other]):
    """Templates, each with something of its own, in an order.

    Args:
        pairs: The templates and what is theirs, the one to be tried first at the beginning.
    """

    def __init__(self, pairs: Sequence[tuple[Template, Other]]) -> None:
        self._pairs = pairs
        words = [one.words for one, _ in pairs]
        often = Counter(word for some in words for word in some)
        self._without: list[int] = []
        self._by_word: dict[str, list[int]] = {}
        for number, some in enumerate(words):
            if some:
                rarest = min(some, key=lambda word: (often[word], word))
                self._by_word.setdefault(rarest, []).append(number)
            else:
                self._without.append(number)

    def candidates(self, text: str) -> Iterator[tuple[Template, Other]]:
        """All that a text may be made from, and some others, in their order."""
        numbers = [number for word in {*text.split(" ")} for number in self._by_word.get(word, ())]
        return (self._pairs[number] for number in sorted([*numbers, *self._without]))
