"""From what was measured to a decision: levels, suppressed classes, the label, and what the proof must find."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np
import pyarrow as pa

from beam_deid.transforms.actions.generalize import Generalize
from beam_deid.transforms.actions.key_options import KeyedAction
from beam_deid.transforms.columns.fingerprint import Keys
from beam_deid.transforms.label.evidence import Attack, FieldFacts, Label, Recovery
from beam_deid.transforms.label.rule import NEAR_UNIQUE, Findings
from beam_deid.transforms.label.rule import decide as decide_label
from beam_deid.transforms.policy.roles import linkable, released_fields
from beam_deid.transforms.recognisers.meaning import LINKING
from beam_deid.transforms.records.assessing import Assessor
from beam_deid.transforms.records.attackers import attacker_probes
from beam_deid.transforms.records.earlier import earlier_probes
from beam_deid.transforms.records.job import SHARD_ROWS, Job
from beam_deid.transforms.records.joined import joined_attack
from beam_deid.transforms.records.layout import CLASSES, HISTORY, SOURCE, WITH_SENSITIVE, Layout
from beam_deid.transforms.records.measuring import Measured, ReleaseMeasured
from beam_deid.transforms.records.recoding import Recoding, Round, full_domain, recode
from beam_deid.transforms.records.recovering import JoinedMasks, digest_recoveries, mask_recoveries, platform_recoveries
from beam_deid.transforms.records.searching import Searched, Searcher
from beam_deid.transforms.risk.histogram import Counts
from beam_deid.transforms.risk.joining import Join, Probes
from beam_deid.transforms.terms import LabelName, Recoverability

_NOBODY = (
    "none of {:,} subjects of the attacker's meets any record, which proves nothing: see that values are spelled as in the "
    "source, or name in knows what stays the same"
)


@dataclass(frozen=True)
class ReleaseDecision:
    """What the release pass must do with one release, and what it must find.

    Attributes:
        release: Its name.
        rounds: The levels that were decided for the fields that left them open; further rounds for what those before suppress.
        suppressed: Keys of the classes that are suppressed in the end, ascending.
        label: The label with its evidence.
        classes: Keys and records of every class that will be written, ascending by key.
        digest: Order-free digest of all measured columns of what will be written.
        records: ``read, released, suppressed, rejected``.
    """

    release: str
    rounds: tuple[Round, ...]
    suppressed: Keys
    label: Label
    classes: tuple[Keys, Counts]
    digest: int
    records: dict[str, int]

    def without_proof(self) -> "ReleaseDecision":
        """What a worker needs to know; the classes, of which there may be millions, are for the proof alone."""
        return replace(self, classes=(self.classes[0][:0], self.classes[1][:0]))

    @property
    def mixed(self) -> bool:
        """Whether rows are put into an order and into parts that follow from released values alone.

        In the order of the source, a row's place would say whose it is to anybody who holds the source or another
        release of it, whatever its values say. Where people can be identified anyway it is left as it is.
        """
        return self.label.label == LabelName.ANONYMIZED

    @property
    def parts(self) -> int:
        """The number of parts of a mixed release."""
        return max(1, -(-self.records["released"] // SHARD_ROWS))


@dataclass(frozen=True)
class Decision:
    """The decision for a whole run.

    Attributes:
        read: Records read.
        releases: Decision by release; empty where the run was refused.
        refused: Why the run must stop with too many rejects: one line per field and reason; else empty.
    """

    read: int
    releases: dict[str, ReleaseDecision] = field(default_factory=dict)
    refused: tuple[str, ...] = ()


def decide(job: Job, measured: Measured, max_rejects: float) -> Decision:
    """Decide every release of a run, unless too much of its input was rejected.

    Args:
        job: The run.
        measured: What the measuring pass found.
        max_rejects: Greatest share of records that may be rejected, from 0 to 1.

    Raises:
        InputError: An attacker's table cannot be read.
    """
    faults = refusals(measured, max_rejects)
    if faults:
        return Decision(measured.read, {}, faults)
    return Decision(
        measured.read,
        {name: decide_release(job, name, measured.read, found) for name, found in measured.releases.items()},
    )


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


def decide_release(job: Job, release: str, read: int, measured: ReleaseMeasured) -> ReleaseDecision:
    """Decide one release."""
    layout = Layout.of(job.policy, release, job.releases)
    if measured.histogram is None:
        label = decide_label(_findings(job, layout, measured, {}, [], {}, {"levels": {}}))
        empty = np.empty(0, np.uint64), np.empty(0, np.int64)
        coarsest = {name: _coarsest(job, release, name) for name in layout.open}
        rounds, records = (Round(coarsest, empty[0]),), _records(read, 0, 0, measured.rejected)
        return ReleaseDecision(release, rounds, empty[0], label, empty, 0, records)
    assessor = Assessor(job.policy, layout, measured, measured.histogram.ordered())
    found, recoding, blocked = _search(job, layout, assessor, measured.types)
    levels, cut = recoding.levels, recoding.cut
    attacks, untested = _attacks(job, layout, assessor, recoding, measured.types)
    search = _told(job, layout, assessor, found, recoding) | ({"blocked": blocked} if blocked else {})
    figures = assessor.figures(levels, cut.kept)
    # Where a policy lets most subjects be singled out, what does so may link their records as well as a pseudonym would.
    near = any(one.name == SOURCE and NEAR_UNIQUE < one.share <= (one.limit or 0.0) for one in attacks)
    can_link = near or linkable(job.policy, layout.release) or any(kind in LINKING for _, kind in measured.scanned.hits)
    past = assessor.history(levels, cut.kept) if can_link else None
    recoveries = (*_recoveries(job, layout, measured, attacks), *assessor.recoveries(levels, cut.kept))
    findings = _findings(job, layout, measured, figures, attacks, untested, search)
    history = None if past is None else tuple(map(asdict, past))
    further = assessor.further(levels, cut.kept)
    label = decide_label(
        replace(findings, history=history, recoveries=recoveries, linkable=can_link, further=further)
    )
    label = replace(label, **assessor.combinations(levels, cut.kept))
    keys, counts, digest = assessor.proof(levels, cut.kept)
    records = _records(read, int(counts.sum()), cut.records, measured.rejected)
    return ReleaseDecision(release, recoding.rounds, cut.suppressed, label, (keys, counts), digest, records)


def _search(
    job: Job, layout: Layout, assessor: Assessor, types: Mapping[str, pa.DataType]
) -> tuple[Searched, Recoding, dict[str, Any] | None]:
    """The levels that reach the label, or else what the policy requires, or else the most general ones and why."""
    spec = job.policy.releases[layout.release]
    searcher, asked = Searcher(layout, assessor, spec.search.seconds), assessor.requirements(False)
    found, blocked = search_for_label(job, searcher, types), None
    if not found.satisfied:
        for_label, found = found, searcher.search(asked, lambda levels: assessor.cut(levels, asked).satisfied)
        found = replace(found, method=f"{found.method}; for the label: {for_label.method}")
        wanted = layout.open or spec.expect is LabelName.ANONYMIZED
        if wanted and layout.quasi and not found.satisfied and not found.refused:
            blocked = searcher.blocked(asked)
    plain = full_domain(found.levels, assessor.cut(found.levels, found.require))
    if found.satisfied and spec.search.rounds:
        local = recode(assessor, layout, found.levels, plain.cut, found.require, spec.search.rounds)
        if _holds(job, layout, assessor, local, types):
            return found, local, None
    return found, plain, blocked


def search_for_label(job: Job, searcher: Searcher, types: Mapping[str, pa.DataType]) -> Searched:
    """The best levels at which classes, the overall risk, and every join are within their limits.

    Args:
        job: The run.
        searcher: The search of one of its releases.
        types: Type of each field of the source.

    Raises:
        InputError: An attacker's table cannot be read.
    """
    assessor, layout = searcher.assessor, searcher.layout
    require = assessor.requirements(True)
    coarsest = {name: allowed[-1] for name, allowed in searcher.choices.items()}
    links = assessor.links_too_many(coarsest, require)
    if links:
        said = f"nothing satisfies: {links} is above its limit at the most general levels, and at no finer ones below it"
        return Searched(coarsest, None, require, 1, 1, 0.0, said, True, 1)

    def accept(levels: dict[str, int]) -> bool:
        return _holds(job, layout, assessor, full_domain(levels, assessor.cut(levels, require)), types)

    return searcher.search(require, accept)


def _holds(job: Job, layout: Layout, assessor: Assessor, recoding: Recoding, types: Mapping[str, pa.DataType]) -> bool:
    if not assessor.holds(recoding.levels, recoding.cut):
        return False
    if not any(assessor.has_table(name) for name in layout.projections):
        return True
    attacks, untested = _attacks(job, layout, assessor, recoding, types)
    return not untested and all(one.limit is None or one.share <= one.limit for one in attacks)


def _told(job: Job, layout: Layout, assessor: Assessor, found: Searched, recoding: Recoding) -> dict[str, Any]:
    """What a label says of the search."""
    cut, best = recoding.cut, found.best
    plain = assessor.cut(found.levels, found.require)
    told: dict[str, Any] = {
        "levels": {name: _level_name(job, layout.release, name, level) for name, level in found.levels.items()},
        "objective": job.policy.releases[layout.release].search.objective,
        "loss": best.loss if best else None, "suppressed": cut.records,
        "losses": assessor.openings.losses(recoding.levels, cut.kept), "satisfied": cut.satisfied,
        "nodes": found.nodes, "evaluated": found.evaluated, "refused": found.refused, "proved": found.proved,
        "method": found.method,
    }  # fmt: skip
    if len(recoding.rounds) > 1:
        told["rounds"] = [
            {name: _level_name(job, layout.release, name, level) for name, level in one.levels.items()}
            for one in recoding.rounds
        ]  # fmt: skip
        told["local_loss"] = assessor.openings.loss(recoding.levels, cut.kept)
        told["full_domain"] = {
            "suppressed": plain.records, "loss": assessor.openings.loss(found.levels, plain.kept)
        }  # fmt: skip
    return told


def _attacks(
    job: Job, layout: Layout, assessor: Assessor, recoding: Recoding, types: Mapping[str, pa.DataType]
) -> tuple[list[Attack], dict[str, str]]:
    levels, kept = recoding.levels, recoding.cut.kept
    rounds = [one.levels for one in recoding.rounds]
    attacks, untested = assessor.joins(levels, kept), {}
    for name, projection in layout.projections.items():
        if name in (CLASSES, HISTORY) or not assessor.has_table(name):
            continue
        attacker = job.policy.releases[layout.release].attackers[name.partition(":")[2]]
        near = tuple(field for field in layout.near if field in attacker.within)
        if not (*projection.fields, *near):
            untested[name] = "nothing that this attacker knows is released, so its table was not joined"
            continue
        if attacker.release is not None:
            if len(rounds) > 1:
                untested[name] = "records have levels of their own (search.rounds), so the two releases cannot be compared"
                continue
            probes, problem = earlier_probes(job, layout, attacker.release, projection, rounds[0])
            truth = False
            if probes is None:
                untested[name] = problem
                continue
        else:
            made = [attacker_probes(job, layout.release, attacker, projection, near, one, types) for one in rounds]
            probes, truth = made[0] if len(made) == 1 else (Probes.together([one for one, _ in made]), made[0][1])
        join = Join(probes, truth, job.policy.releases[layout.release].k)
        join.add(assessor.released(name, near, levels, kept))
        joined = join.result()
        limit: float | None = assessor.link_limit
        if joined.candidates is None and not attacker.names_what_stays:
            # An attack that meets nobody is too weak to conclude from: values may be spelled otherwise, or all have changed.
            limit, untested[name] = None, _NOBODY.format(joined.linked.subjects)
        attacks.append(joined_attack(name, (*projection.fields, *near), joined, limit))
    return attacks, untested


def _recoveries(job: Job, layout: Layout, measured: ReleaseMeasured, attacks: list[Attack]) -> list[Recovery]:
    """Attacks on digests, ciphertexts and masks that somebody else made; our own are told by their recoverability."""
    how = job.policy.releases[layout.release].digests
    others = {name: found for name, found in measured.scanned.digests.items() if name not in layout.remainders}
    widest = max((one for one in attacks if one.name in (SOURCE, WITH_SENSITIVE)), key=lambda one: len(one.on), default=None)
    joined = None if widest is None else JoinedMasks(widest.on, widest.linked, widest.subjects)
    return [
        *digest_recoveries(others, how.tries, how.mobiles), *platform_recoveries(measured.scanned),
        *mask_recoveries(measured.scanned, joined, layout.remainders),
    ]  # fmt: skip


def _findings(
    job: Job, layout: Layout, measured: ReleaseMeasured, figures: dict[str, object], attacks: list[Attack],
    untested: dict[str, str], search: dict[str, object],
) -> Findings:  # fmt: skip
    policy, spec = job.policy, job.policy.releases[layout.release]
    fields = {}
    for name in released_fields(policy, layout.release):
        action, target = spec.fields[name], policy.target(layout.release, name)
        how = action.recoverability(target)
        key = None
        if isinstance(action, KeyedAction) and how is Recoverability.KEYED:
            subkey = action.subkey(target, job.keys)
            key = {"id": subkey.id, "check": subkey.check(action.form(target)), "keyring": job.keyring_of(action, target)}
        fields[name] = FieldFacts(
            tuple(str(role) for role in policy.fields[name].role), action.name, str(how), action.sentence(target), key
        )
    return Findings(
        fields=fields, quasi=layout.quasi, sensitive=layout.sensitive, sharing=spec.sharing, k=spec.k,
        l={name: spec.distinct(name) for name in layout.sensitive},
        t={name: one.max for name, one in spec.require.t.items()}, risk_limit=spec.require.risk, risk=figures,
        attacks=tuple(attacks),
        untested=untested, hits=tuple((f, kind, n) for (f, kind), n in sorted(measured.scanned.hits.items())),
        linkable=linkable(policy, layout.release), search=search, history_limit=spec.history_limit,
    )  # fmt: skip


def _coarsest(job: Job, release: str, name: str) -> int:
    action = job.policy.releases[release].fields[name]
    return action.choices()[-1] if isinstance(action, Generalize) else 0


def _level_name(job: Job, release: str, name: str, level: int) -> str:
    action = job.policy.releases[release].fields[name]
    return action.ladder().levels[level] if isinstance(action, Generalize) else str(level)


def _records(read: int, released: int, suppressed: int, rejected: int) -> dict[str, int]:
    return {"read": read, "released": released, "suppressed": suppressed, "withheld": 0, "rejected": rejected}
