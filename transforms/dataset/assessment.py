"""A dataset as it is, whoever made it: what it discloses, and the label that it would get."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from beam_deid.transforms.attack.recovery import (
    JoinedMasks,
    digest_recoveries,
    mask_recoveries,
    platform_recoveries,
    token_recoveries,
)
from beam_deid.transforms.columns.fingerprint import FingerprintKey, Fingerprints, combine, ordered_codes
from beam_deid.transforms.dataset.counted import Counted
from beam_deid.transforms.dataset.question import Question
from beam_deid.transforms.dataset.scope import dataset_scope
from beam_deid.transforms.dataset.seen import DatasetSeen
from beam_deid.transforms.label.evidence import Attack, Recovery
from beam_deid.transforms.label.requirements.requirement import Found
from beam_deid.transforms.label.rule import decide, tests_of
from beam_deid.transforms.policy.model import Environment
from beam_deid.transforms.risk.combinations import combinations
from beam_deid.transforms.risk.histogram import Classes, Histogram
from beam_deid.transforms.risk.history import histories
from beam_deid.transforms.risk.measures import all_figures
from beam_deid.transforms.risk.measures.measure import Setting, View
from beam_deid.transforms.risk.measures.sharing import environment_risk
from beam_deid.transforms.risk.nulls import k_wildcard, suppressed, told
from beam_deid.transforms.terms import Sharing


def assess(question: Question, counted: Counted, key: FingerprintKey, attacks: Sequence[Attack] = ()) -> dict[str, Any]:
    """Everything that is known of a dataset, under the names that ``label.json`` uses.

    Args:
        question: What was asked.
        counted: What was counted.
        key: The key that it was counted under.
        attacks: Joins with attackers' tables.

    Returns:
        JSON values: the risk figures, ``combinations``, ``contributions``, ``attacks``, ``scan``, ``grade``, ``label``
        and the ``tests`` that it rests on.
    """
    subject = _subject(counted.histogram)
    seen = _seen(question, counted, subject, key)
    seen.risk = _risk(question, counted.histogram, subject, key, seen)
    history = _history(question, counted.histogram, subject)
    hits = tuple((field, kind, rows) for (field, kind), rows in sorted(counted.scanned.hits.items()))
    recoveries = _recoveries(question, counted, key, seen.risk)
    seen.found = Found(hits, recoveries, tuple(attacks), {}, {}, history or None)
    label = decide(seen, tests_of(seen), search={}, changes=(), identities={})
    return {
        **seen.risk,
        "grade": label.grade,
        "label": str(label.label),
        "tests": [asdict(test) for test in label.tests],
        **_combinations(question, counted.histogram, subject),
        "history": list(history),
        "attacks": [asdict(one) for one in attacks],
        "scan": list(label.scan),
        "recoveries": [asdict(one) for one in label.recoveries],
    }


def _subject(histogram: Histogram | None) -> Fingerprints | None:
    """Whom each row of a histogram is about, as numbers from 0; None where every record is an individual of its own."""
    named = None if histogram is None else histogram.columns.get("subject")
    return None if named is None else ordered_codes(named)[0].view(np.uint64)


def _seen(question: Question, counted: Counted, subject: Fingerprints | None, key: FingerprintKey) -> DatasetSeen:
    """The dataset as the requirements of the label see it."""
    scope = dataset_scope(question, counted.fields)
    if counted.histogram is None:
        return DatasetSeen(scope, {}, np.empty(0, np.int64), None)
    columns = {name: counted.histogram.columns[f"field:{name}"] for name in question.kept}
    return DatasetSeen(scope, columns, counted.histogram.counts, subject, key.null)


def _risk(
    question: Question,
    histogram: Histogram | None,
    subject: Fingerprints | None,
    key: FingerprintKey,
    seen: DatasetSeen,
) -> dict[str, Any]:
    """The risk figures; none where there is no record."""
    if histogram is None:
        return {}
    risk = figures(question, histogram, subject, key, None if subject is None else seen)
    if question.wildcard:
        fields = [histogram.columns[f"field:{name}"] for name in question.quasi]
        risk["k_wildcard"] = k_wildcard(fields, histogram.counts, subject, key)
    return risk


def _recoveries(
    question: Question, counted: Counted, key: FingerprintKey, risk: Mapping[str, Any]
) -> tuple[Recovery, ...]:
    """What attacks that need no key recover: of digests, tokens, platforms' ciphertexts and masks."""
    return (
        *digest_recoveries(counted.scanned.digests, question.tries, question.mobiles),
        *_matched(question, counted, key),
        *platform_recoveries(counted.scanned),
        *mask_recoveries(counted.scanned, _joined(question, risk)),
    )


def _history(
    question: Question, histogram: Histogram | None, subject: Fingerprints | None
) -> tuple[dict[str, Any], ...]:
    """How many subjects a few points of their history single out (unicity); empty where nobody says who they are."""
    if histogram is None or subject is None:
        return ()
    names = question.history or question.counted
    points = combine((histogram.columns[f"field:{name}"] for name in names), len(histogram.counts))
    return tuple(map(asdict, histories(Classes(points, histogram.counts, subject), subject)))


def _combinations(question: Question, histogram: Histogram | None, subject: Fingerprints | None) -> dict[str, Any]:
    """Which sets of quasi-identifiers single people out, and how much each one contributes to that."""
    if histogram is None or not question.quasi or not question.most:
        return {"combinations": [], "contributions": {}}
    columns = {name: histogram.columns[f"field:{name}"] for name in question.quasi}
    found = combinations(columns, histogram.counts, subject, question.most)
    return {"combinations": [asdict(one) for one in found.found], "contributions": found.contributions}


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
    """The figures of all measures, over the rows that say anything of a quasi-identifier.

    Args:
        question: What was asked.
        histogram: What was counted.
        subject: Whom each row of the histogram is about, if that is known.
        key: The key that it was counted under.
        seen: Who the persons are; the figures of sensitive fields are over them where it is given, else over records.
    """
    given = None if seen is None else {name: seen.distributions(name) for name in question.sensitive}
    histogram, subject = _saying(question, histogram, subject, key)
    sensitive = {name: histogram.columns[f"field:{name}"] for name in question.sensitive}
    classes = Classes(histogram.columns["quasi"], histogram.counts, subject)
    return all_figures(View(classes, histogram.counts, subject, _setting(question), sensitive, given))


def _saying(
    question: Question, histogram: Histogram, subject: Fingerprints | None, key: FingerprintKey
) -> tuple[Histogram, Fingerprints | None]:
    """The rows that are not null in all quasi-identifiers: the others were suppressed before."""
    nothing = combine([suppressed(key)] * len(question.quasi), 1)
    says = told(histogram.columns["quasi"], nothing) if question.quasi else None
    if says is None:
        return histogram, subject
    columns = {name: keys[says] for name, keys in histogram.columns.items()}
    return Histogram(columns, histogram.counts[says]), None if subject is None else subject[says]


def _setting(question: Question) -> Setting:
    public = question.sharing is Sharing.PUBLIC
    environment = environment_risk(public, **Environment().model_dump(exclude={"population"}))
    return Setting(1 / question.least, public, environment, question.subject is not None, question.population)


def _matched(question: Question, counted: Counted, key: FingerprintKey) -> list[Recovery]:
    if counted.histogram is None:
        return []
    tokens = {name: counted.histogram.columns[f"token:{name}"] for name in question.frequencies}
    return token_recoveries(tokens, counted.histogram.counts, question.frequencies, question.link, key)
