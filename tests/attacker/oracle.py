"""An attacker who holds the source and whatever a run published, and asks whether the label is true.

It shares no code with the product: it reads the policy and the published files, makes each release again from the source in
pandas, and counts the persons behind every released row. It never reports what may be right: where rows were left out of a
combination nobody can say which, so persons are counted between bounds, and only what is wrong at both is a finding.
"""

import itertools
import json
import math
import re
import unicodedata
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import yaml

from .persons import HIDDEN, Codes, identities, roles
from .rebuild import candidates, explains, texts_of, written

K = {"public": 20, "controlled": 5, "enclave": 3}
GAIN = {"public": 0.5, "controlled": 0.75, "enclave": 0.9}
DIFFERENCE = 0.25
DOMINANCE = {"public": 0.5, "controlled": 0.7, "enclave": 0.85}
NEAR = 1e-9


@dataclass(frozen=True)
class Finding:
    """What is wrong with a label that says `anonymized`.

    Attributes:
        line: The line of the label rule that does not hold; 0 where the release is not what the policy makes of its source.
        release: The release that bears the label.
        test: The test that should have failed, as a label names it.
        detail: What was found.
    """

    line: int
    release: str
    test: str
    detail: str


@dataclass
class Seen:
    """A published release beside its source.

    Attributes:
        name: Of the release.
        spec: Its part of the policy.
        label: Its label.
        table: The released rows in the order of the files, dictionaries as plain text.
        values: The released columns as `written`.
        made: Of those columns that can be made again: what they hold for each record of the source.
        link: For each released row a number of its combination over the columns that can be made again.
        source_link: The same for each record of the source; -1 where no released row has its combination.
    """

    name: str
    spec: dict[str, Any]
    label: dict[str, Any]
    table: pa.Table
    values: pd.DataFrame
    made: dict[str, pd.Series] = field(default_factory=dict)
    link: Codes = field(default_factory=lambda: np.zeros(0, np.int64))
    source_link: Codes = field(default_factory=lambda: np.zeros(0, np.int64))

    @property
    def anonymized(self) -> bool:
        """Whether the label says so."""
        return bool(self.label["label"] == "anonymized")

    @property
    def k(self) -> int:
        """The least number of persons of a group."""
        return max(K[self.spec["sharing"]], (self.spec.get("require") or {}).get("k") or 0)

    def least(self, name: str) -> int:
        """The least number of values of a sensitive column in a group."""
        asked = ((self.spec.get("require") or {}).get("l") or {}).get(name)
        return max(2, (asked.get("distinct") if isinstance(asked, dict) else asked) or 2)


def attack(source: pa.Table, policy: dict[str, Any] | str | Path, out: str | Path) -> list[Finding]:
    """Everything that is wrong with the labels below ``out`` that say `anonymized`; empty if nothing is.

    Args:
        source: All records that were read, in their order, with whatever names people.
        policy: The policy as a mapping, or the path of its file.
        out: The folder that the run left.
    """
    policy = policy if isinstance(policy, dict) else yaml.safe_load(Path(policy).read_text("utf-8"))
    source = _accepted(source, Path(out))
    seen = [_read(Path(out) / name, name, spec) for name, spec in policy["releases"].items()]
    published = [one for one in seen if one is not None]
    who = identities(source, policy)
    found: list[Finding] = []
    for one in published:
        if one.anonymized or (one.spec.get("expect") != "still_personal"):
            found += [finding for finding in _linked(one, source, policy, Path(out)) if one.anonymized]
    for one in published:
        if one.anonymized:
            found += _identifiers(one, source, policy)
            found += _restorable(one, policy)
            found += _order(one)
            if who is None:
                found.append(Finding(3, one.name, "k", "no subject: persons cannot be counted"))
            else:
                found += Attack(one, policy, who).findings()
                found += _attackers(one, policy, who)
    if who is not None:
        for one, other in itertools.combinations(published, 2):
            if "still_personal" not in (one.spec.get("expect"), other.spec.get("expect")) and (
                one.anonymized or other.anonymized
            ):
                found += _composition(one, other, policy, who)
    return found


