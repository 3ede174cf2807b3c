"""The attacks on a release at some levels: declared attackers, and recovery of the values that released fields were made from."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from beam_deid.transforms.attack.declared import NO_ONE_LEVEL, Declared, Rounds, declared_attacks
from beam_deid.transforms.attack.earlier import earlier_probes
from beam_deid.transforms.attack.evidence import attack
from beam_deid.transforms.attack.other_recipients import joined_by_others
from beam_deid.transforms.attack.recovery import JoinedMasks, mask_recoveries
from beam_deid.transforms.attack.remainders import FieldRemains, Remains, Tokens, remainder_recoveries
from beam_deid.transforms.attack.table import AttackerTable
from beam_deid.transforms.candidate.candidate import Candidate
from beam_deid.transforms.candidate.released_data import ReleasedData
from beam_deid.transforms.columns.fingerprint import Fingerprints
from beam_deid.transforms.columns.key_codes import runs
from beam_deid.transforms.label.evidence import Attack, Recovery
from beam_deid.transforms.label.scope import Scope
from beam_deid.transforms.risk.joining import Join, Joined
from beam_deid.transforms.risk.linkage import Linked, Side
from beam_deid.transforms.risk.probes import Probes, Released


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
    return declared_attacks(seen.data.job, seen.data.layout, _Together(seen, rounds))


def other_recipients(seen: Candidate, rounds: Rounds) -> list[Attack]:
    """Count whom a release and those that go to other recipients have in common: evidence, reported but not enforced."""
    return joined_by_others(seen.data.job, seen.scope.release, _Together(seen, rounds))


def told(seen: Candidate) -> list[Attack]:
    """Count whom the released columns single out by themselves: evidence, reported but not enforced."""
    return told_by(seen.scope, seen.singled_out)


def told_by(scope: Scope, singled_out: Callable[[Sequence[str]], Linked]) -> list[Attack]:
    """Count whom the released columns single out by themselves.

    Args:
        scope: The release.
        singled_out: Counts the subjects whom some columns single out.
    """
    attacks = [attack("source", scope.rest, singled_out(scope.rest), None)]
    if scope.sensitive and scope.rest != scope.columns:
        attacks.append(attack("source+sensitive", scope.columns, singled_out(scope.columns), None))
    return attacks


def masks(seen: Candidate) -> list[Recovery]:
    """Measure what masks that came with the data leave recognisable: evidence, reported but not enforced."""
    return masks_by(seen.data, seen.singled_out(seen.scope.columns))


def masks_by(data: ReleasedData, singled: Linked) -> list[Recovery]:
    """Measure what masks that came with the data leave recognisable.

    Args:
        data: The release.
        singled: The subjects whom all its columns single out.
    """
    layout = data.layout
    joined = JoinedMasks(layout.scope.columns, singled.linked, singled.subjects)
    return mask_recoveries(data.measured.scanned, joined, layout.remainders)


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


@dataclass(frozen=True)
class _Together:
    """Joins all records of a release at once."""

    seen: Candidate
    rounds: Rounds

    def join(self, declared: Declared) -> tuple[Joined | None, bool, str]:
        """See `Holding.join`."""
        probes, truth, problem = self._probes(declared)
        if probes is None:
            return None, truth, problem
        data = self.seen.data
        source = runs(data.cells.subject)[0] if truth else None
        join = Join(probes, truth, data.spec.k, nobody=data.job.prints.null, source=source)
        join.add(self._released(declared))
        return join.result(), truth, ""

    def _probes(self, declared: Declared) -> tuple[Probes | None, bool, str]:
        """What an attacker looks for, whether it names its persons as the source does, or why it cannot be tested."""
        data = self.seen.data
        attacker = declared.attacker
        if attacker.release is not None:
            if len(self.rounds) > 1:
                return None, False, NO_ONE_LEVEL
            found, problem = earlier_probes(data.job, data.layout, attacker.release, declared.exact, self.rounds[0])
            return found, False, problem
        if attacker.table is not None:
            table = AttackerTable(
                data.job, data.layout.release, attacker, declared.exact, declared.near, data.measured.types
            )
            return *table.probes(self.rounds), ""
        # It knows these of everybody: the source's own records, those that are suppressed among them.
        keys = data.keys(declared.exact, self.seen.levels)
        rows = np.flatnonzero(data.everything)
        subject = data.cells.subject[rows] if self.seen.counted else None
        return Probes.exact(Side(keys[rows], data.everything[rows], subject)), True, ""

    def _released(self, declared: Declared) -> Released:
        """The released rows as one side of a join; persons are counted by every identity, the least counts."""
        seen = self.seen
        ranges = [seen.data.range(name, seen.levels) for name in declared.near]
        empty = np.empty((len(seen.cells), 0))
        low, high = (
            np.stack([one[side][seen.cells] for one in ranges], axis=1) if ranges else empty for side in (0, 1)
        )
        subject = seen.data.cells.subject[seen.cells] if seen.counted else None
        keys = seen.data.keys(declared.exact, seen.levels)[seen.cells]
        return Released(keys, seen.counts, subject, low, high, seen.other_persons)
