"""A measured release at given levels: what would be suppressed, every figure, every join."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from beam_deid.transforms.actions.ladders.hierarchy import HierarchyLadder
from beam_deid.transforms.actions.ladders.hierarchy_file import read_hierarchy
from beam_deid.transforms.columns.fingerprint import Keys, combine, fingerprint, ordered_codes
from beam_deid.transforms.label.evidence import Attack, Recovery
from beam_deid.transforms.label.rule import NEAR_UNIQUE
from beam_deid.transforms.policy.model import Policy
from beam_deid.transforms.policy.roles import linkable
from beam_deid.transforms.records.joined import attack
from beam_deid.transforms.records.layout import CLASSES, HISTORY, SOURCE, WITH_SENSITIVE, Layout
from beam_deid.transforms.records.measuring import ReleaseMeasured
from beam_deid.transforms.records.openings import Levels, Openings
from beam_deid.transforms.records.recovering import ATTACKED, Remains, remainder_recoveries
from beam_deid.transforms.records.requiring import criteria, requirements
from beam_deid.transforms.risk.combinations import combinations
from beam_deid.transforms.risk.distances import Scale
from beam_deid.transforms.risk.distribution import Distribution
from beam_deid.transforms.risk.histogram import Classes, Counts, Histogram, row_digest
from beam_deid.transforms.risk.history import History, histories
from beam_deid.transforms.risk.joining import Numbers, Released
from beam_deid.transforms.risk.linkage import Linked, Side, link
from beam_deid.transforms.risk.measures import all_figures
from beam_deid.transforms.risk.measures.measure import Setting, View
from beam_deid.transforms.risk.measures.sharing import environment_risk
from beam_deid.transforms.search.lattice import Lattice
from beam_deid.transforms.search.requirements import Criterion, Requirements
from beam_deid.transforms.terms import Sharing

Mask = npt.NDArray[np.bool_]
_ROUNDS = 20


@dataclass(frozen=True)
class Cut:
    """Which histogram rows are released at some levels.

    Attributes:
        kept: Rows that are released, shape (n,).
        suppressed: Keys of the suppressed classes, ascending.
        records: Records suppressed.
        satisfied: Whether every class that is left meets what is required within the suppression limit. If not, nothing
            is suppressed: losing records without reaching the aim would help nobody.
    """

    kept: Mask
    suppressed: Keys
    records: int
    satisfied: bool


class Assessor:
    """Answers for one release what its data look like at any levels."""

    def __init__(self, policy: Policy, layout: Layout, measured: ReleaseMeasured, histogram: Histogram) -> None:
        self._policy, self._layout, self._histogram = policy, layout, histogram
        self._spec = policy.releases[layout.release]
        self._bases, self._spans, self._types = measured.bases, measured.spans, measured.types
        self.openings = Openings(self._spec, layout, measured.bases, histogram)
        self._lifted: dict[tuple[str, int], Keys] = {}
        named = histogram.columns.get("subject")
        self._named = named
        self._seen: list[tuple[Keys, Classes]] = []
        # Subjects by number: they are counted many times.
        self.subject = None if named is None else ordered_codes(named)[0].view(np.uint64)

    @property
    def everything(self) -> Mask:
        """A mask of all rows."""
        return np.ones(len(self._histogram.counts), dtype=bool)

    def open_keys(self, levels: Levels) -> dict[str, Keys]:
        """The key of the released value of each open field whose level is given, per histogram row."""
        return {name: self._lift(name, levels[name]) for name in self._layout.open if name in levels}

    def key(self, projection: str, levels: Levels) -> Keys:
        """The key of a projection's released values, per histogram row, shape (n,)."""
        fixed = self._histogram.columns[f"fixed:{projection}"]
        return self._layout.projections[projection].key(fixed, self.open_keys(levels))

    def sensitive(self, levels: Levels) -> dict[str, Keys]:
        """The key of each released sensitive value, per histogram row."""
        opened = self.open_keys(levels)
        columns = self._histogram.columns
        return {name: opened.get(name, columns[f"sensitive:{name}"]) for name in self._layout.sensitive}

    def criteria(self, levels: Levels) -> tuple[Criterion, ...]:
        """What each class must meet."""
        return criteria(self._spec, self._layout.sensitive, self._scales(levels))

    def requirements(self, for_label: bool) -> Requirements:
        """What all classes together must meet: see `beam_deid.transforms.records.requiring`."""
        return requirements(self._spec, for_label)

    def lattice(
        self, choices: Mapping[str, Sequence[int]], rows: Mask | None = None, without: str | None = None
    ) -> Lattice:
        """All nodes over the open fields' levels.

        Args:
            choices: The levels that are open to each field; one for a field that is sensitive.
            rows: Which histogram rows are looked at, shape (n,); all if not given.
            without: A field whose level is not open, and which is left out: see `told_apart`.
        """
        fixed = {name: levels[0] for name, levels in choices.items() if name in self._layout.sensitive}
        together = self._histogram.columns[f"fixed:{CLASSES}"]
        if without is not None and without not in choices:
            rest = [name for name in self._layout.projections[CLASSES].fixed if name != without]
            together = combine([self._histogram.columns[f"field:{name}"] for name in rest], len(together))
        return self.openings.lattice(choices, self.criteria(fixed), self.sensitive(fixed), self.subject, together, rows)

    def told_apart(self, name: str) -> bool:
        """Whether a quasi-identifier whose level is not open was counted by itself."""
        return f"field:{name}" in self._histogram.columns

    def failing(self, levels: Levels, rows: Mask, require: Requirements) -> Mask:
        """Of some rows (n,), looked at by themselves, those whose class misses what is required; shape (n,)."""
        there, counts = np.flatnonzero(rows), self._histogram.counts
        classes, sensitive = self._classes(self.key(CLASSES, levels), rows), self.sensitive(levels)
        poor = np.zeros(len(classes), bool)
        for one in self.criteria(levels):
            numbers, keys = ordered_codes(sensitive[one.field])
            shares = np.bincount(numbers, weights=counts) / counts.sum()
            found = Distribution.counted(classes.numbers, classes.records, numbers[there], keys, counts[there])
            poor |= one.fails(replace(found, reference=shares))
        out = np.zeros(len(rows), bool)
        out[there] = require.suppressed(classes.subjects, poor)[classes.numbers]
        return out

    def cut(self, levels: Levels, require: Requirements, kept: Mask | None = None) -> Cut:
        """Suppress classes that miss what is required, as long as the policy's limit allows.

        Args:
            levels: The levels.
            require: What all classes together must meet.
            kept: Rows that are not suppressed yet, shape (n,); all if not given.
        """
        histogram, keys, sensitive = self._histogram, self.key(CLASSES, levels), self.sensitive(levels)
        asked, everything = self.criteria(levels), self.everything
        allowed = require.allowed(histogram.records)
        kept = everything if kept is None else kept
        for _ in range(_ROUNDS):
            rows = np.flatnonzero(kept)
            lost = histogram.records - int(histogram.counts[rows].sum())
            if len(rows) == 0 or lost > allowed:
                break
            classes = self._classes(keys, kept)
            poor = classes.subjects < require.smallest
            if lost + int(classes.records[poor].sum()) > allowed:
                break
            for name in dict.fromkeys(one.field for one in asked):
                found = Distribution.of(classes, histogram.counts[rows], sensitive[name][rows])
                for one in asked:
                    if one.field == name:
                        poor |= one.fails(found)
            poor = require.suppressed(classes.subjects, poor)
            if not poor.any():
                return Cut(kept, np.unique(keys[~kept]), lost, True)
            kept = kept.copy()
            kept[rows[poor[classes.numbers]]] = False
        return Cut(everything, np.empty(0, np.uint64), 0, False)

    def view(self, levels: Levels, kept: Mask) -> View:
        """The released rows as the measures see them."""
        spec, rows = self._spec, np.flatnonzero(kept)
        subject = None if self.subject is None else self.subject[rows]
        counts = self._histogram.counts[rows]
        public = spec.sharing == Sharing.PUBLIC
        setting = Setting(
            1 / spec.k, public, environment_risk(public, **spec.environment.model_dump(exclude={"population"})),
            linkable(self._policy, self._layout.release), spec.environment.population,
        )  # fmt: skip
        classes = self._classes(self.key(CLASSES, levels), kept)
        sensitive = {name: keys[rows] for name, keys in self.sensitive(levels).items()}
        return View(classes, counts, subject, setting, sensitive, self._scales(levels))

    def _scales(self, levels: Levels) -> dict[str, Scale]:
        """How far the values of sensitive fields are apart, where the policy says that not all are equally far."""
        scales = {}
        for name, asked in self._spec.require.t.items():
            if asked.distance == "ordered":
                values, first = np.unique(self.sensitive(levels)[name], return_index=True)
                low, _ = self._range(name, levels)
                ranks = np.empty(len(values), np.int64)
                ranks[np.argsort(low[first], kind="stable")] = np.arange(len(values))  # not-a-number comes last
                scales[name] = Scale(values, ranks=ranks)
            elif asked.hierarchy is not None:
                ladder = HierarchyLadder(read_hierarchy(asked.hierarchy))
                texts = self._bases[name]
                leaves = pc.coalesce(ladder.base(texts).values, texts)
                groups = [fingerprint(ladder.at(leaves, level)) for level in range(len(ladder.levels))]
                keys = fingerprint(texts)
                order = np.argsort(keys)
                scales[name] = Scale(keys[order], levels=tuple(group[order] for group in [keys, *groups[1:-1], 0 * keys]))
        return scales

    def further(self, levels: Levels, kept: Mask) -> dict[str, dict[str, Any]]:
        """What the policy requires beside k, distinct l, t and R, of what is released: ``measured, limit, passed, detail``."""
        if not kept.any():
            return {}
        view, told = self.view(levels, kept), {}
        for one in self.criteria(levels):
            if one.name.partition(":")[0] not in ("l", "t"):
                found = view.distributions[one.field]
                worst = one.worst(found)
                told[one.name] = {
                    "measured": worst if np.isfinite(worst) else None, "limit": one.limit,
                    "passed": not one.fails(found).any(),
                    "detail": "of the worst class" + (", which must be below the limit" if one.below else ""),
                }  # fmt: skip
        most = self._spec.require.average_risk
        if most is not None:
            average = len(view.classes) / float(view.classes.subjects.sum())
            told["average_risk"] = {
                "measured": average, "limit": most, "passed": average <= most + 1e-12, "detail": "classes by people"
            }  # fmt: skip
        return told

    def figures(self, levels: Levels, kept: Mask) -> dict[str, object]:
        """All figures of the released rows; empty if there are none."""
        return all_figures(self.view(levels, kept)) if kept.any() else {}

    def joins(self, levels: Levels, kept: Mask) -> list[Attack]:
        """The joins that are always made, and those with attackers who have no table of their own."""
        limit = self.link_limit
        attacks = []
        made: dict[frozenset[str], Linked] = {}
        for name, projection in self._layout.projections.items():
            if name in (CLASSES, HISTORY) or self.has_table(name):
                continue
            same = frozenset(projection.fields)
            if same not in made:
                made[same] = self._self_join(self.key(name, levels), kept)
            attacks.append(attack(name, projection.fields, made[same], limit))
        for name, values in self.sensitive(levels).items():
            attacks.append(attack(f"sensitive:{name}", (name,), self._self_join(values, kept), NEAR_UNIQUE))
        if self._layout.sensitive:
            known = [self.key(SOURCE, levels), *self.sensitive(levels).values()]
            linked = self._self_join(combine(known, len(kept)), kept)
            fields = tuple(dict.fromkeys([*self._layout.projections[SOURCE].fields, *self._layout.sensitive]))
            attacks.append(attack(WITH_SENSITIVE, fields, linked, self._spec.require.link_sensitive))
        return attacks

    def holds(self, levels: Levels, cut: Cut) -> bool:
        """Whether classes meet what is required, and no join links more than it may."""
        return cut.satisfied and all(join.limit is None or join.share <= join.limit for join in self.joins(levels, cut.kept))

    def links_too_many(self, levels: Levels, require: Requirements) -> str | None:
        """A join that links too many at levels and at all finer ones; None if there is none.

        Whoever is linked to exactly one person is so at finer levels, too, unless their records are suppressed.
        """
        lost = require.allowed(self._histogram.records)
        for join in self.joins(levels, self.everything):
            if join.limit is not None and join.linked - lost > join.limit * join.subjects:
                return f"join:{join.name}"
        return None

    def history(self, levels: Levels, kept: Mask) -> list[History] | None:
        """What points of a subject's history do: combinations of what the policy names, or of all but what takes a key.

        None where records of one subject cannot be told.
        """
        if self.subject is None or not kept.any():
            return None
        rows = np.flatnonzero(kept)
        if HISTORY in self._layout.projections:
            points = self.key(HISTORY, levels)[rows]
        else:
            points = combine([self.key(SOURCE, levels), *self.sensitive(levels).values()], len(kept))[rows]
        subject = self.subject[rows]
        return histories(Classes(points, self._histogram.counts[rows], subject), subject)

    def combinations(self, levels: Levels, kept: Mask) -> dict[str, Any]:
        """Which quasi-identifiers single people out together, as `Label` names it; nothing where the policy does not ask."""
        if not self._spec.combinations or not kept.any():
            return {}
        rows, opened = np.flatnonzero(kept), self.open_keys(levels)
        fields = {
            name: (opened[name] if name in opened else self._histogram.columns[f"field:{name}"])[rows]
            for name in self._layout.quasi
        }  # fmt: skip
        subject = None if self.subject is None else self.subject[rows]
        found = combinations(fields, self._histogram.counts[rows], subject, self._spec.combinations)
        return {"combinations": tuple(map(asdict, found.found)), "contributions": found.contributions}

    def recoveries(self, levels: Levels, kept: Mask) -> list[Recovery]:
        """Attacks on what masks and pseudonyms still show."""
        layout = self._layout
        if not (layout.remainders or layout.matched) or not kept.any():
            return []
        rows = np.flatnonzero(kept)
        columns = {name: keys[rows] for name, keys in self._histogram.columns.items() if name.partition(":")[0] in ATTACKED}
        columns |= {f"alone:{name}": keys[rows] for name, keys in self.open_keys(levels).items() if name in layout.remainders}
        subject = None if self.subject is None else self.subject[rows]
        joined = int(self._classes(self.key(CLASSES, levels), kept).subjects.min())
        remains = Remains(columns, self._histogram.counts[rows], subject, joined)
        return remainder_recoveries(self._policy, layout, remains, self._types)

    def released(self, projection: str, near: Sequence[str], levels: Levels, kept: Mask) -> Released:
        """The released rows as one side of a join with a table that knows the fields in ``near`` nearly."""
        rows = np.flatnonzero(kept)
        subject = None if self._named is None else self._named[rows]
        ranges = [self._range(name, levels) for name in near]
        low, high = (
            np.stack([one[side][rows] for one in ranges], axis=1) if ranges else np.empty((len(rows), 0)) for side in (0, 1)
        )
        return Released(self.key(projection, levels)[rows], self._histogram.counts[rows], subject, low, high)

    def _range(self, name: str, levels: Levels) -> tuple[Numbers, Numbers]:
        keys = self._histogram.columns[f"near:{name}"]
        return self._spans[name].over(keys, self._lift(name, levels[name]) if name in levels else keys)

    def proof(self, levels: Levels, kept: Mask) -> tuple[Keys, Counts, int]:
        """What the release pass must find again: class keys and records, and a digest of all measured columns."""
        rows = np.flatnonzero(kept)
        counts = self._histogram.counts[rows]
        keys = self.key(CLASSES, levels)
        classes = self._classes(keys, kept)
        keys = keys[rows]
        parts = [keys, self.key(SOURCE, levels)[rows], *(v[rows] for v in self.sensitive(levels).values())]
        if self._named is not None:
            parts.append(self._named[rows])
        digest = row_digest(parts, counts)
        return classes.keys, classes.records, digest

    @property
    def link_limit(self) -> float:
        """The share of subjects that a join may link to exactly one."""
        return self._spec.link

    def has_table(self, projection: str) -> bool:
        """Whether a projection is that of an attacker with a table, or a release, of its own."""
        kind, _, name = projection.partition(":")
        if kind != "attacker":
            return False
        return self._spec.attackers[name].table is not None or self._spec.attackers[name].release is not None

    def _classes(self, keys: Keys, kept: Mask) -> Classes:
        """The classes of the kept rows; those of the last two keys are remembered while everything is kept."""
        if not kept.all():
            subject = None if self.subject is None else self.subject[kept]
            return Classes(keys[kept], self._histogram.counts[kept], subject)
        for seen, classes in self._seen:
            if seen is keys or np.array_equal(seen, keys):
                return classes
        classes = Classes(keys, self._histogram.counts, self.subject)
        self._seen = [*self._seen[-1:], (keys, classes)]
        return classes

    def _self_join(self, keys: Keys, kept: Mask) -> Linked:
        everything = Side(keys, self._histogram.counts, self.subject)
        released = everything
        if not kept.all():
            rows = np.flatnonzero(kept)
            subject = None if self.subject is None else self.subject[rows]
            released = Side(keys[rows], self._histogram.counts[rows], subject)
        classes = self._classes(keys, kept)
        return link(released, everything, same_rows=kept.astype(np.int64), classes=classes)

    def _lift(self, name: str, level: int | npt.NDArray[np.int64]) -> Keys:
        if isinstance(level, np.ndarray):
            keys = np.empty(len(level), np.uint64)
            for one in np.unique(level).tolist():
                keys[level == one] = self._lift(name, one)[level == one]
            return keys
        if (name, level) not in self._lifted:
            values = self._bases[name]
            lifted = fingerprint(self.openings.ladder(name).at(values, level))
            base = pa.array(fingerprint(values))
            rows = pc.index_in(pa.array(self._histogram.columns[f"open:{name}"]), value_set=base)
            self._lifted[name, level] = lifted[rows.to_numpy()]
        return self._lifted[name, level]


