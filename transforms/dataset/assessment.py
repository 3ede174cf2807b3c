"""A dataset as it is, whoever made it: what it discloses, and the label it would get."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from beam_deid.transforms.attack.recovery import (
    JoinedMasks,
    digest_recoveries,
    mask_recoveries,
    platform_recoveries,
    token_recoveries,
)
from beam_deid.transforms.columns.combining import combine
from beam_deid.transforms.columns.fingerprint import FingerprintKey, Fingerprints
from beam_deid.transforms.columns.key_codes import ordered_codes
from beam_deid.transforms.dataset.counted import Counted
from beam_deid.transforms.dataset.counted_tests import not_counted, tests_of_counted
from beam_deid.transforms.dataset.question import Question
from beam_deid.transforms.dataset.seen import DatasetSeen
from beam_deid.transforms.label.documents import plain
from beam_deid.transforms.label.environment import DeclaredEnvironment
from beam_deid.transforms.label.evidence import Attack, FieldFacts, Hit, Recovery, Test
from beam_deid.transforms.label.found import Found
from beam_deid.transforms.label.requirements import Options
from beam_deid.transforms.label.requirements.direct_identifiers import DirectIdentifiers
from beam_deid.transforms.label.requirements.requirement import Figure
from beam_deid.transforms.label.requirements.restorable import Restorable
from beam_deid.transforms.label.rule import grade, name_of
from beam_deid.transforms.label.scope import EACH_RECORD, Scope
from beam_deid.transforms.policy.adversary import Environment
from beam_deid.transforms.risk.belongings import Belongings
from beam_deid.transforms.risk.combinations import Combinations, combinations
from beam_deid.transforms.risk.distribution import Distribution
from beam_deid.transforms.risk.histogram import Classes, Histogram
from beam_deid.transforms.risk.history import History, histories
from beam_deid.transforms.risk.measures import all_figures
from beam_deid.transforms.risk.measures.k_anonymity import ClassSizes, subjects_of
from beam_deid.transforms.risk.measures.measure import Setting, View
from beam_deid.transforms.risk.measures.risk import Risk
from beam_deid.transforms.risk.nulls import k_wildcard, suppressed, told
from beam_deid.transforms.run.progress import PROGRESS
from beam_deid.transforms.terms import LabelName, Recoverability, Role, Sharing

ASSESSING = "assessing"
_NONE_SAID = "not measured: no column was said to be a direct identifier; name them in a policy"
_WITH_WHAT_KEY = "not measured: no value shows whether it was made with a key that somebody has"


@dataclass(frozen=True)
class Assessment:
    """Everything that is known of a dataset.

    Attributes:
        counted: The columns by which records were grouped.
        not_counted: All other columns: no figure of groups says anything of them.
        risk: The figures of all measures; none without a record.
        k_wildcard: The least number of people whom a record may be if nulls fit any value; None where that was not asked.
        grade: After GB/T 42460-2023, 1 to 4, as a reference value.
        label: The label that the dataset would get.
        tests: The tests that the label rests on.
        combinations: Which columns single people out together; None where that was not asked.
        found: What was found beside the classes.
    """

    counted: tuple[str, ...]
    not_counted: tuple[str, ...]
    risk: Risk
    k_wildcard: int | None
    grade: int
    label: LabelName
    tests: tuple[Test, ...]
    combinations: Combinations | None
    found: Found

    def to_document(self) -> dict[str, Any]:
        """Write it under the names that ``label.json`` uses."""
        combined = self.combinations
        wildcard = {} if self.k_wildcard is None else {"k_wildcard": self.k_wildcard}
        document = {
            "counted": self.counted,
            "not_counted": self.not_counted,
            **self.risk.to_document(),
            **wildcard,
            "grade": self.grade,
            "label": str(self.label),
            "tests": self.tests,
            "combinations": combined.found if combined else (),
            "contributions": combined.contributions if combined else {},
            "history": self.found.history or (),
            "attacks": self.found.attacks,
            "scan": self.found.hits,
            "recoveries": self.found.recoveries,
        }
        return {name: plain(value) for name, value in document.items()}


def assess(question: Question, counted: Counted, key: FingerprintKey, attacks: Sequence[Attack] = ()) -> Assessment:
    """Assess a dataset.

    Args:
        question: What was asked.
        counted: What was counted.
        key: The key that it was counted under.
        attacks: Joins with attackers' tables.
    """
    PROGRESS.start(ASSESSING)
    people = _people(counted)
    seen = _seen(question, counted, people, key)
    if counted.histogram is not None:
        seen.risk = figures(question, counted.histogram, people, key, None if people is None else seen)
    seen.found = Found(
        hits=tuple(Hit(field, kind, count) for (field, kind), count in sorted(counted.scanned.hits.items())),
        recoveries=_recoveries(question, counted, key, seen.risk),
        attacks=tuple(attacks),
        history=_history(question, counted, people) or None,
    )
    seen.figures = _unknown(question, seen.scope)
    tests = tests_of_counted(question, seen)
    return Assessment(
        counted=question.counted,
        not_counted=not_counted(question, counted.fields),
        risk=seen.risk,
        k_wildcard=_k_wildcard(question, counted, people, key),
        grade=grade(seen.scope, tests),
        label=name_of(tests),
        tests=tests,
        combinations=_combinations(question, counted, people),
        found=seen.found,
    )


def _unknown(question: Question, scope: Scope) -> dict[str, Figure]:
    """What no value shows, by the name of the test: with which key it was made, and whether it names a person."""
    unknown = {Restorable.name: Figure(None, _WITH_WHAT_KEY)}
    named = any(Role.DIRECT in facts.role for facts in scope.fields.values())
    if not question.direct and not named:
        unknown[DirectIdentifiers.name] = Figure(None, _NONE_SAID)
    return unknown


def _people(counted: Counted) -> Fingerprints | None:
    """The subject of each row of what was counted, shape (n,); None where every record is a person of its own."""
    named = None if counted.histogram is None else counted.histogram.columns.get("subject")
    return None if named is None else ordered_codes(named)[0].view(np.uint64)


def _seen(question: Question, counted: Counted, people: Fingerprints | None, key: FingerprintKey) -> DatasetSeen:
    scope = _scope(question, counted.fields)
    if counted.histogram is None:
        return DatasetSeen(scope, {}, np.empty(0, np.int64), None)
    columns = {name: counted.histogram.columns[f"field:{name}"] for name in question.counted}
    return DatasetSeen(scope, columns, counted.histogram.counts, people, key.null)


def _recoveries(question: Question, counted: Counted, key: FingerprintKey, risk: Risk) -> tuple[Recovery, ...]:
    return (
        *digest_recoveries(counted.scanned.digests, question.tries, question.mobiles),
        *_matched(question, counted, key),
        *platform_recoveries(counted.scanned),
        *mask_recoveries(counted.scanned, _joined(question, risk)),
    )


def _history(question: Question, counted: Counted, people: Fingerprints | None) -> tuple[History, ...]:
    """What points of a subject's history do; nothing where nobody says whom records are about."""
    if counted.histogram is None or people is None:
        return ()
    counts = counted.histogram.counts
    names = question.history or question.counted
    points = combine((counted.histogram.columns[f"field:{name}"] for name in names), len(counts))
    return tuple(histories(Belongings.of(points, people, counts)))