def _rejected(out: Path) -> pd.DataFrame:
    path = out / "rejected.parquet"
    return pq.read_table(path).to_pandas() if path.exists() else pd.DataFrame({"row": [], "release": []})


def _accepted(source: pa.Table, out: Path) -> pa.Table:
    """The source without the records that the run rejected for all releases; of one Parquet file, whose rows count from 1."""
    rejected = _rejected(out)
    keep = np.ones(source.num_rows, bool)
    keep[rejected.loc[rejected["release"].fillna("") == "", "row"].to_numpy(np.int64) - 1] = False
    return source if keep.all() else source.filter(pa.array(keep))


def _read(folder: Path, name: str, spec: dict[str, Any]) -> Seen | None:
    if not (folder / "label.json").exists():
        return None
    label = json.loads((folder / "label.json").read_text("utf-8"))
    parts = sorted(folder.glob("part-*.parquet"))
    if not parts:
        if list(folder.glob("part-*")) and label["label"] == "anonymized":
            raise ValueError("the attacker reads Parquet alone")
        return None
    table = pa.concat_tables([pq.read_table(path).replace_schema_metadata() for path in parts])
    table = pa.table({column: texts_of(table.column(column)) for column in table.column_names})
    return Seen(
        name, spec, label, table, pd.DataFrame({column: written(table.column(column)) for column in table.column_names})
    )


def _refused(one: Seen, out: Path) -> int:
    """How many records were rejected for this release alone."""
    rejected = _rejected(out)
    return int(rejected.loc[rejected["release"] == one.name, "row"].nunique())


def _linked(one: Seen, source: pa.Table, policy: dict[str, Any], out: Path) -> list[Finding]:
    """Make what can be made of a release again, and find the records that its rows may stand for."""
    ways: dict[str, list[pd.Series]] = {}
    for name in one.table.column_names:
        made = candidates(
            name,
            one.spec["fields"].get(name, "keep"),
            policy["fields"].get(name, {"role": "insensitive"}),
            source,
            policy,
            one.label,
            one.table.schema.field(name).type,
        )
        fitting = [series for each in made if explains(series := each.reset_index(drop=True), one.values[name])]
        if fitting:
            ways[name] = fitting
    # Times that are numbers may be meant in one zone or another: the way that explains most rows is the release's.
    over = -1
    for choice in itertools.islice(itertools.product(*ways.values()), 16):
        made = dict(zip(ways, choice, strict=True))
        unexplained, link, source_link = _links(one, made, source.num_rows)
        if over < 0 or unexplained < over:
            over = unexplained
            one.made = made
            one.link = link
            one.source_link = source_link
    many = source.num_rows
    rows = one.table.num_rows
    found = []
    if over:
        found.append(Finding(0, one.name, "rows", f"{over} rows are of no record"))
    share = (one.spec.get("require") or {}).get("suppression") or 0.0
    missing = many - rows - _refused(one, out)
    if missing > share * many + 1 - NEAR:
        found.append(Finding(0, one.name, "suppression", f"{missing} of {many} records are missing, more than {share}"))
    if rows == 0:
        found.append(Finding(3, one.name, "k", "nothing is released, so nothing was measured"))
    return found


def _links(one: Seen, made: dict[str, pd.Series], many: int) -> tuple[int, Codes, Codes]:
    """How many released rows are of no record, and the links of rows and of records; see `Seen`."""
    columns = [pd.concat([series, one.values[name]], ignore_index=True) for name, series in made.items()]
    joint = _joint(columns, many + one.table.num_rows)
    source_link = joint[:many].copy()
    link = joint[many:]
    size = int(joint.max(initial=-1)) + 1
    have = np.bincount(source_link, minlength=size)
    want = np.bincount(link, minlength=size)
    source_link[want[source_link] == 0] = -1
    return int(np.maximum(want - have, 0).sum()), link, source_link


