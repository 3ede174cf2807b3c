"""Which registered releases can be compared with those of a run, and in which columns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from beam_deid.transforms.past.collecting import others_than
from beam_deid.transforms.past.views import WHOLE, Past
from beam_deid.transforms.policy.scoping import identities, left_out
from beam_deid.transforms.policy.table_policy import table_of
from beam_deid.transforms.policy.tables import table_in
from beam_deid.transforms.register.document import Entry
from beam_deid.transforms.run.job import OF, Job
from beam_deid.transforms.terms import Role


@dataclass(frozen=True)
class Compared:
    """Registered releases, and what of them is compared with releases of a run.

    Attributes:
        entries: The releases.
        columns: By their names the columns that another one of them, or a release of the run, holds as well.
        secret: The sensitive columns each of which may be the one thing that is not known.
        holders: By each sensitive field of the run those of them that hold it as sensitive, where any does.
        crowd: How many persons are a crowd at least.
    """

    entries: tuple[Entry, ...]
    columns: Mapping[str, tuple[str, ...]]
    secret: tuple[str, ...]
    holders: Mapping[str, tuple[Entry, ...]]
    crowd: int

    @property
    def views(self) -> tuple[str, ...]:
        """See `Past.views`."""
        return (WHOLE, *self.secret)

    def wanted(self, entry: Entry) -> dict[str, tuple[str, ...]]:
        """The columns that are read of a release: see `PrintsFile.read`."""
        sensitive = [name for name, holders in self.holders.items() if entry in holders]
        around = [other for name in sensitive for other in others_than(entry, name)]
        values = dict.fromkeys([*self.columns[entry.name], *around])
        return {"persons": entry.identities, "values": tuple(values), "normal": tuple(sensitive)}


def compared(job: Job, entries: tuple[Entry, ...], releases: Sequence[str]) -> Compared:
    """Say what of some registered releases is compared with releases of a run.

    Args:
        job: The run.
        entries: The registered releases.
        releases: The releases of the run that are tested together.
    """
    sensitive = dict.fromkeys(name for release in releases for name in job.layouts[release].sensitive)
    holders = {name: tuple(entry for entry in entries if _is_sensitive(entry, name)) for name in sensitive}
    return Compared(
        entries,
        _columns(job, entries, releases),
        left_out(job.policy, releases, entries),
        {name: some for name, some in holders.items() if some},
        max([entry.k for entry in entries] + [job.policy.releases[name].k for name in releases]),
    )


def _is_sensitive(entry: Entry, name: str) -> bool:
    return str(Role.SENSITIVE) in entry.roles.get(name, ())


def _columns(job: Job, entries: Sequence[Entry], releases: Sequence[str]) -> dict[str, tuple[str, ...]]:
    held = {entry.name: {*entry.roles} for entry in entries} | {name: {*job.layouts[name].fields} for name in releases}
    return {
        entry.name: tuple(
            name for name in entry.roles if any(name in theirs for other, theirs in held.items() if other != entry.name)
        )
        for entry in entries
    }


def told_apart(entries: Sequence[Entry], overlapping: set[str], untested: Mapping[str, str]) -> Past:
    """Tell registered releases that are tested with a run from others, before anything of them is read.

    Args:
        entries: All registered releases.
        overlapping: Names of those that have some of the run's records.
        untested: Why others cannot be compared, by name.
    """
    related = _related(entries, overlapping, untested)
    disjoint = tuple(entry.name for entry in entries if entry not in related and entry.name not in untested)
    tested = tuple(entry for entry in related if entry.name not in untested)
    said = {name: _untested(name, reason) for name, reason in untested.items()}
    return Past(tested, disjoint=disjoint, untested=said)


def _untested(name: str, reason: str) -> str:
    return f"{reason}, so what {name} and this release say together was not tested"


def _related(entries: Sequence[Entry], overlapping: set[str], untested: Mapping[str, str]) -> list[Entry]:
    """The releases that share records with the run, directly or through other releases."""
    found = {*overlapping, *untested}
    while True:
        near = {
            one
            for entry in entries
            for one in (entry.name, *entry.together)
            if entry.name in found or found & {*entry.together}
        }
        if near <= found:
            return [entry for entry in entries if entry.name in found]
        found |= near


def incomparable(job: Job, entry: Entry) -> str:
    """Why the records of a registered release cannot be known again in a run; empty if they can."""
    mine = job.record_rule
    subject = str(job.policy.subject)
    if entry.table is None:
        return "the register has no fingerprints of it"
    if table_in(entry.release) != table_of(job.policy):
        theirs, ours = (_of_table(name) for name in (table_in(entry.release), table_of(job.policy)))
        return f"it is of {theirs}, this run of {ours}: these are not tested together"
    if mine.startswith(f"{_without_kind(entry.record)}{OF}") and OF not in entry.record:
        return (
            f"its records are known by {_rule(_without_kind(entry.record))} as an earlier version put it together, which could "
            "take two for one; say where a new register is: register: PATH"
        )
    if entry.record != mine:
        return f"its records are known by {_rule(entry.record)}, and this run's by {_rule(mine)}; write record: as it was then"
    gone = [name for name in entry.roles if name not in job.policy.fields]
    if gone:
        return (
            f"the policy has no field {', '.join(gone)} any more, which it gives out: if it has another name now, what both "
            "say of it cannot be compared"
        )
    lost = [name for name in entry.identities[1:] if name not in identities(job.policy)]
    if lost:
        return f"its persons are told by {', '.join(lost)} as well, which names nobody in the policy now; write it as before"
    if not entry.identities or entry.identities[0] != subject:
        return f"its persons are told by {', '.join(entry.identities) or 'nobody'}, and those of this run by {subject}"
    return ""


def _of_table(name: str) -> str:
    return f"the table {name}" if name else "a policy without tables"


def _without_kind(rule: str) -> str:
    return rule.partition(" as ")[0]


def _rule(rule: str) -> str:
    """How records are known, for a message: see `Job.record_rule`."""
    kind, _, name = rule.partition(":")
    return name if kind == "field" else "all their columns, of the types that they have"