def _k_wildcard(question: Question, counted: Counted, people: Fingerprints | None, key: FingerprintKey) -> int | None:
    if counted.histogram is None or not question.wildcard:
        return None
    fields = [counted.histogram.columns[f"field:{name}"] for name in question.quasi]
    return k_wildcard(fields, counted.histogram.counts, people, key)


def _combinations(question: Question, counted: Counted, people: Fingerprints | None) -> Combinations | None:
    if counted.histogram is None or not question.quasi or not question.most:
        return None
    fields = {name: counted.histogram.columns[f"field:{name}"] for name in question.quasi}
    return combinations(fields, counted.histogram.counts, people, question.most)


def _joined(question: Question, risk: Risk) -> JoinedMasks | None:
    """Whom the quasi-identifiers single out together."""
    if not risk.figures or not question.quasi:
        return None
    sizes = risk.of(ClassSizes)
    return JoinedMasks(question.quasi, sizes.unique_subjects, sizes.subjects)


def figures(
    question: Question,
    histogram: Histogram,
    subject: Fingerprints | None,
    key: FingerprintKey,
    seen: DatasetSeen | None = None,
) -> Risk:
    """The figures of all measures; those of sensitive fields over persons where ``seen`` says who they are."""
    given = None if seen is None else {name: seen.distributions(name) for name in question.sensitive}
    nothing = combine([suppressed(key)] * len(question.quasi), 1)
    says = told(histogram.columns["quasi"], nothing) if question.quasi else None
    if says is not None:
        histogram = Histogram({name: keys[says] for name, keys in histogram.columns.items()}, histogram.counts[says])
        subject = None if subject is None else subject[says]
    quasi = histogram.columns["quasi"]
    public = question.sharing is Sharing.PUBLIC
    environment = _environment(question)
    setting = Setting(1 / question.least, public, environment.E, question.subject is not None, question.population)
    classes = Classes(quasi, histogram.counts, subject)
    if given is None:
        keys = {name: histogram.columns[f"field:{name}"] for name in question.sensitive}
        given = {name: (Distribution.of(classes, histogram.counts, each),) for name, each in keys.items()}
    return all_figures(View(subjects_of(classes, histogram.counts, subject), setting, given, given))


def _environment(question: Question) -> DeclaredEnvironment:
    """The worst environment, since nobody declares any."""
    public = question.sharing is Sharing.PUBLIC
    return DeclaredEnvironment.declared(public, **Environment().setting())


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
    return Scope(
        release="dataset",
        sharing=question.sharing,
        fields=_facts(question, fields),
        subject=question.subject or EACH_RECORD,
        identities=(),
        asked=Options.model_validate({"k": question.least}),
        environment=_environment(question),
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