def _joint(columns: list[pd.Series], length: int) -> Codes:
    """A number for each combination of values, null being a value: int64 of shape (length,)."""
    codes = np.zeros(length, np.int64)
    for column in columns:
        own = pd.factorize(column, use_na_sentinel=False)[0].astype(np.int64)
        codes = pd.factorize(codes * (int(own.max(initial=0)) + 1) + own)[0].astype(np.int64)
    return codes


@dataclass
class Cells:
    """The combinations of all released columns, and the records each may stand for.

    Attributes:
        rows: The number of released rows of each cell.
        first: A released row of each.
        exact: Whether the records of a cell are known: as many as there are.
        record: For each pair of a cell and a record that it may stand for, the record; (pairs,).
        cell: The cell of each pair.
        missing: How many records of a cell's candidates stand elsewhere or nowhere.
    """

    rows: Codes
    first: Codes
    exact: np.ndarray
    record: Codes
    cell: Codes
    missing: Codes

    @classmethod
    def of(cls, one: Seen) -> "Cells":
        """The cells of a release."""
        cell = _joint([one.values[name] for name in one.values], one.table.num_rows)
        _, first, rows = np.unique(cell, return_index=True, return_counts=True)
        link = one.link[first]
        have = np.bincount(one.source_link[one.source_link >= 0], minlength=int(link.max(initial=0)) + 1)
        missing = have[link] - rows
        # Records by link, then a stretch of them for each cell.
        order = np.argsort(one.source_link, kind="stable")
        order = order[np.count_nonzero(one.source_link < 0) :]
        starts = np.concatenate([[0], np.cumsum(have)])
        sizes = have[link]
        offset = np.arange(int(sizes.sum())) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        record = order[np.repeat(starts[link], sizes) + offset]
        return cls(rows, first, missing == 0, record, np.repeat(np.arange(len(rows)), sizes), missing)


