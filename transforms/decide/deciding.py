"""From what was measured to a decision: levels, suppressed rows, the label, and what the proof must find."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from beam_deid.transforms.actions.generalize import Generalize
from beam_deid.transforms.actions.key_options import KeyedAction
from beam_deid.transforms.candidate.candidate import Candidate
from beam_deid.transforms.candidate.released_data import ReleasedData
from beam_deid.transforms.columns.fingerprint import Fingerprints
from beam_deid.transforms.composition.composing import compose
from beam_deid.transforms.decide.changing import changes_of
from beam_deid.transforms.decide.choosing import Chosen, choose
from beam_deid.transforms.decide.decision import NO_KEYS, Decision, ReleaseDecision, Remembered, joint_key
from beam_deid.transforms.decide.findings import found_for_label
from beam_deid.transforms.decide.remembering import remember_persons, remember_release
from beam_deid.transforms.label.evidence import FieldFacts, Label
from beam_deid.transforms.label.requirements.requirement import Composed
from beam_deid.transforms.label.rule import ORDER, once_ordered, tests_of
from beam_deid.transforms.label.rule import decide as decide_label
from beam_deid.transforms.measure.cells import Cells
from beam_deid.transforms.measure.histogram_columns import columns_of
from beam_deid.transforms.measure.measured import Measured, ReleaseMeasured
from beam_deid.transforms.past.recognising import past_of
from beam_deid.transforms.past.views import Past
from beam_deid.transforms.policy.scoping import scope_of, tested_together
from beam_deid.transforms.risk.histogram import Counts, Histogram, row_digest, total
from beam_deid.transforms.risk.steady import steady
from beam_deid.transforms.run.job import Job
from beam_deid.transforms.run.layout import Layout
from beam_deid.transforms.terms import LabelName, Recoverability


def decide(job: Job, measured: Measured, max_rejects: float, folder: str = "") -> Decision:
    """Decide every release of a run, unless too much of its input was rejected.

    Args:
        job: The run, with its key of fingerprints.
        measured: What the measuring pass found.
        max_rejects: Greatest share of records that may be rejected, from 0 to 1.
        folder: Where the fingerprints are written that the register will take; nowhere if empty.

    Raises:
        InputError: An attacker's table cannot be read.
        OutputError: The fingerprints cannot be written.
    """
    faults = refusals(measured, max_rejects)
    if faults:
        return Decision(measured.read, {}, faults)
    decided: dict[str, ReleaseDecision] = {}
    persons: list[Remembered] = []
    composed = tested_together(job.policy, job.releases)
    for names in job.tables:
        histogram = measured.histograms.get(names) or _nothing(job, names)
        cells = Cells(job, histogram)
        # What the policy expects to stay personal is tested with nothing, whatever was given out before.
        past = past_of(job, cells, names) if {*names} <= {*composed} else Past()
        chosen = {
            name: choose(
                ReleasedData(job, _layout(job, name, past), measured.releases.get(name, ReleaseMeasured()), cells, past)
            )
            for name in names
        }
        settled = next(iter(chosen.values())).settled if len(chosen) == 1 else None
        cuts, compositions = compose({name: one.member for name, one in chosen.items()}, past, settled)
        after = {name: one.with_cut(cuts[name]) for name, one in chosen.items()}
        for name in names:
            decided[name] = _decision(after, name, compositions[name], measured.read, folder)
        if folder and job.register is not None and not persons:
            persons.append(remember_persons(job, cells, folder))
    return Decision(
        measured.read, {name: decided[name] for name in job.releases}, persons=persons[0] if persons else None
    )


def _layout(job: Job, name: str, past: Past) -> Layout:
    """The layout of a release, once it is known which earlier releases it is tested with."""
    layout = job.layouts[name]
    if job.register is None or not past.names:
        return layout
    untested = [entry for entry in job.register.entries if entry.name in past.untested]
    return replace(layout, scope=scope_of(job.policy, name, job.releases, past.entries, untested, job.unregistered))


def refusals(measured: Measured, max_rejects: float) -> tuple[str, ...]:
    """Why too much of an input was rejected: one line per field and reason; empty if it was not."""
    faults: dict[str, None] = {}
    for name, found in measured.releases.items():
        if found.rejected > max_rejects * measured.read:
            share = found.rejected / measured.read
            faults[f"release {name}: {found.rejected} of {measured.read} records rejected ({share:.2%})"] = None
            for (column, reason), count in sorted(found.faults.items()):
                faults[f"  {column or 'whole row'}: {reason}, {count} records"] = None
    return tuple(faults)


def _decision(
    chosen: Mapping[str, Chosen], name: str, compositions: Mapping[str, Composed], read: int, folder: str
) -> ReleaseDecision:
    """The decision of one release, once it is known what all that are tested together suppress."""
    one = chosen[name]
    data = one.data
    seen = _with_findings(one, compositions)
    label = _label(one, seen, read)
    quotas, limited = _quotas(chosen, name)
    keys, counts, digest = _proof(seen, limited)
    records = {
        "read": read,
        "released": int(counts.sum()),
        "suppressed": one.recoding.cut.lost(data.everything),
        "withheld": 0,
        "rejected": data.measured.rejected,
    }
    suppressed = one.recoding.cut.suppressed
    wanted = folder and data.job.remembers and label.label is LabelName.ANONYMIZED
    remembered = remember_release(one, folder) if wanted else None
    return ReleaseDecision(
        name, one.recoding.rounds, suppressed, quotas, label, (keys, counts), digest, records, remembered
    )


def explained(one: Chosen) -> list[dict[str, Any]]:
    """Tell what would change the label that a release would get by itself: see `changes_of`."""
    seen = _with_findings(one, {})
    return [change for change in changes_of(one, seen, tests_of(seen)) if change["line"] not in (8, ORDER)]


def _with_findings(one: Chosen, compositions: Mapping[str, Composed]) -> Candidate:
    """A release as it was chosen, with all that its label tells."""
    seen = one.candidate
    return seen.with_found(found_for_label(seen, [each.levels for each in one.recoding.rounds], compositions))


def _label(one: Chosen, seen: Candidate, read: int) -> Label:
    """Decide the label. Where all other lines hold, the rows will be shuffled, so that line 9 holds as well."""
    tests = tests_of(seen)
    if all(test.passed for test in tests if test.line != ORDER):
        seen = seen.with_found(replace(seen.found, ordered=True))
        tests = once_ordered(seen, tests)
    label = decide_label(
        seen,
        tests,
        search=steady(_told(one)),
        changes=tuple(changes_of(one, seen, tests)),
        identities=_identities(one, seen),
        base_rates=seen.base_rates(),
        register=_register(one.data),
        **seen.combinations(),
    )
    fields = {name: _with_key(one.data.job, seen.scope.release, name, facts) for name, facts in label.fields.items()}
    return replace(label, fields=fields)


def _with_key(job: Job, release: str, name: str, facts: FieldFacts) -> FieldFacts:
    """How a field is released, with the key that made it where one exists."""
    action = job.policy.releases[release].fields[name]
    target = job.policy.target(release, name)
    if not isinstance(action, KeyedAction) or facts.recoverability != Recoverability.KEYED:
        return facts
    subkey = action.subkey(target, job.keys)
    return replace(
        facts,
        key={"id": subkey.id, "check": subkey.check(action.form(target)), "keyring": job.keyring_of(action, target)},
    )


def _identities(one: Chosen, seen: Candidate) -> dict[str, Any]:
    """By what persons were counted, and what was found of each identity."""
    persons = one.data.cells.persons
    measured = seen.counted and not seen.empty
    return {
        "counted": list(seen.identities),
        "deciding": seen.groups(seen.scope.rest).deciding if measured else None,
        "same_as": {name: seen.identities[persons.names.index(other)] for name, other in persons.same_as.items()},
        "shared_values": {
            name: {"values": found[0], "cells": found[1]} for name, found in persons.shared.items() if found[0]
        },
        "without_subject": int(one.data.cells.counts[persons.numbers[0] < 0].sum()) if persons.names else None,
        "equal_files": one.data.job.equal_files,
    }


def _register(data: ReleasedData) -> dict[str, Any]:
    """What a label says of earlier releases: which it was tested with, which have none of its records, how records are known."""
    job = data.job
    past = data.past
    return {
        "kept": job.unregistered == "",
        "missing": job.unregistered,
        "new": job.register is not None and job.register.is_new,
        "record": job.policy.record if job.register else None,
        "tested": [entry.name for entry in past.entries],
        "in_common": past.in_common(data.cells.counts),
        "untested": list(past.untested),
        "disjoint": len(past.disjoint),
    }


def _told(one: Chosen) -> dict[str, Any]:
    """What a label says of the search."""
    data = one.data
    found = one.searched
    recoding = one.recoding
    best = found.best
    document: dict[str, Any] = {
        "levels": {name: _level_name(data, name, level) for name, level in found.levels.items()},
        "objective": data.spec.search.objective,
        "loss": best.loss if best else None,
        "suppressed": recoding.cut.lost(data.everything),
        "losses": data.openings.losses(recoding.levels, recoding.cut.left) if data.everything.any() else {},
        "satisfied": recoding.cut.satisfied,
        "nodes": found.nodes,
        "evaluated": found.evaluated,
        "refused": found.refused,
        "proved": found.proved,
        "method": found.method,
    }
    if len(recoding.rounds) > 1:
        document["rounds"] = [
            {name: _level_name(data, name, level) for name, level in each.levels.items()} for each in recoding.rounds
        ]
        document["local_loss"] = data.openings.loss(recoding.levels, recoding.cut.left)
        document["full_domain"] = {"suppressed": best.suppressed if best else None, "loss": best.loss if best else None}
    if one.blocked:
        document["blocked"] = one.blocked
    return document


def _level_name(data: ReleasedData, name: str, level: int) -> str:
    action = data.spec.fields[name]
    return action.ladder().levels[level] if isinstance(action, Generalize) else str(level)


def _all_keys(one: Chosen) -> Fingerprints:
    """The key of all released values of every cell, 0 where it was rejected."""
    keys = one.data.keys(one.data.layout.fields, one.recoding.levels)
    return np.where(one.data.cells.present(one.data.layout.release), keys, np.uint64(0))


def _quotas(chosen: Mapping[str, Chosen], name: str) -> tuple[tuple[Fingerprints, Counts], np.ndarray]:
    """Kinds of records of which fewer are released than there are, though their groups are not; and which cells are of one."""
    one = chosen[name]
    data = one.data
    made = one.recoding.cut
    changed = made.left < data.everything
    for columns, keys in made.suppressed.items():
        changed &= ~np.isin(data.keys(columns, one.recoding.levels), keys)
    if not changed.any():
        return NO_KEYS, changed
    keys = joint_key([_all_keys(each) for each in chosen.values()], data.cells.signature)
    few = np.isin(keys, keys[changed])
    return total([(keys[few], made.left[few])]), few


def _proof(seen: Candidate, limited: np.ndarray) -> tuple[Fingerprints, Counts, int]:
    """What the release pass must find again: combinations of all values with their records, and a digest of the records.

    Records of a kind of which only so many are released are alike, so the digest leaves them to the count of combinations.
    """
    keys = seen.proof_keys()
    classes, counts = total([(keys, seen.counts)])
    signature = seen.data.cells.signature[seen.cells]
    sure = np.flatnonzero(~limited[seen.cells])
    return classes, counts, row_digest([keys[sure], signature[sure]], seen.counts[sure])


def _nothing(job: Job, names: tuple[str, ...]) -> Histogram:
    """The histogram of no record."""
    columns = columns_of(job, names)
    return Histogram({column: np.empty(0, np.uint64) for column in columns}, np.empty(0, np.int64))
