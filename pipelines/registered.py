"""A register as ``beam-deid releases`` reads it: the folder that is meant, its entries, and their labels."""

from typing import TYPE_CHECKING, Any

from beam_deid.pipelines.program import program
from beam_deid.transforms.clock import now
from beam_deid.transforms.errors import UsageError
from beam_deid.transforms.label.documents import plain
from beam_deid.transforms.label.overdue import overdue
from beam_deid.transforms.policy.model import Policy
from beam_deid.transforms.policy.reader import read_any_policy
from beam_deid.transforms.policy.register_location import register_location
from beam_deid.transforms.policy.tables import TablesPolicy
from beam_deid.transforms.register.comparing import difference, differing_tests, differs
from beam_deid.transforms.register.document import COUNTED, Document, Entry, Event, State
from beam_deid.transforms.register.folder import hold, read
from beam_deid.transforms.register.registered_label import registered_label
from beam_deid.transforms.register.summary import later_tested, sizes, suppressed_share
from beam_deid.transforms.storage.paths import absolute, shown

if TYPE_CHECKING:
    from beam_deid.transforms.register.persons_counted import PersonsCounted  # which loads Arrow

_POLICIES = (".yaml", ".yml")
_NAMED = 20  # names that a message lists


def opened(register: str, output_folder: str | None) -> tuple[str, Document]:
    """The folder of a register, and its newest revision.

    Args:
        register: The register's folder, or a policy whose runs register there.
        output_folder: Where it is a policy: the output of its runs.

    Raises:
        UsageError: There is no register, or it is not said where it is.
    """
    path = _register_of(register, output_folder)
    found = read(path)
    if found is None:
        raise UsageError(
            "there is no register here",
            shown(path),
            "Name the folder that a run registered in: DATASET.register beside its output",
        )
    return path, found


def _register_of(path: str, output_folder: str | None) -> str:
    """The folder of the register that is meant.

    Args:
        path: The folder, or a policy whose runs register there.
        output_folder: Where it is a policy: the output of its runs.
    """
    if not shown(path).endswith(_POLICIES):
        if output_folder is not None:
            raise UsageError("an output is asked for only where a policy is named", "--output", "Leave it out")
        return absolute(path)
    place = register_location(_any_table(read_any_policy(path, key_given=True)), output_folder, key_given=True)
    if place.missing:
        raise UsageError(
            place.missing, shown(path), "Name the output of its runs by --output DIR, or the register's folder"
        )
    return place.path


def _any_table(policy: Policy | TablesPolicy) -> Policy:
    """One of the policy's tables: all of them have one register."""
    return next(iter(policy.tables.values())).policy if isinstance(policy, TablesPolicy) else policy


def entry_named(found: Document, name: str, path: str) -> Entry:
    """The entry of that name.

    Raises:
        UsageError: There is none.
    """
    entry = found.entry(name)
    if entry is not None:
        return entry
    names = [one.name for one in found.releases]
    known = ", ".join(names[-_NAMED:]) or "nothing"
    told = f"It has: {known}" if len(names) <= _NAMED else f"The latest of {len(names):,}: {known}"
    raise UsageError("the register has no release of that name", shown(path), told)


def forgettable(found: Document, name: str, path: str) -> Entry:
    """The entry of that name, if new releases may still be tested with it.

    Raises:
        UsageError: There is none, or it was forgotten before.
    """
    entry = entry_named(found, name, path)
    if entry.state in COUNTED:
        return entry
    said = next((event for event in reversed(entry.events) if event.state is entry.state), None)
    when = f" on {said.at}" if said is not None else ""
    what = f"this release was {entry.state}{when}: nothing new is tested with it"
    raise UsageError(what, shown(path), f"See: {program()} releases show {shown(path)} {entry.name}")


