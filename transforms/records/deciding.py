"""From what was measured to a decision: levels, suppressed classes, the label, and what the proof must find."""

from dataclasses import asdict, dataclass, field, replace

import numpy as np

from beam_deid.transforms.actions.generalize import Generalize
from beam_deid.transforms.actions.key_options import KeyedAction
from beam_deid.transforms.columns.fingerprint import Keys
from beam_deid.transforms.label.evidence import Attack, FieldFacts, Label, Recovery
from beam_deid.transforms.label.rule import NEAR_UNIQUE, Findings
from beam_deid.transforms.label.rule import decide as decide_label
from beam_deid.transforms.policy.roles import linkable, released_fields
from beam_deid.transforms.recognisers.meaning import LINKING
from beam_deid.transforms.records.assessing import Assessor, Cut, joined_attack
from beam_deid.transforms.records.attackers import attacker_probes
from beam_deid.transforms.records.earlier import earlier_probes
from beam_deid.transforms.records.job import SHARD_ROWS, Job
from beam_deid.transforms.records.layout import CLASSES, HISTORY, SOURCE, WITH_SENSITIVE, Layout
from beam_deid.transforms.records.measuring import Measured, ReleaseMeasured
from beam_deid.transforms.records.recovering import JoinedMasks, digest_recoveries, mask_recoveries, platform_recoveries
from beam_deid.transforms.records.searching import Searched, open_choices, search_levels
from beam_deid.transforms.risk.histogram import Counts
from beam_deid.transforms.risk.joining import Join
from beam_deid.transforms.terms import LabelName, Recoverability


@dataclass(frozen=True)
class ReleaseDecision:
    """What the release pass must do with one release, and what it must find.

    Attributes:
        release: Its name.
        levels: Decided level of each field that left it open.
        suppressed: Keys of the suppressed classes, ascending.
        label: The label with its evidence.
        classes: Keys and records of every class that will be written, ascending by key.
        digest: Order-free digest of all measured columns of what will be written.
        records: ``read, released, suppressed, rejected``.
    """

    release: str
    levels: dict[str, int]
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
    faults: dict[str, None] = {}
    for name, found in measured.releases.items():
        if found.rejected > max_rejects * measured.read:
            share = found.rejected / measured.read
            faults[f"release {name}: {found.rejected} of {measured.read} records rejected ({share:.2%})"] = None
            for (column, reason), count in sorted(found.faults.items()):
                faults[f"  {column or 'whole row'}: {reason}, {count} records"] = None
    if faults:
        return Decision(measured.read, {}, tuple(faults))
    return Decision(
        measured.read,
        {name: decide_release(job, name, measured.read, found) for name, found in measured.releases.items()},
    )


def decide_release(job: Job, release: str, read: int, measured: ReleaseMeasured) -> ReleaseDecision:
    """Decide one release."""
    layout = Layout.of(job.policy, release, job.releases)
    if measured.histogram is None:
        label = decide_label(_findings(job, layout, measured, {}, [], {}, {"levels": {}}))
        empty = np.empty(0, np.uint64), np.empty(0, np.int64)
        levels = {name: open_choices(job.policy, release, name)[-1] for name in layout.open}
        return ReleaseDecision(release, levels, empty[0], label, empty, 0, _records(read, 0, 0, measured.rejected))
    assessor = Assessor(job.policy, layout, measured, measured.histogram.ordered())
    found = _search(job, layout, assessor)
    cut = assessor.cut(found.levels)
    attacks, untested = _attacks(job, layout, assessor, found, cut)
    search = {
        "levels": {name: _level_name(job, release, name, level) for name, level in found.levels.items()},
        "loss": assessor.loss(found.levels, cut.kept), "suppressed": cut.records, "satisfied": cut.satisfied,
        "nodes": found.nodes, "evaluated": found.evaluated, "method": found.method,
    }  # fmt: skip
    figures = assessor.figures(found.levels, cut.kept)
    # Where a policy lets most subjects be singled out, what does so may link their records as well as a pseudonym would.
    near = any(one.name == SOURCE and NEAR_UNIQUE < one.share <= (one.limit or 0.0) for one in attacks)
    can_link = near or linkable(job.policy, layout.release) or any(kind in LINKING for _, kind in measured.scanned.hits)
    past = assessor.history(found.levels, cut.kept) if can_link else None
    recoveries = (*_recoveries(job, layout, measured, attacks), *assessor.recoveries(found.levels, cut.kept))
    findings = _findings(job, layout, measured, figures, attacks, untested, search)
    history = None if past is None else tuple(map(asdict, past))
    label = decide_label(replace(findings, history=history, recoveries=recoveries, linkable=can_link))
    label = replace(label, **assessor.combinations(found.levels, cut.kept))
    keys, counts, digest = assessor.proof(found.levels, cut.kept)
    records = _records(read, int(counts.sum()), cut.records, measured.rejected)
    return ReleaseDecision(release, found.levels, cut.suppressed, label, (keys, counts), digest, records)


def _search(job: Job, layout: Layout, assessor: Assessor) -> Searched:
    limit = job.policy.releases[layout.release].require.risk

    def satisfies(levels: dict[str, int]) -> bool:
        cut = assessor.cut(levels)
        if not cut.satisfied:
            return False
        figures = assessor.figures(levels, cut.kept)
        return figures["sharing"]["R"] <= limit and all(  # type: ignore[index]
            join.limit is None or join.share <= join.limit for join in assessor.joins(levels, cut.kept)
        )

    return search_levels(job.policy, layout, assessor, satisfies)


def _attacks(
    job: Job, layout: Layout, assessor: Assessor, found: Searched, cut: Cut
) -> tuple[list[Attack], dict[str, str]]:
    attacks, untested = assessor.joins(found.levels, cut.kept), {}
    for name, projection in layout.projections.items():
        if name in (CLASSES, HISTORY) or not assessor.has_table(name):
            continue
        attacker = job.policy.releases[layout.release].attackers[name.partition(":")[2]]
        near = tuple(field for field in layout.near if field in attacker.within)
        if not (*projection.fields, *near):
            untested[name] = "nothing that this attacker knows is released, so its table was not joined"
            continue
        if attacker.release is not None:
            probes, problem = earlier_probes(job, layout, attacker.release, projection, found.levels)
            truth = False
            if probes is None:
                untested[name] = problem
                continue
        else:
            probes, truth = attacker_probes(job, layout.release, attacker, projection, near, found.levels)
        join = Join(probes, truth)
        join.add(assessor.released(name, near, found.levels, cut.kept))
        attacks.append(joined_attack(name, (*projection.fields, *near), join.result(), assessor.link_limit))
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
        fields=fields, quasi=layout.quasi, sensitive=layout.sensitive, sharing=spec.sharing, k=spec.k, l=spec.require.l,
        t={name: one.max for name, one in spec.require.t.items()}, risk_limit=spec.require.risk, risk=figures,
        attacks=tuple(attacks),
        untested=untested, hits=tuple((f, kind, n) for (f, kind), n in sorted(measured.scanned.hits.items())),
        linkable=linkable(policy, layout.release), search=search, history_limit=spec.history_limit,
    )  # fmt: skip


def _level_name(job: Job, release: str, name: str, level: int) -> str:
    action = job.policy.releases[release].fields[name]
    return action.ladder().levels[level] if isinstance(action, Generalize) else str(level)


def _records(read: int, released: int, suppressed: int, rejected: int) -> dict[str, int]:
    return {"read": read, "released": released, "suppressed": suppressed, "withheld": 0, "rejected": rejected}
