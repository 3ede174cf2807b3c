"""What is counted of a dataset, batch by batch."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from beam_deid.transforms.columns.combining import combine
from beam_deid.transforms.columns.fingerprint import FingerprintKey, fingerprint
from beam_deid.transforms.dataset.question import Question
from beam_deid.transforms.measure.scanning import Scanned, Scanner
from beam_deid.transforms.recognisers.platforms.linkable import linkable_shapes
from beam_deid.transforms.risk.histogram import Histogram


@dataclass
class Counted:
    """What was counted of a dataset; mergeable, and free of values.

    Attributes:
        fields: All columns.
        records: Records.
        histogram: Distinct combinations; columns ``quasi``, ``subject``, ``field:NAME``, ``token:NAME``. None without records.
        scanned: What values look like.
    """

    fields: tuple[str, ...] = ()
    records: int = 0
    histogram: Histogram | None = None
    scanned: Scanned = field(default_factory=Scanned)

    @classmethod
    def merge(cls, parts: Sequence["Counted"]) -> "Counted":
        """All parts together; associative."""
        histograms = [part.histogram for part in parts if part.histogram is not None]
        return cls(
            next((part.fields for part in parts if part.fields), ()),
            sum(part.records for part in parts),
            Histogram.merge(histograms) if histograms else None,
            Scanned.merge([part.scanned for part in parts]),
        )


class Counting:
    """Counts a dataset, batch by batch.

    Args:
        question: What is asked.
        key: The key of all fingerprints of this dataset.
    """

    def __init__(self, question: Question, key: FingerprintKey) -> None:
        self._question = question
        self._key = key
        self._scanner = Scanner()
        self._began = False
        self._done: list[Counted] = []

    def add(self, columns: Mapping[str, pa.Array]) -> None:
        """Count some records: all their columns, of one length."""
        length = len(next(iter(columns.values()))) if columns else 0
        question = self._question
        if not self._began:
            self._scanner = Scanner(linkable_shapes(tuple(columns)))
            self._began = True
        fields = {name: fingerprint(columns[name], self._key) for name in question.counted}
        keys = {f"field:{name}": fields[name] for name in question.counted}
        keys |= {f"token:{name}": fingerprint(columns[name], self._key) for name in question.frequencies}
        keys["quasi"] = combine((fields[name] for name in question.quasi), length)
        if question.subject is not None:
            keys["subject"] = fingerprint(columns[question.subject], self._key)
        for name, column in columns.items():
            self._scanner.add(name, column)
        self._done.append(
            Counted(tuple(columns), length, Histogram.of(keys, np.ones(length, np.int64)) if length else None)
        )

    def result(self) -> Counted:
        """Everything that was counted."""
        counted = Counted.merge(self._done) if self._done else Counted()
        counted.scanned = self._scanner.result()
        self._done = [counted]
        return counted

    def parts(self) -> list[Counted]:
        """The same, merged only if rows repeat: whoever merges further would otherwise copy all of them twice."""
        if Histogram.repeat([part.histogram for part in self._done if part.histogram is not None]):
            return [self.result()]
        return [*self._done, Counted(scanned=self._scanner.result())]
