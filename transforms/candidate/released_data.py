"""A release's measured fields over cells: what each level makes of them, and the keys by which the release pass knows them."""

from collections import Counter
from collections.abc import Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from beam_deid.transforms.actions.hierarchies.hierarchy_file import read_hierarchy
from beam_deid.transforms.actions.hierarchies.table import TableHierarchy
from beam_deid.transforms.attack.recovery import digest_recoveries, platform_recoveries
from beam_deid.transforms.candidate.openings import Openings, RowLevels
from beam_deid.transforms.columns.combining import combine
from beam_deid.transforms.columns.fingerprint import Fingerprints, fingerprint
from beam_deid.transforms.columns.key_codes import codes, narrow
from beam_deid.transforms.label.evidence import Hit, Recovery
from beam_deid.transforms.label.requirements.direct_identifiers import identifies
from beam_deid.transforms.measure.cells import Cells
from beam_deid.transforms.measure.measured import ReleaseMeasured
from beam_deid.transforms.measure.scanning import Scanned, scan
from beam_deid.transforms.measure.spelling import without_spelling
from beam_deid.transforms.measure.unchanged import still_whole
from beam_deid.transforms.past.views import Past
from beam_deid.transforms.policy.model import Release
from beam_deid.transforms.policy.sensitive_values import matcher_of
from beam_deid.transforms.recognisers.categories.matching import Bits
from beam_deid.transforms.recognisers.in_names import scan_names
from beam_deid.transforms.risk.distances import Scale
from beam_deid.transforms.risk.histogram import Counts
from beam_deid.transforms.risk.measures.measure import Setting
from beam_deid.transforms.risk.probes import Numbers
from beam_deid.transforms.risk.spans import Spans
from beam_deid.transforms.run.job import Job
from beam_deid.transforms.run.layout import Layout
from beam_deid.transforms.search.attribute import Codes
from beam_deid.transforms.terms import Sharing

Level = int | npt.NDArray[np.int64]


class Values(NamedTuple):
    """The values of a sensitive field, those that differ in spelling only as one.

    Attributes:
        numbers: Number of each cell's value, shape (n,); -1 is null.
        many: How many values there are.
        keys: The key of each value, shape (many,).
    """

    numbers: Counts
    many: int
    keys: Fingerprints