def forget_entry(path: str, entry: Entry, reason: str) -> tuple[Entry, Document]:
    """Forget an entry.

    Args:
        path: The register's folder.
        entry: The entry, as it was when somebody was asked.
        reason: Why nobody can have the release.

    Returns:
        The entry and the register as they are now.

    Raises:
        UsageError: The entry was changed meanwhile: a run replaced it, or registered a release that was tested with it.
    """
    with hold(path) as held:
        if held.document is None or held.document.entry(entry.name) != entry:
            what = "the register has changed since this was asked"
            raise UsageError(what, shown(path), "Look at it, and forget again")
        gone = entry.after(Event(now(), State.FORGOTTEN, reason=reason))
        return gone, held.save(held.document.with_entries({entry.name: gone}))


def list_document(found: Document, path: str) -> dict[str, Any]:
    """A register as ``releases list --json`` prints it."""
    return {
        "path": shown(path),
        "register": found.register,
        "dataset": found.dataset,
        "revision": found.revision,
        "written_at": found.written_at,
        "releases": [_listed(entry) for entry in found.releases],
        "tested": tested_now(found),
        "tables": sizes(found),
    }


def _listed(entry: Entry) -> dict[str, Any]:
    return {
        "name": entry.name,
        "made_at": entry.made_at,
        "label": entry.label,
        "state": entry.state,
        "sharing": entry.sharing,
        "recipient": entry.recipient,
        **({"given_to": plain(entry.given_to)} if entry.given_to is not None else {}),
        "records": entry.records.to_document(),
        "suppressed_share": suppressed_share(entry),
        "is_tested": entry.is_tested,
        "assessed_at": entry.assessed_at or None,
        "review_by": entry.review_by or None,
        "retain_until": entry.retain_until,
        "overdue": list(overdue_of(entry)),
    }


def overdue_of(entry: Entry) -> tuple[str, ...]:
    """What of a release is past that somebody may have and that is still here, a sentence each."""
    if entry.state not in COUNTED or entry.state is State.DELETED:
        return ()
    dates = {"review_by": entry.review_by or None, "retain_until": entry.retain_until}
    return tuple(overdue({**dates, "environment": entry.environment}, now()))


def persons_document(counted: "PersonsCounted", path: str) -> dict[str, Any]:
    """The persons of a register as ``releases persons --json`` prints them."""
    return {
        "path": shown(path),
        "year": counted.year,
        "handled": plain(counted.of_all),
        "handled_in_year": plain(counted.of_year),
        "given_abroad_in_year_at_most": plain(counted.abroad),
        "uncounted_runs": counted.uncounted,
        "thresholds": [{**plain(one.threshold), "persons": one.persons, "state": one.state} for one in counted.reached],
    }


def show_document(found: Document, entry: Entry) -> dict[str, Any]:
    """An entry as ``releases show --json`` prints it."""
    return {
        **entry_document(entry),
        "suppressed_share": suppressed_share(entry),
        "is_tested": entry.is_tested,
        "together_later": later_tested(found, entry),
    }


def entry_document(entry: Entry) -> dict[str, Any]:
    """An entry as JSON."""
    document: dict[str, Any] = plain(entry)
    return document


def tested_now(found: Document) -> dict[str, Any]:
    """What a new release of the same records is tested together with."""
    tested = found.tested
    return {"releases": [entry.name for entry in tested], "records": sum(entry.records.released for entry in tested)}


def difference_document(one: Entry, other: Entry) -> dict[str, Any]:
    """What differs between two entries, as ``releases diff --json`` prints it."""
    differing = difference(one, other)
    return {
        "one": one.name,
        "other": other.name,
        "same": not differs(differing),
        **differing,
        "tests": _differing_labels(one, other),
    }


def _differing_labels(one: Entry, other: Entry) -> dict[str, Any]:
    """What differs in the tests of two labels, or why that cannot be told."""
    (left, left_problem) = registered_label(one)
    (right, right_problem) = registered_label(other)
    differing = None if left is None or right is None else differing_tests(left, right)
    return {"problems": {"one": left_problem, "other": right_problem}, "differing": differing}
