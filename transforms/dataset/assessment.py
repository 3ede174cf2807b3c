"""A dataset as it is, whoever made it: what it discloses, and the label it would get."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa

from beam_deid.transforms.attack.recovery import (
    JoinedMasks,
    digest_recoveries,
    mask_recoveries,
    platform_recoveries,
    token_recoveries,
)
from beam_deid.transforms.columns.combining import combine
from beam_deid.transforms.columns.fingerprint import FingerprintKey, Fingerprints, fingerprint
from beam_deid.transforms.columns.key_codes import ordered_codes
from beam_deid.transforms.dataset.seen import DatasetSeen
from beam_deid.transforms.label.evidence import Attack, FieldFacts, Recovery
from beam_deid.transforms.label.requirements.persons import LEAST_K
from beam_deid.transforms.label.requirements.requirement import Found
from beam_deid.transforms.label.rule import decide, tests_of
from beam_deid.transforms.label.scope import EACH_RECORD, Scope
from beam_deid.transforms.measure.scanning import Scanned, Scanner
from beam_deid.transforms.policy.model import Environment
from beam_deid.transforms.recognisers.platforms import linkable_shapes
from beam_deid.transforms.risk.combinations import MOST_FIELDS, combinations
from beam_deid.transforms.risk.histogram import Classes, Histogram
from beam_deid.transforms.risk.history import histories
from beam_deid.transforms.risk.measures import all_figures
from beam_deid.transforms.risk.measures.measure import Setting, View
from beam_deid.transforms.risk.measures.sharing import environment_risk
from beam_deid.transforms.risk.nulls import k_wildcard, suppressed, told
from beam_deid.transforms.risk.recovery.digests import TRIES
from beam_deid.transforms.terms import Recoverability, Role, Sharing

_NO_SOURCE = "the source of this dataset is not known here, so it was not joined with it"


@dataclass(frozen=True)
class Question:
    """What is asked of a dataset.

    Attributes:
        quasi: Its quasi-identifiers.
        sensitive: Its sensitive fields.
        subject: The column that says whom a record is about; each record is a person of its own if not given.
        sharing: The sharing model that it is judged by.
        k: Required class size, if larger than the sharing model's own.
        most: Most attributes of a combination; 0 where none is to be looked at.
        population: People in the population that it is drawn from, if known.
        history: The fields that make a point of a subject's history; all that are counted if not given.
        wildcard: Whether it is told, too, how many people a record may be if nulls fit any value.
        tries: Most values of a domain that are hashed where the dataset holds digests.
        mobiles: What is known of how mobiles begin.
        direct: Columns that are known to name people; the subject is taken for one, unless it is a quasi-identifier.
        frequencies: Path of a table of how often values occur in the population, by column of tokens that are matched to it.
    """

    quasi: tuple[str, ...]
    sensitive: tuple[str, ...] = ()
    subject: str | None = None
    sharing: Sharing = Sharing.CONTROLLED
    k: int = 0
    most: int = MOST_FIELDS
    population: int | None = None
    history: tuple[str, ...] = ()
    wildcard: bool = False
    tries: int = TRIES
    mobiles: tuple[str, ...] = ()
    direct: tuple[str, ...] = ()
    frequencies: Mapping[str, str] = field(default_factory=dict)

    @property
    def least(self) -> int:
        """Required class size."""
        return max(self.k, LEAST_K[self.sharing])

    @property
    def link(self) -> float:
        """Greatest share of subjects that a join may link to exactly one: what attacks are told beside."""
        return 0.0

    @property
    def counted(self) -> tuple[str, ...]:
        """The fields whose values are counted, each once."""
        return tuple(dict.fromkeys([*self.quasi, *self.sensitive, *self.history]))

    @property
    def read(self) -> tuple[str, ...]:
        """The columns that must be there."""
        return tuple(dict.fromkeys([*self.counted, *([self.subject] if self.subject else []), *self.frequencies]))

    @property
    def kept(self) -> tuple[str, ...]:
        """The fields that are counted by themselves, too."""
        return self.counted if self.most or self.subject or self.wildcard else self.sensitive


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
        keys = {f"field:{name}": fields[name] for name in question.kept}
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


def assess(question: Question, counted: Counted, key: FingerprintKey, attacks: Sequence[Attack] = ()) -> dict[str, Any]:
    """Everything that is known of a dataset, under the names that ``label.json`` uses.

    Args:
        question: What was asked.
        counted: What was counted.
        key: The key that it was counted under.
        attacks: Joins with attackers' tables.

    Returns:
        Plain values for JSON: the risk figures, ``combinations``, ``contributions``, ``attacks``, ``scan``, ``grade``,
        ``label`` and the ``tests`` that it rests on.
    """
    document: dict[str, Any] = {}
    subject = None
    seen = DatasetSeen(_scope(question, counted.fields), {}, np.empty(0, np.int64), None)
    if counted.histogram is not None:
        histogram = counted.histogram
        named = histogram.columns.get("subject")
        subject = None if named is None else ordered_codes(named)[0].view(np.uint64)
        columns = {name: histogram.columns[f"field:{name}"] for name in question.kept}
        seen = DatasetSeen(_scope(question, counted.fields), columns, histogram.counts, subject, key.null)
        document = figures(question, histogram, subject, key, None if subject is None else seen)
        seen.risk = document
        if question.wildcard:
            fields = [histogram.columns[f"field:{name}"] for name in question.quasi]
            document["k_wildcard"] = k_wildcard(fields, histogram.counts, subject, key)
    recovered = (
        *digest_recoveries(counted.scanned.digests, question.tries, question.mobiles),
        *_matched(question, counted, key),
        *platform_recoveries(counted.scanned),
        *mask_recoveries(counted.scanned, _joined(question, document)),
    )
    hits = tuple((f, kind, n) for (f, kind), n in sorted(counted.scanned.hits.items()))
    past: tuple[dict[str, Any], ...] = ()
    if counted.histogram is not None and subject is not None:
        names = question.history or question.counted
        points = combine((histogram.columns[f"field:{name}"] for name in names), len(histogram.counts))
        past = tuple(map(asdict, histories(Classes(points, histogram.counts, subject), subject)))
    seen.found = Found(hits, recovered, tuple(attacks), {}, {}, past or None)
    label = decide(seen, tests_of(seen), search={}, changes=(), identities={})
    sets: dict[str, Any] = {"combinations": [], "contributions": {}}
    if counted.histogram is not None and question.quasi and question.most:
        joined = combinations(
            {name: histogram.columns[f"field:{name}"] for name in question.quasi},
            histogram.counts,
            subject,
            question.most,
        )
        sets = {"combinations": [asdict(one) for one in joined.found], "contributions": joined.contributions}
    return {
        **document,
        "grade": label.grade,
        "label": str(label.label),
        "tests": [asdict(test) for test in label.tests],
        **sets,
        "history": list(past),
        "attacks": [asdict(one) for one in attacks],
        "scan": list(label.scan),
        "recoveries": [asdict(one) for one in label.recoveries],
    }


def _joined(question: Question, figures: Mapping[str, Any]) -> JoinedMasks | None:
    """Whom the quasi-identifiers single out together."""
    if not figures or not question.quasi:
        return None
    return JoinedMasks(question.quasi, figures["unique_subjects"], figures["subjects"])


def figures(
    question: Question,
    histogram: Histogram,
    subject: Fingerprints | None,
    key: FingerprintKey,
    seen: DatasetSeen | None = None,
) -> dict[str, Any]:
    """The figures of all measures; those of sensitive fields over persons where ``seen`` says who they are."""
    given = None if seen is None else {name: seen.distributions(name) for name in question.sensitive}
    nothing = combine([suppressed(key)] * len(question.quasi), 1)
    says = told(histogram.columns["quasi"], nothing) if question.quasi else None
    if says is not None:
        histogram = Histogram({name: keys[says] for name, keys in histogram.columns.items()}, histogram.counts[says])
        subject = None if subject is None else subject[says]
    quasi = histogram.columns["quasi"]
    public = question.sharing is Sharing.PUBLIC
    environment = environment_risk(public, **Environment().model_dump(exclude={"population"}))
    setting = Setting(1 / question.least, public, environment, question.subject is not None, question.population)
    sensitive = {name: histogram.columns[f"field:{name}"] for name in question.sensitive}
    return all_figures(
        View(Classes(quasi, histogram.counts, subject), histogram.counts, subject, setting, sensitive, given)
    )


def _matched(question: Question, counted: Counted, key: FingerprintKey) -> list[Recovery]:
    if counted.histogram is None:
        return []
    tokens = {name: counted.histogram.columns[f"token:{name}"] for name in question.frequencies}
    return token_recoveries(tokens, counted.histogram.counts, question.frequencies, question.link, key)


def _scope(question: Question, fields: Sequence[str]) -> Scope:
    """The dataset as a release: every column as it stands.

    Columns that are neither quasi-identifiers nor sensitive are not counted; a label that rests on fewer columns than there are
    cannot be anonymized, and it is not: nobody knows the source, so its order and other releases are not tested.
    """
    setting = Environment().model_dump(exclude={"population"})
    public = question.sharing is Sharing.PUBLIC
    return Scope(
        release="dataset",
        sharing=question.sharing,
        fields=_facts(question, fields),
        subject=question.subject or EACH_RECORD,
        identities=(),
        asked={"k": question.least},
        environment={**setting, "E": environment_risk(public, **setting)},
    )


def _facts(question: Question, fields: Sequence[str]) -> dict[str, FieldFacts]:
    """Every column as it stands: in clear, but for tokens that are matched to how often values occur: they are pseudonyms."""
    facts = {}
    for name in fields:
        roles = [
            str(role)
            for role, named in (
                (Role.DIRECT, question.direct),
                (Role.QUASI, question.quasi),
                (Role.SENSITIVE, question.sensitive),
            )
            if name in named
        ]
        if name == question.subject and not roles:
            roles = [str(Role.DIRECT)]
        form = Recoverability.KEY_DESTROYED if name in question.frequencies else Recoverability.CLEAR
        facts[name] = FieldFacts(tuple(roles or [str(Role.INSENSITIVE)]), "keep", str(form))
    return facts