class ReleasedData:
    """The measured fields of a release, over the n cells of its run. All arrays are of shape (n,), one entry a cell.

    Args:
        job: The run.
        layout: The release.
        measured: What was measured of it.
        cells: The cells.
        past: What was given out before of the same records.
    """

    def __init__(
        self, job: Job, layout: Layout, measured: ReleaseMeasured, cells: Cells, past: Past | None = None
    ) -> None:
        self.job = job
        self.layout = layout
        self.measured = measured
        self.cells = cells
        self.past = past or Past()
        bases = {name: values for name, values in measured.bases.items() if name in layout.open}
        self._base = {name: self._places(name, values) for name, values in bases.items()}
        self.openings = Openings(self.spec, layout, bases, self._base, self.everything)
        self._coded: dict[tuple[str, int | None], tuple[Counts, int]] = {}
        self._keys: dict[tuple[str, int], Fingerprints] = {}
        self._values: dict[tuple[str, int | None], Values] = {}

    @property
    def spec(self) -> Release:
        """The release as the policy has it."""
        return self.job.policy.releases[self.layout.release]

    @property
    def setting(self) -> Setting:
        """What the figures of measures are measured against."""
        scope = self.layout.scope
        return Setting(
            1 / self.spec.k,
            scope.sharing is Sharing.PUBLIC,
            scope.environment.E,
            scope.linked,
            self.spec.environment.population,
        )

    @property
    def everything(self) -> Counts:
        """Records of each cell that are sound in this release."""
        present = self.cells.present(self.layout.release)
        return self.cells.counts if present.all() else np.where(present, self.cells.counts, 0)

    def coded(self, name: str, levels: RowLevels) -> tuple[Counts, int]:
        """Number of each cell's released value of a field, and how many numbers there may be."""
        level = levels.get(name)
        if isinstance(level, np.ndarray):
            numbers, distinct = codes(self.key(name, levels))
            return numbers, len(distinct)
        if (name, level) not in self._coded:
            numbers, distinct = codes(self.key(name, levels))
            self._coded[name, level] = numbers, len(distinct)
        return self._coded[name, level]

    def key(self, name: str, levels: RowLevels) -> Fingerprints:
        """The key of each cell's released value of a field."""
        if name not in self._base:
            return self.cells.column("value", name, self.layout.release)
        level = levels[name]
        if not isinstance(level, np.ndarray):
            return self._lifted(name, level)
        keys = np.empty(len(level), np.uint64)
        for one in np.unique(level).tolist():
            keys[level == one] = self._lifted(name, one)[level == one]
        return keys

    def keys(self, columns: Sequence[str], levels: RowLevels) -> Fingerprints:
        """Combine the keys of several released fields into one a cell, shape (n,)."""
        return combine([self.key(name, levels) for name in columns], len(self.cells))

    @cached_property
    def hits(self) -> tuple[Hit, ...]:
        """Identifiers in released values, in every label that may be released, and in names: (field, recogniser, count)."""
        hits = self.hit_forms + scan_names(self.layout.fields)
        return tuple(Hit(field, kind, count) for (field, kind), count in sorted(hits.items()))

    @property
    def hit_forms(self) -> Counter[tuple[str, str]]:
        """Identifiers in released values and labels, by (field, recogniser)."""
        return self.measured.scanned.hits + self._hits_in_labels()

    @cached_property
    def foreign(self) -> list[Recovery]:
        """Attacks on digests and platform ciphertexts that came with the data, and are in it at every level."""
        how = self.spec.digests
        scanned = self.measured.scanned
        others = {name: found for name, found in scanned.digests.items() if name not in self.layout.remainders}
        for name, labels in self._labels.items():
            digests = next(
                (one.digests[name] for one in labels if name in one.digests and one.digests[name].suspicious), None
            )
            others |= {} if digests is None else {name: digests}
        return [*digest_recoveries(others, how.tries, how.mobiles), *platform_recoveries(scanned)]

    def _hits_in_labels(self) -> Counter[tuple[str, str]]:
        """Identifiers in the labels of open fields, at every level that may be chosen."""
        return sum((one.hits for labels in self._labels.values() for one in labels), Counter())

    @cached_property
    def _labels(self) -> dict[str, list[Scanned]]:
        """What the labels of open fields look like, at every level that may be chosen, the finest first."""
        found = {}
        for name in self._base:
            if not identifies(self.layout.scope.fields[name]):  # else the label fails for it already
                hierarchy = self.openings.hierarchy(name)
                values = self.measured.bases[name]
                found[name] = [
                    scan(name, pc.unique(hierarchy.at(values, level))) for level in self.openings.choices(name)
                ]
        return found

    def left_whole(self, name: str, levels: RowLevels) -> int:
        """Count the values of a generalized field that are released unchanged, apart from spelling; 0 where it names no persons."""
        whole = self.measured.whole.get(name)
        if whole is None or name not in levels:
            return 0 if whole is None else len(whole)
        own = still_whole(whole)
        count = 0
        for level in np.unique(levels[name]).tolist():
            labels = still_whole(self.openings.hierarchy(name).at(whole, level))
            count = max(count, pc.sum(pc.equal(labels, own)).as_py() or 0)
        return count

    def normal_keys(self, name: str, levels: RowLevels) -> Fingerprints:
        """The key of each cell's value of a sensitive field, shape (n,); spellings of one value share a key."""
        if name not in self._base:
            return self.cells.column("normal", name, self.layout.release)
        level = levels[name]
        if not isinstance(level, np.ndarray):
            return self._normal(name, level)
        keys = np.empty(len(level), np.uint64)
        for one in np.unique(level).tolist():
            keys[level == one] = self._normal(name, one)[level == one]
        return keys

    def listed(self, levels: RowLevels) -> Bits:
        """The lists of sensitive values that each cell's released values are on, shape (n,)."""
        bits = self.cells.column("listed", release=self.layout.release)
        for name in self.layout.listed:
            if name in self._base:
                for one in np.unique(levels[name]).tolist():
                    bits = bits | np.where(levels[name] == one, self._listed_at(name, one), np.uint64(0))
        return bits

    def values(self, name: str, levels: RowLevels) -> Values:
        """Number the values of a sensitive field, shape (n,); values that differ only in spelling have one number, null has -1."""
        level = levels.get(name)
        if isinstance(level, np.ndarray):
            return self._numbered(self.normal_keys(name, levels))
        if (name, level) not in self._values:
            self._values[name, level] = self._numbered(self.normal_keys(name, levels))
        return self._values[name, level]

    def scale(self, name: str, levels: RowLevels, values: Fingerprints | None = None) -> Scale | None:
        """The distances between values of a sensitive field for t-closeness; None where all are equally far apart.

        Args:
            name: The field.
            levels: The levels.
            values: The keys of all released values, ascending, where the cells do not have them all; the same levels for all.
        """
        asked = self.spec.require.t.get(name)
        if asked is None or asked.distance == "equal":
            return None
        if asked.distance == "ordered":
            return self._ordered(name, levels) if values is None else self._ordered_values(name, levels, values)
        hierarchy = TableHierarchy(read_hierarchy(asked.hierarchy))
        texts = self.measured.bases[name]
        leaves = pc.coalesce(hierarchy.base(texts).values, texts)
        groups = [fingerprint(hierarchy.at(leaves, level), self.job.prints) for level in range(len(hierarchy.levels))]
        keys = fingerprint(texts, self.job.prints)
        order = np.argsort(keys)
        return Scale(keys[order], levels=tuple(group[order] for group in [keys, *groups[1:-1], 0 * keys]))

    def _ordered(self, name: str, levels: RowLevels) -> Scale:
        """The distances between the values that the cells have, in the order of the least numbers that they stand for."""
        values, first = np.unique(self.key(name, levels), return_index=True)
        low, _ = self.range(name, levels)
        return _by_least(values, low[first])

    def _ordered_values(self, name: str, levels: RowLevels, values: Fingerprints) -> Scale:
        """The same of some values, shape (v,), ascending."""
        level = levels.get(name, 0)
        assert isinstance(level, int)  # noqa: S101 - whoever has not all cells has the same levels for all
        low, _ = self._spans(name, level).ranges(values)
        return _by_least(values, low)

    def range(self, name: str, levels: RowLevels) -> tuple[Numbers, Numbers]:
        """The least and the greatest number that each cell's released value may stand for at the cell's level.

        All values of the release are asked, whoever has them: the range is the same in every part of the release.
        """
        there = self.cells.present(self.layout.release)
        low = np.full(len(there), np.nan)
        high = np.full(len(there), np.nan)
        keys = self.key(name, levels)
        level = levels[name] if name in self._base else 0
        for one in np.unique(level).tolist():
            rows = np.flatnonzero(there & (level == one))
            low[rows], high[rows] = self._spans(name, one).ranges(keys[rows])
        return low, high

    def _spans(self, name: str, level: int) -> Spans:
        """The ranges of a field's released values at a level."""
        spans = self.measured.spans[name]
        if name not in self._base:
            return spans
        values = self.measured.bases[name]
        own = fingerprint(values, self.job.prints)
        lifted = fingerprint(self.openings.hierarchy(name).at(values, level), self.job.prints)
        order = np.argsort(own)
        return spans.over(lifted[order][np.searchsorted(own[order], spans.keys)])

    def representatives(self, name: str, level: int) -> Fingerprints:
        """The base key of one value that stands for each cell's value of an open field at a level, shape (n,).

        All values that are alike at the level have the same, whatever cells are looked at.
        """
        bases = self.measured.bases[name]
        labels = self.openings.hierarchy(name).at(bases, level).dictionary_encode()
        numbers = labels.indices.fill_null(len(labels.dictionary)).to_numpy(zero_copy_only=False).astype(np.int64)
        first = np.full(len(labels.dictionary) + 1, -1, np.int64)
        first[numbers[::-1]] = np.arange(len(numbers) - 1, -1, -1)
        keys = fingerprint(bases, self.job.prints)
        return np.asarray(keys[first[numbers]][self._base[name]])

    def _numbered(self, keys: Fingerprints) -> Values:
        numbers, distinct = codes(keys)
        null = np.flatnonzero(distinct == self.job.prints.null)
        if len(null):
            place = int(null[0])
            numbers = np.where(numbers == place, -1, np.where(numbers > place, numbers - 1, numbers))
        own = np.delete(distinct, null)
        return Values(numbers, len(own), own)

    def _places(self, name: str, values: pa.Array) -> Codes:
        """Which of the base values each cell has; 0 where it was rejected."""
        keys = self.cells.column("value", name, self.layout.release)
        base = pa.array(fingerprint(values, self.job.prints))
        return narrow(pc.index_in(pa.array(keys), value_set=base).fill_null(0).to_numpy(), len(base))

    def _lifted(self, name: str, level: int) -> Fingerprints:
        if (name, level) not in self._keys:
            texts = self.openings.hierarchy(name).at(self.measured.bases[name], level)
            self._keys[name, level] = fingerprint(texts, self.job.prints)[self._base[name]]
        return self._keys[name, level]

    def _listed_at(self, name: str, level: int) -> Bits:
        labels = self.openings.hierarchy(name).at(self.measured.bases[name], level)
        return matcher_of(self.job.policy.sensitive_values).bits(labels)[self._base[name]]

    def _normal(self, name: str, level: int) -> Fingerprints:
        texts = self.openings.hierarchy(name).at(self.measured.bases[name], level)
        return fingerprint(without_spelling(texts, self.job.policy, name), self.job.prints)[self._base[name]]


def _by_least(values: Fingerprints, low: Numbers) -> Scale:
    """Values with the least number that each stands for; not-a-number comes last."""
    ranks = np.empty(len(values), np.int64)
    ranks[np.argsort(low, kind="stable")] = np.arange(len(values))
    return Scale(values, ranks=ranks)
