"""The one way in which facts of many elements become one."""

from collections.abc import Iterable, Sequence
from typing import Protocol, TypeVar

import apache_beam as beam

from beam_deid.transforms.beam.coders import FactsCoder

Facts = TypeVar("Facts", bound="Mergeable")
_MERGE_AT = 16
"""Facts that are held before they are merged: merging each as it comes would copy the first ones again and again."""


class Mergeable(Protocol):
    """Facts with an associative ``merge``, which of none makes those of nothing."""

    @classmethod
    def merge(cls: type[Facts], parts: Sequence[Facts]) -> Facts:
        """All parts together."""
        ...


class Merge(beam.PTransform):
    """Facts → the facts of all elements, one for each window.

    Args:
        kind: The class of the facts.
        everywhere: Whether there is one in the global window even if there are no elements.
    """

    def __init__(self, kind: type[Mergeable], everywhere: bool = True) -> None:
        super().__init__()
        self._kind = kind
        self._everywhere = everywhere

    def expand(self, facts: beam.PCollection) -> beam.PCollection:
        """Combine them."""
        together = beam.CombineGlobally(MergeFacts(self._kind))
        if not self._everywhere:
            together = together.without_defaults()
        return facts | "Facts" >> together.with_output_types(self._kind)


class MergeFacts(beam.CombineFn):
    """Merges facts of one class. The accumulator is a list that is merged when it grows."""

    def __init__(self, kind: type[Mergeable]) -> None:
        self._kind = kind

    def get_accumulator_coder(self) -> FactsCoder:
        """Facts are not encoded to be measured."""
        return FactsCoder()

    def create_accumulator(self) -> list[Mergeable]:
        """Nothing yet."""
        return []

    def add_input(self, accumulator: list[Mergeable], element: Mergeable) -> list[Mergeable]:
        """Take one in."""
        accumulator.append(element)
        return accumulator if len(accumulator) < _MERGE_AT else [self._kind.merge(accumulator)]

    def merge_accumulators(self, accumulators: Iterable[list[Mergeable]]) -> list[Mergeable]:
        """Join accumulators."""
        joined = [facts for accumulator in accumulators for facts in accumulator]
        return joined if len(joined) < _MERGE_AT else [self._kind.merge(joined)]

    def extract_output(self, accumulator: list[Mergeable]) -> Mergeable:
        """All of it."""
        return self._kind.merge(accumulator)