class Attack:
    """Lines 3 to 5 on one release."""

    def __init__(self, one: Seen, policy: dict[str, Any], who: dict[str, Codes]) -> None:
        self.one = one
        self.policy = policy
        self.who = who
        self.cells = Cells.of(one)
        self.columns = list(one.values)
        given = {name: roles(policy["fields"].get(name, {"role": "insensitive"})) for name in self.columns}
        self.sensitive = [name for name in self.columns if "sensitive" in given[name]]
        self.rest = [name for name in self.columns if given[name] != {"sensitive"}]
        self.found: list[Finding] = []

    def findings(self) -> list[Finding]:
        """Whatever is wrong."""
        if self.one.table.num_rows == 0:
            return []
        self._k("k", self.rest)
        if self.one.spec["sharing"] == "public":
            self._k("k_all", self.columns)
        else:
            for name in self.sensitive:
                self._k(f"k_without:{name}", [column for column in self.columns if column != name])
        for name in self.sensitive:
            self._values(name)
            self._inference(name)
        self._dominance()
        return self.found

    def _tell(self, line: int, test: str, detail: str) -> None:
        self.found.append(Finding(line, self.one.name, test, detail))

    def groups(self, columns: list[str]) -> Codes:
        """The group of each cell: int64 of shape (cells,)."""
        cells = self.one.values.iloc[self.cells.first]
        return _joint([cells[name] for name in columns], len(self.cells.first))

    def most(self, groups: Codes) -> Codes:
        """No more persons than this are in each group, by the identity that has the fewest; groups of -1 are left out."""
        least: Codes | None = None
        for person in self.who.values():
            bound = self._most_by(groups, person)
            least = bound if least is None else np.minimum(least, bound)
        return least if least is not None else np.zeros(0, np.int64)

    def _most_by(self, groups: Codes, person: Codes) -> Codes:
        cells = self.cells
        many = int(groups.max(initial=-1)) + 1
        group = groups[cells.cell]
        who = person[cells.record]
        use = (group >= 0) & (who >= 0)
        union = _distinct(group[use], who[use], many)
        sure = _distinct(group[use & cells.exact[cells.cell]], who[use & cells.exact[cells.cell]], many)
        # Of a cell with records left out no more persons than rows.
        partial = ~cells.exact & (groups >= 0)
        extra = np.bincount(groups[partial], cells.rows[partial], minlength=many).astype(np.int64)
        return np.minimum(union, sure + extra)

    def least_by(self, groups: Codes, person: Codes) -> Codes:
        """No fewer persons than this are in each group."""
        cells = self.cells
        many = int(groups.max(initial=-1)) + 1
        group = groups[cells.cell]
        who = person[cells.record]
        use = (group >= 0) & (who >= 0) & cells.exact[cells.cell]
        return _distinct(group[use], who[use], many)

    def _k(self, test: str, columns: list[str]) -> None:
        groups = self.groups(columns)
        most = self.most(groups)
        small = np.flatnonzero(most < self.one.k)
        if len(small):
            at = int(np.flatnonzero(groups == small[0])[0])
            values = self.one.values.iloc[int(self.cells.first[at])][columns].to_dict()
            self._tell(
                3, test, f"{len(small)} groups of fewer than {self.one.k} persons; one of {most[small[0]]}: {values}"
            )

    def _values(self, name: str) -> None:
        most = self.most(self.groups([name]))  # null is a value of its own
        few = np.flatnonzero(most < self.one.k)
        if len(few):
            self._tell(
                3, f"k_values:{name}", f"{len(few)} values of fewer than {self.one.k} persons; the least {most[few[0]]}"
            )

    def _inference(self, name: str) -> None:
        """Line 4, by rows where no identity is asked for, and by each identity."""
        cells = self.cells
        sharing = self.one.spec["sharing"]
        groups = self.groups([column for column in self.rest if column != name])
        spelling = _meanings(self.one.values[name].iloc[cells.first], (self.policy.get("same") or {}).get(name) or {})
        value = pd.factorize(spelling)[0].astype(np.int64)
        many = int(groups.max(initial=-1)) + 1
        distinct = _distinct(groups[value >= 0], value[value >= 0], many)
        least = self.one.least(name)
        if (distinct < least).any():
            self._tell(4, f"l:{name}", f"{int((distinct < least).sum())} groups hold fewer than {least} values")
        # The group and the value of each cell as one number.
        pair = np.where(value >= 0, groups * (int(value.max(initial=0)) + 1) + value, -1)
        codes, pairs = np.unique(pair[pair >= 0], return_inverse=True)
        of_pair = np.full(len(pair), -1, np.int64)
        of_pair[pair >= 0] = pairs
        size = int(value.max(initial=0)) + 1
        whole = np.zeros(len(groups), np.int64)
        for identity, person in self.who.items():
            inside = self._most_by(groups, person)
            everyone = self.least_by(whole, person)
            with_value = self.least_by(of_pair, person)
            overall = self._most_by(value, person)
            if not len(codes) or not everyone.sum():
                continue
            sure = np.zeros(len(codes), np.int64)
            sure[: len(with_value)] = with_value
            p_group = sure / np.maximum(inside[codes // size], 1)
            p_release = np.minimum(overall[codes % size] / everyone[0], 1.0)
            gain = np.where(p_release < 1, (p_group - p_release) / np.where(p_release < 1, 1 - p_release, 1), 0.0)
            over = (gain > GAIN[sharing] + NEAR) & (p_group - p_release > DIFFERENCE + NEAR)
            if over.any():
                worst = float(gain[over].max())
                self._tell(
                    4,
                    f"gain:{name}",
                    f"{int(over.sum())} times a gain above {GAIN[sharing]}; {worst:.3f} by {identity}",
                )
                return

    def _dominance(self) -> None:
        cells = self.cells
        limit = DOMINANCE[self.one.spec["sharing"]]
        groups = self.groups(self.rest)
        rows = np.bincount(groups, cells.rows)
        for identity, person in self.who.items():
            who = person[cells.record]
            own = (
                pd.DataFrame({"cell": cells.cell[who >= 0], "who": who[who >= 0]})
                .value_counts()
                .reset_index(name="rows")
            )
            own["sure"] = np.maximum(own["rows"] - cells.missing[own["cell"]], 0)
            own["group"] = groups[own["cell"]]
            most = own.groupby(["group", "who"])["sure"].sum().groupby("group").max()
            share = most / rows[most.index]
            if (share > limit + NEAR).any():
                many = int((share > limit + NEAR).sum())
                detail = f"in {many} groups one has more than {limit} of the rows; {share.max():.3f} by {identity}"
                self._tell(5, "dominance", detail)
                return


def _distinct(group: Codes, other: Codes, many: int) -> Codes:
    """The number of distinct ``other`` of each group: int64 of shape (many,)."""
    if not len(group):
        return np.zeros(many, np.int64)
    pairs = np.unique(group * (int(other.max()) + 1) + other)
    return np.bincount(pairs // (int(other.max()) + 1), minlength=many).astype(np.int64)


SIMPLE = str.maketrans("藥劑電腦壯陽護膚補腎減產婦兒裝書戶鞋類", "药剂电脑壮阳护肤补肾减产妇儿装书户鞋类")


def _meanings(values: pd.Series, same: dict[str, list[str]]) -> pd.Series:
    """What values say, whatever their spelling; null stays null."""

    def meaning(value: str) -> str:
        text = HIDDEN.sub("", unicodedata.normalize("NFKC", str(value))).casefold().translate(SIMPLE)
        return re.sub(r"\s+", " ", text).strip()

    merged = {meaning(other): meaning(one) for one, others in same.items() for other in others}
    known = {value: meaning(_untagged(value)) for value in values.dropna().unique()}
    known = {value: merged.get(text, text) for value, text in known.items()}
    return values.map(known).astype(object).where(values.notna(), None)


def _untagged(value: str) -> str:
    tag, _, text = value.partition(":")
    return repr(float(np.int64(int(text)).view(np.float64)) + 0.0) if tag == "f" else text


def _identifiers(one: Seen, source: pa.Table, policy: dict[str, Any]) -> list[Finding]:
    """Line 1: no direct identifier is released, and no value of one stands anywhere."""
    found = []
    fields = policy["fields"]
    known: set[str] = set()
    for name, spec in fields.items():
        if (
            name in source.column_names
            and "direct_identifier" in roles(spec)
            and not pa.types.is_nested(source.column(name).type)
        ):
            texts = source.column(name).to_pandas().dropna().astype(str).unique()
            known |= {text.strip().casefold() for text in texts if len(text.strip()) >= 7 and "*" not in text}
    for name in one.table.column_names:
        told = one.label["fields"].get(name, {})
        action = one.spec["fields"].get(name, "keep")
        action = action if isinstance(action, str) else next(iter(action))
        open_ = action in ("keep", "mask", "hash", "tokenize", "fpe", "encrypt", "shift")
        if "direct_identifier" in roles(fields.get(name, {"role": "insensitive"})) and (
            open_ or told.get("recoverability") in ("clear", "partial", "keyed")
        ):
            found.append(Finding(1, one.name, "direct_identifiers", f"{name} names people and is released by {action}"))
        texts = {_untagged(value) for value in one.values[name].dropna().unique() if value[:2] in ("s:", "i:")}
        own = "direct_identifier" in roles(fields.get(name, {"role": "insensitive"}))  # named already
        hits = [
            text for text in texts if (text.strip().casefold() in known and not own) or MOBILE.search(_digits(text))
        ]
        if hits:
            found.append(Finding(1, one.name, "value_scan", f"{name} holds {len(hits)} values of direct identifiers"))
        if MOBILE.search(_digits(name)):
            found.append(Finding(1, one.name, "value_scan", "the name of a column holds a mobile"))
    return found


MOBILE = re.compile(r"(?<!\d)(?:\+?86)?1[3-9]\d{9}(?!\d)")


def _digits(text: str) -> str:
    return re.sub(r"(?<=\d)[\s\-]+(?=\d)", "", HIDDEN.sub("", unicodedata.normalize("NFKC", text)))


def _restorable(one: Seen, policy: dict[str, Any]) -> list[Finding]:
    """Line 2: nothing can be turned back by whoever has a key, and nothing is a platform's own handle."""
    found = []
    for name in one.table.column_names:
        told = one.label["fields"].get(name, {})
        kind = policy["fields"].get(name, {}).get("kind")
        if told.get("recoverability") == "keyed":
            found.append(Finding(2, one.name, "restorable", f"a key turns {name} back"))
        if kind in ("platform_ciphertext", "platform_id") and one.spec["fields"].get(name) == "keep":
            found.append(Finding(2, one.name, "platform", f"{name} is the platform's own"))
    return found


def _order(one: Seen) -> list[Finding]:
    """Line 9: the rows do not stand as in the source."""
    source = one.source_link[one.source_link >= 0]
    out = one.link
    if len(out) < 30 or len(source) < len(out):
        return []
    place = np.full(int(max(source.max(), out.max())) + 1, np.nan)
    counts = np.bincount(out)
    counts = counts[counts > 0]
    if len(counts) < 2:
        return []
    # How unlikely is it that a shuffle gives the order of the source, even with some rows left out?
    runs = 1 + int(np.count_nonzero(np.diff(out)))
    arrangements = _log_factorial(len(counts))
    if runs > len(counts):
        arrangements = _log_factorial(len(out)) - sum(map(_log_factorial, counts))
    ways = _log_factorial(len(source)) - _log_factorial(len(out)) - _log_factorial(len(source) - len(out))
    for way, rows in (("", out), (" reversed", out[::-1])):
        if arrangements - ways > 30 and _follows(rows, source):
            return [Finding(9, one.name, "order", f"{len(out)} rows stand in the order of the source{way}")]
    # A coarser trace: combinations that come early in the source come early in the release.
    many = np.bincount(source, minlength=len(place))
    with np.errstate(invalid="ignore"):
        early = np.bincount(source, np.arange(len(source)), minlength=len(place)) / many
        came = np.bincount(out, np.arange(len(out)), minlength=len(place)) / np.bincount(out, minlength=len(place))
    both = np.isfinite(early) & np.isfinite(came)
    if both.sum() >= 60:
        rho = pd.Series(early[both]).rank().corr(pd.Series(came[both]).rank())
        if abs(rho) * np.sqrt(both.sum() - 1) > 6.5:
            return [
                Finding(9, one.name, "order", f"the order of the source shows through, with a correlation of {rho:.2f}")
            ]
    return []


def _log_factorial(number: int) -> float:
    return math.lgamma(int(number) + 1)


def _follows(rows: Codes, source: Codes) -> bool:
    """Whether rows are a part of the source in its order."""
    place = 0
    for row in source.tolist():
        if place < len(rows) and rows[place] == row:
            place += 1
    return place == len(rows)


def _attackers(one: Seen, policy: dict[str, Any], who: dict[str, Codes]) -> list[Finding]:
    """Line 7, of attackers who know the source: what they know of a person meets no or enough persons."""
    found = []
    for name, attacker in (one.spec.get("attackers") or {}).items():
        knows = [column for column in attacker.get("knows") or [] if column in one.values]
        if not knows or attacker.get("table") or attacker.get("release"):
            continue
        aim = Attack(one, policy, who)
        most = aim.most(aim.groups(knows))
        few = int((most < one.k).sum())
        if few:
            found.append(Finding(7, one.name, f"attacker:{name}", f"{few} groups of fewer than {one.k} persons"))
    return found


def _composition(one: Seen, other: Seen, policy: dict[str, Any], who: dict[str, Codes]) -> list[Finding]:
    """Line 8: two releases of one run, told to each that is called anonymized."""
    told = [each for each in (one, other) if each.anonymized]
    k = max(one.k, other.k)
    both = [name for name in one.made if name in other.made]
    shown = {name: roles(policy["fields"][name]) for name in both if name in policy["fields"]}
    sensitive = [name for name in both if "sensitive" in shown[name]]
    sure, perhaps = zip(*(_present(each) for each in (one, other)), strict=True)
    found = []

    def tell(test: str, detail: str) -> None:
        for each in told:
            whom = other if each is one else one
            found.append(Finding(8, each.name, test.format(whom.name), f"with {whom.name}: {detail}"))

    few = 0
    for there in ((True, True), (True, False), (False, True)):
        # Of a record that is not there a release shows nothing but that.
        shows = [each for each, is_there in zip((one, other), there, strict=True) if is_there]
        levels = _joint([each.made[name] for name in both for each in shows], len(one.source_link))
        certain = np.ones(len(levels), bool)
        possible = np.ones(len(levels), bool)
        for is_there, has, may in zip(there, sure, perhaps, strict=True):
            certain &= has if is_there else ~may
            possible &= may if is_there else ~has
        persons = _persons_in(levels, possible, who)
        few += len(np.intersect1d(np.unique(levels[certain]), np.flatnonzero(persons < k)))
    if few:
        tell("composition:{}", f"{few} joint groups have fewer than {k} persons")
    for name in sensitive:
        if not one.made[name].equals(other.made[name]):
            continue
        shared = _common(one, other, name, policy, sure[0] & sure[1])
        if shared:
            tell("common_values:{}:" + name, f"in {shared} pairs of groups too few values are in both")
    return found


def _present(one: Seen) -> tuple[np.ndarray, np.ndarray]:
    """Whether each record of the source surely, and whether it perhaps, stands in a release."""
    perhaps = one.source_link >= 0
    have = np.bincount(one.source_link[perhaps], minlength=int(one.link.max(initial=0)) + 1)
    want = np.bincount(one.link, minlength=len(have))
    return perhaps & (have == want)[np.maximum(one.source_link, 0)], perhaps


def _persons_in(groups: Codes, use: np.ndarray, who: dict[str, Codes]) -> Codes:
    many = int(groups.max(initial=-1)) + 1
    counts = [_distinct(groups[use & (person >= 0)], person[use & (person >= 0)], many) for person in who.values()]
    return np.minimum.reduce(counts)


def _common(one: Seen, other: Seen, name: str, policy: dict[str, Any], in_both: np.ndarray) -> int:
    """In how many pairs of `rest` groups of one record too few values of a sensitive column stand in both."""
    same = (policy.get("same") or {}).get(name) or {}
    sides = []
    for each in (one, other):
        rest = [column for column in each.values if column != name and roles(policy["fields"][column]) != {"sensitive"}]
        if any(column not in each.made for column in rest):
            return 0
        many = len(each.source_link)
        rows = each.table.num_rows
        joint = _joint(
            [pd.concat([each.made[column], each.values[column]], ignore_index=True) for column in rest], many + rows
        )
        meaning = _meanings(each.values[name], same)
        held = pd.DataFrame({"group": joint[many:], "value": meaning}).dropna().drop_duplicates()
        sides.append((joint[:many], held))
    pairs = pd.DataFrame({"one": sides[0][0][in_both], "other": sides[1][0][in_both]}).drop_duplicates()
    values = pairs.merge(sides[0][1], left_on="one", right_on="group").merge(
        sides[1][1], left_on=["other", "value"], right_on=["group", "value"]
    )
    counts = values.groupby(["one", "other"]).size().reindex(pd.MultiIndex.from_frame(pairs), fill_value=0)
    return int((counts < max(one.least(name), other.least(name))).sum())
