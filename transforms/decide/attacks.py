"""The attacks on a release at some levels: declared attackers, and recovery of the values that released fields were made from."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from beam_deid.transforms.attack.earlier import earlier_probes
from beam_deid.transforms.attack.evidence import attack, joined_attack
from beam_deid.transforms.attack.recovery import (
    FieldRemains,
    JoinedMasks,
    Remains,
    Tokens,
    mask_recoveries,
    remainder_recoveries,
)
from beam_deid.transforms.attack.table import attacker_probes
from beam_deid.transforms.candidate.candidate import Candidate
from beam_deid.transforms.columns.fingerprint import Fingerprints
from beam_deid.transforms.columns.key_codes import runs
from beam_deid.transforms.label.evidence import Attack, AttackExposure, Recovery
from beam_deid.transforms.policy.model import Attacker
from beam_deid.transforms.risk.coverage import coverage_problem
from beam_deid.transforms.risk.joining import Join
from beam_deid.transforms.risk.probes import Probes, Released

Rounds = Sequence[Mapping[str, int]]

_NOTHING = (
    "nothing that this attacker knows is released, so it was not tested; name in knows what the release gives out"
)


def declared(seen: Candidate, rounds: Rounds) -> tuple[list[Attack], dict[str, str]]:
    """Join a release with what each declared attacker holds.

    Args:
        seen: The release.
        rounds: The levels of each round of its recoding.

    Returns:
        The attacks, and for attackers that could not be tested why.

    Raises:
        InputError: An attacker's table cannot be read.
    """
    attacks: list[Attack] = []
    untested: dict[str, str] = {}
    for name, attacker in seen.data.spec.attackers.items():
        known = seen.scope.attackers[name].known
        near = tuple(field for field in known if field in attacker.within)
        exact = seen.data.layout.exact[name]
        if not known:
            untested[name] = _NOTHING
            continue
        probes, truth, problem = _probes(seen, name, attacker, exact, near, rounds)
        if probes is None:
            untested[name] = problem
            continue
        source = runs(seen.data.cells.subject)[0] if truth else None
        join = Join(probes, truth, seen.data.spec.k, nobody=seen.data.job.prints.null, source=source)
        join.add(_released(seen, exact, near))
        joined = join.result()
        made = joined_attack(f"attacker:{name}", (*exact, *near), joined, 0.0)
        attacks.append(replace(made, exposed=AttackExposure.of(joined.exposed)))
        missed = coverage_problem(joined.exposed, truth) if seen.scope.attackers[name].table else None
        if missed and not (attacker.names_what_stays and attacker.release is not None):
            untested[name] = missed
    return attacks, untested


def told(seen: Candidate) -> list[Attack]:
    """Count whom the released columns single out by themselves: evidence, reported but not enforced."""
    scope = seen.scope
    attacks = [attack("source", scope.rest, seen.singled_out(scope.rest), None)]
    if scope.sensitive and scope.rest != scope.columns:
        attacks.append(attack("source+sensitive", scope.columns, seen.singled_out(scope.columns), None))
    return attacks


def masks(seen: Candidate) -> list[Recovery]:
    """Measure what masks that came with the data leave recognisable: evidence, reported but not enforced."""
    singled = seen.singled_out(seen.scope.columns)
    joined = JoinedMasks(seen.scope.columns, singled.linked, singled.subjects)
    return mask_recoveries(seen.data.measured.scanned, joined, seen.data.layout.remainders)


def remainders(seen: Candidate) -> list[Recovery]:
    """Attack the parts of values that masks leave, and pseudonyms.

    Raises:
        InputError: A table of frequencies cannot be read.
    """
    data = seen.data
    layout = seen.data.layout
    if seen.empty or not (layout.remainders or layout.matched):
        return []
    return remainder_recoveries(data.job.policy, layout, _remains(seen), data.measured.types, data.job.prints)


def _remains(seen: Candidate) -> Remains:
    data = seen.data
    layout = data.layout
    fields = {
        name: FieldRemains(
            data.key(name, seen.levels)[seen.cells],
            _measured(seen, "origin", name) if name not in layout.matched else None,
            _measured(seen, "moment", name) if name not in layout.matched else None,
        )
        for name in layout.remainders
    }
    tokens = {
        name: Tokens(
            data.cells.column("token", name, layout.release)[seen.cells],
            data.cells.column("origin", name, layout.release)[seen.cells],
        )
        for name in layout.matched
    }
    fewest = seen.groups(layout.rest).fewest if seen.counted else 0
    return Remains(fields, tokens, seen.counts, seen.subject, fewest)


def _measured(seen: Candidate, what: str, name: str) -> Fingerprints | None:
    """A column of the released rows, where it was measured: see `Column`."""
    cells = seen.data.cells
    release = seen.data.layout.release
    return cells.column(what, name, release)[seen.cells] if cells.has(what, name, release) else None


def _probes(
    seen: Candidate, name: str, attacker: Attacker, exact: tuple[str, ...], near: tuple[str, ...], rounds: Rounds
) -> tuple[Probes | None, bool, str]:
    """What an attacker looks for, whether it names its persons as the source does, or why it cannot be tested."""
    data = seen.data
    if attacker.release is not None:
        if len(rounds) > 1:
            return (
                None,
                False,
                "records have levels of their own (search.rounds), so the two releases cannot be compared",
            )
        found, problem = earlier_probes(data.job, data.layout, attacker.release, exact, rounds[0])
        return found, False, problem
    if attacker.table is not None:
        made = [
            attacker_probes(data.job, data.layout.release, attacker, exact, near, one, data.measured.types)
            for one in rounds
        ]
        whole = made[0][0] if len(made) == 1 else Probes.together([one for one, _ in made])
        return whole, made[0][1], ""
    # It knows these of everybody: the source's own records, those that are suppressed among them.
    keys = data.keys(exact, seen.levels)
    rows = np.flatnonzero(data.everything)
    nothing = np.empty((len(rows), 0))
    subject = data.cells.subject[rows] if seen.counted else None
    return Probes(np.arange(len(rows)), keys[rows], nothing, nothing, data.everything[rows], subject), True, ""


def _released(seen: Candidate, exact: tuple[str, ...], near: tuple[str, ...]) -> Released:
    """The released rows as one side of a join; persons are counted by every identity, the least counts."""
    ranges = [seen.data.range(name, seen.levels) for name in near]
    empty = np.empty((len(seen.cells), 0))
    low, high = (np.stack([one[side][seen.cells] for one in ranges], axis=1) if ranges else empty for side in (0, 1))
    subject = seen.data.cells.subject[seen.cells] if seen.counted else None
    return Released(seen.data.keys(exact, seen.levels)[seen.cells], seen.counts, subject, low, high, seen.other_persons)
