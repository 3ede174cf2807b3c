"""A run's register, from the driver: held while the run is tested with it, told before anything is published, and after it.

What is about to be published stands in the register first, as pending, so that no release is ever given out that the register
does not know of: a process may die at any moment. Pending releases count; whoever holds the register next looks what became of
them.
"""

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from beam_deid.transforms.actions.generalize import Generalize
from beam_deid.transforms.clock import now
from beam_deid.transforms.crypto.keyring import REGISTER_NAME
from beam_deid.transforms.crypto.keyring_file import change, opened
from beam_deid.transforms.errors import InputError, OutputError, UsageError
from beam_deid.transforms.policy.model import Policy
from beam_deid.transforms.policy.register_place import RegisterPlace, register_place
from beam_deid.transforms.records.job import Job
from beam_deid.transforms.register.document import Document, Entry, Event, Run, State, Table
from beam_deid.transforms.register.folder import Held, hold, read
from beam_deid.transforms.register.key import known_subkey, register_subkey
from beam_deid.transforms.register.reference import Reference
from beam_deid.transforms.storage.files import read_all, store_of
from beam_deid.transforms.storage.paths import is_hidden, join, name_of, parent, shown
from beam_deid.transforms.terms import LabelName

_STANDING = (State.PENDING, State.PUBLISHED)


@dataclass(frozen=True)
class Intent:
    """What another process needs to know to register a run whose driver died.

    Attributes:
        path: The register's folder.
        register: Its id.
        key: ``id`` and ``check`` of its key.
        dataset: The dataset.
        entries: Names of the releases that the run is tested with.
        output: The run's output.
        replaced: What becomes of the releases that the run replaces in its output.
        told: Of each release of the run what its label does not say: ``recipient`` and ``k``.
    """

    path: str
    register: str
    key: dict[str, Any]
    dataset: str
    entries: tuple[str, ...]
    output: str
    replaced: str
    told: dict[str, dict[str, Any]]


class Registering:
    """The register of one run, held by this process until it is closed. A context manager.

    Args:
        held: The register.
        intent: What the run has to do with it.
        notes: What was made for it, a sentence each for a person.
    """

    def __init__(self, held: Held, intent: Intent, notes: tuple[str, ...] = ()) -> None:
        self._held, self.intent, self.notes = held, intent, notes
        self._pending, self._unreleased = tuple[str, ...](), set[str]()
        self._own_run: Run | None = None

    def __enter__(self) -> "Registering":
        return self

    def __exit__(self, *rest: object) -> None:
        self.close()

    def close(self) -> None:
        """Let others have the register."""
        self._held.close()

    def found(self) -> None:
        """Make the register if it is not there.

        Raises:
            OutputError: It cannot be written.
        """
        if self._held.document is None:
            self._held.save(self._document())

    def announce(self, staging: str, run: Mapping[str, Any], labels: Mapping[str, Any], outcome: Mapping[str, Any]) -> None:
        """Write down what is about to be published.

        Args:
            staging: The staging folder, in which the fingerprints wait.
            run: The content of ``run.json``.
            labels: The content of each release's label.
            outcome: What the run left.

        Raises:
            OutputError: It cannot be written.
            UsageError: Something was registered since the run began that it was not tested with.
        """
        document = self._document()
        announced = self._announced(document, run)
        if self.intent.replaced == State.UNRELEASED:
            self._unreleased = _replaced(document, self.intent.output)
        if {entry.name for entry in self._tested(document)} - {*announced} != {*self.intent.entries}:
            raise UsageError(
                "releases were registered since this run was decided, and it was not tested with them", shown(self.intent.path),
                "Run again",
            )  # fmt: skip
        if announced:  # by a driver that died before it could publish them
            self._pending = announced
            return
        entries: dict[str, Entry] = {}
        for name, release in run["releases"].items():
            if release["published"]:
                entry = self._entry(document.with_entries(entries), staging, run, labels[name], release, outcome)
                entries[entry.name] = entry
        names = tuple(entries)
        for name, entry in entries.items():  # the releases of one run are of the same records
            entries[name] = replace(entry, together=(*entry.together, *(one for one in names if one != name)))
        self._own_run = self._run(staging, run, outcome)
        self._held.save(replace(document.with_entries(entries), runs=(*document.runs, self._own_run)))
        self._pending = names

    def confirm(self) -> None:
        """Write down that it was published, and what it replaced.

        Raises:
            OutputError: It cannot be written; the releases stand there as pending, and count.
        """
        document = self._document()
        run = next((entry.run for entry in document.releases if entry.name in self._pending), "")
        ours = [entry for entry in document.releases if entry.name in self._pending]
        changed = {entry.name: replace(entry, state=State.PUBLISHED) for entry in ours}
        for entry in _standing(document, self.intent.output):
            if entry.name not in self._pending:
                state = State.UNRELEASED if entry.name in self._unreleased else State.SUPERSEDED
                changed[entry.name] = entry.after(Event(now(), state, run))
        self._held.save(document.with_entries(changed))
        self.notes = (*self.notes, *(_told_of(entry, self.intent) for entry in ours))

    def withdraw(self) -> None:
        """Write down that nothing was published after all.

        Raises:
            OutputError: It cannot be written; the releases stand there as pending, and count.
        """
        if self._own_run is None:  # another process announced it, and nobody knows what it published
            return
        document = self._document()
        left = tuple(entry for entry in document.releases if entry.name not in self._pending)
        self._held.save(replace(document, releases=left, runs=tuple(run for run in document.runs if run != self._own_run)))

    def _document(self) -> Document:
        found, intent = self._held.document, self.intent
        if found is None:
            return Document(intent.register, intent.dataset, 0, now(), intent.key)
        if found.register != intent.register:
            raise UsageError("another register has taken this one's place", shown(intent.path), "Run again")
        return found

    def _announced(self, document: Document, run: Mapping[str, Any]) -> tuple[str, ...]:
        """The entries of these very releases, where they stand in the register already."""
        labels = {release["label_sha256"] for release in run["releases"].values() if release["published"]}
        return tuple(
            entry.name for entry in _standing(document, self.intent.output)
            if entry.state is State.PENDING and entry.run == run["run"] and entry.label_sha256 in labels
        )

    def _tested(self, document: Document) -> list[Entry]:
        return tested_with(document, self.intent.output, unreleased=self.intent.replaced == State.UNRELEASED)

    def _entry(
        self, document: Document, staging: str, run: Mapping[str, Any], label: Mapping[str, Any], release: Mapping[str, Any],
        outcome: Mapping[str, Any],
    ) -> Entry:  # fmt: skip
        name, remembered = document.next_name(label["release"]), outcome["releases"][label["release"]]["remembered"]
        table = self._table(staging, name, remembered["file"]) if remembered else None
        entry = entry_of(name, label, run["started_at"], self.intent.told[label["release"]], remembered, table)
        inputs = tuple(outcome["inputs"])
        return replace(entry, output=self.intent.output, inputs=inputs, label_sha256=release["label_sha256"])

    def _run(self, staging: str, run: Mapping[str, Any], outcome: Mapping[str, Any]) -> Run:
        persons = outcome["persons"]
        return Run(run["run"], run["started_at"], self._table(staging, "persons", persons["file"]) if persons else None)

    def _table(self, staging: str, name: str, written: Sequence[Any]) -> Table:
        path, rows, size, sha256 = written
        return Table(self._held.add(join(staging, *path.split("/")), name, sha256), rows, size, sha256)


def entry_of(
    name: str, label: Mapping[str, Any], made_at: str, told: Mapping[str, Any], remembered: Mapping[str, Any] | None,
    table: Table | None,
) -> Entry:  # fmt: skip
    """What the register says of a release that is about to be published.

    Args:
        name: What the register calls it.
        label: The content of its label.
        made_at: When its run began.
        told: What the label does not say: ``recipient``, ``k``, and ``levels`` that the policy fixes.
        remembered: A `Remembered` as plain values; None where it is not tested with others.
        table: The fingerprints of its records, if so.
    """
    known = remembered or {"record": "", "identities": (), "l": {}, "together": ()}
    return Entry(
        name=name, release=label["release"], run=label["run"], made_at=made_at, label=LabelName(label["label"]),
        sharing=label["sharing"], purpose=label["purpose"], recipient=told["recipient"], output="", state=State.PENDING,
        levels={**told["levels"], **label["search"]["levels"]}, losses=label["search"].get("losses", {}),
        records=label["records"], inputs=(),
        files=tuple(label["files"]), label_sha256="", policy_sha256=label["policy_sha256"], record=known["record"],
        identities=tuple(known["identities"]), roles={field: tuple(facts["role"]) for field, facts in label["fields"].items()},
        k=told["k"], l=known["l"], together=tuple(known["together"]), table=table,
    )  # fmt: skip


def told_of(policy: Policy, releases: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Of each release what its label does not say, for the register."""
    return {
        name: {
            "recipient": policy.releases[name].recipient, "k": policy.releases[name].k,
            "levels": {
                field: action.ladder().levels[level] for field, action in policy.releases[name].fields.items()
                if isinstance(action, Generalize) and (level := action.fixed_level()) is not None
            },
        }
        for name in releases
    }  # fmt: skip


def open_register(
    job: Job, output: str, *, overwrite: bool, unreleased: bool, new: bool = False
) -> tuple[Job, Registering | None]:
    """Hold the register of a run, if it keeps one.

    Args:
        job: The run, with the keys of its keyring pinned.
        output: Its output folder, as all reach it.
        overwrite: Whether it may replace an earlier run's output.
        unreleased: Whether what it replaces was never given out.
        new: Whether a new register may be made for a dataset that had one, as its key shows.

    Returns:
        The job, which knows the register or why there is none; and the register.

    Raises:
        UsageError: The register is damaged, or another run uses it.
        KeyFault: Its key cannot be had, or is another one.
    """
    place = register_place(job.policy, output, key_given=job.secret is not None)
    if place.missing:
        _see_that_none_is_left_out(job.policy, output)
        return replace(job, unregistered=place.missing), None
    _see_that_it_is_apart(place.path, output)
    held = hold(place.path)
    try:
        return _opened(job, place, held, output, overwrite, unreleased, new)
    except BaseException:
        held.close()
        raise


def resume(intent: Mapping[str, Any]) -> Registering:
    """Hold the register of a run whose driver died.

    Args:
        intent: What it left: an `Intent` as plain values.

    Raises:
        UsageError: The register is damaged, or another run uses it.
    """
    given = Intent(**{**intent, "entries": tuple(intent["entries"])})
    held = hold(given.path)
    try:
        settle(held)
    except BaseException:
        held.close()
        raise
    return Registering(held, given)


def intent_of(registering: Registering | None) -> dict[str, Any] | None:
    """What another process needs to know of a run's register."""
    return None if registering is None else asdict(registering.intent)


def tested_with(document: Document, output: str, *, unreleased: bool) -> list[Entry]:
    """The registered releases that a run is tested with.

    Args:
        document: The register.
        output: The run's output.
        unreleased: Whether what the run replaces there was never given out.
    """
    out = _replaced(document, output) if unreleased else set()
    return [entry for entry in document.tested if entry.name not in out]


def settle(held: Held) -> None:
    """See what became of releases that were about to be published when a process died.

    One whose label stands in its output was published, and others that stood there were replaced. Of any other nobody can say that
    it was not: somebody may have moved it.
    """
    document = held.document
    if document is None:
        return
    changed: dict[str, Entry] = {}
    for entry in document.releases:
        if entry.state is State.PENDING and _stands(entry):
            changed[entry.name] = replace(entry, state=State.PUBLISHED)
            for other in _standing(document, entry.output):
                if not _stands(other):
                    changed[other.name] = other.after(Event(now(), State.SUPERSEDED, entry.run))
    if changed:
        held.save(document.with_entries(changed))


def _opened(
    job: Job, place: RegisterPlace, held: Held, output: str, overwrite: bool, unreleased: bool, new: bool
) -> tuple[Job, Registering]:
    settle(held)
    document, key, notes = held.document, place.key, list[str]()
    if document is None:
        _see_that_none_was_lost(place.path, output)
        identity = secrets.token_hex(8)
        job, notes = _with_key(job, place, new)
        subkey = register_subkey(job.keys, key, identity)
        facts: Mapping[str, Any] = {"id": subkey.id, "check": subkey.check()}
        notes.append(f"a new register of what is given out: {shown(place.path)}; nothing that was given out before is in it")
    else:
        if document.dataset != job.policy.dataset:
            raise UsageError(
                f"the register is of the dataset {document.dataset}, and the policy's is {job.policy.dataset}", shown(place.path),
                "Name another folder under register: of the policy, or call the dataset as before",
            )  # fmt: skip
        _see_that_none_is_elsewhere(place.path, output, document.register)
        identity, facts = document.register, document.key
    entries = [] if document is None else tested_with(document, output, unreleased=unreleased)
    reference = Reference(place.path, identity, key, facts["id"], facts["check"], tuple(entries), document is None)
    if document is not None:
        known_subkey(job.keys, reference)
    replaced = State.UNRELEASED if overwrite and unreleased else State.SUPERSEDED
    intent = Intent(
        place.path, identity, dict(facts), job.policy.dataset, tuple(entry.name for entry in entries), output, str(replaced),
        told_of(job.policy, job.releases),
    )  # fmt: skip
    return replace(job, register=reference, unregistered=""), Registering(held, intent, tuple(notes))


def _with_key(job: Job, place: RegisterPlace, new: bool) -> tuple[Job, list[str]]:
    """The run once there is a key for a new register: one of that name is added to the policy's keyring if it has none.

    Raises:
        UsageError: It has one, so that there was a register already, and nobody said that a new one is meant.
    """
    keys = job.policy.keys
    if place.key != f"keyring:{REGISTER_NAME}" or keys is None or keys.keyring is None:
        return job, []
    if any(key.name == REGISTER_NAME for key in opened(keys.keyring).keys):
        if not new:
            raise UsageError(
                "there is no register here, and the keyring has a register's key already: what was given out before would not be "
                "tested with", shown(place.path),
                "Name the register's folder under register: of the policy, put it back, or add --new-register to begin anew",
            )  # fmt: skip
        return job, []
    with change(keys.keyring) as changing:
        changing.save(changing.ring.with_new(REGISTER_NAME, changing.ring.opener()))
    return job.pinned(), [f"the keyring has a key for it now, called {REGISTER_NAME}: {shown(keys.keyring)}"]


def _see_that_none_was_lost(path: str, output: str) -> None:
    """See that no run in the output, or in an output beside it, was registered in a register that is to be made anew.

    Raises:
        UsageError: One was, and that register is gone.
    """
    for place in [output, *_outputs_beside(output)]:
        register = _run_in(place).get("register")
        if register and (place == output or shown(str(register["path"])) == shown(path)):
            raise UsageError(
                f"the run in {shown(place)} was registered, and its register is gone", shown(path),
                "Put the register back, or move that output away: what was given out before can then be tested with nothing",
            )  # fmt: skip


def _see_that_it_is_apart(path: str, output: str) -> None:
    """See that what is published and what never is are not in one another.

    Raises:
        UsageError: They are.
    """
    here, there = f"{shown(path)}/", f"{shown(output)}/"
    if output and (here.startswith(there) or there.startswith(here)):
        raise UsageError(
            "the register and the output are in one another, and a register is never published", shown(path),
            "Name another folder under register: of the policy, or another --output",
        )  # fmt: skip
    if _run_in(parent(path)):
        raise UsageError(
            "the register would lie in the output of another run, and it is never published", shown(path),
            "Name another folder under register: of the policy, or another --output",
        )  # fmt: skip


def _outputs_beside(output: str) -> list[str]:
    if not output:
        return []
    above = parent(output)
    try:
        found = store_of(above).entries(above)
    except OSError:
        return []
    return [entry.path for entry in found if entry.is_folder and entry.path != output and not is_hidden(name_of(entry.path))]


def _see_that_none_is_left_out(policy: Policy, output: str) -> None:
    """See that a policy that names no key for a register, by mistake, does not pass one by.

    Raises:
        UsageError: There is one where the policy's would be.
    """
    place = register_place(policy, output, key_given=True)
    if not place.missing and read(place.path) is not None:
        raise UsageError(
            "a register of what was given out is here, and the policy names no key for it", shown(place.path),
            "Name the key with which it was made (keys: or register: {key: …}), or say register: none to go without",
        )  # fmt: skip


def _see_that_none_is_elsewhere(path: str, output: str, register: str) -> None:
    """See that the run in the output, if there is one, is in no other register: what this one does not know it cannot test.

    Raises:
        UsageError: It is.
    """
    other = _run_in(output).get("register")
    if other and other["id"] != register:
        raise UsageError(
            f"the run in the output is in the register {other['id']}, which was at {other['path']}, and this is {register}",
            shown(path),
            "Name that register under register: of the policy, or move that output away",
        )  # fmt: skip


def _told_of(entry: Entry, intent: Intent) -> str:
    """What a person is told of a release that was registered."""
    tested = [name for name in entry.together if name in intent.entries]
    with_ = f"tested with {', '.join(tested)}" if tested else "none of its records was in a release that it had to be tested with"
    return f"{entry.release} is registered as {entry.name} in {shown(intent.path)}" + (f"; {with_}" if entry.is_tested else "")


def _standing(document: Document, output: str) -> list[Entry]:
    """The entries of releases that stand in an output, or may."""
    return [entry for entry in document.releases if shown(entry.output) == shown(output) and entry.state in _STANDING]


def _replaced(document: Document, output: str) -> set[str]:
    """Names of the releases that whoever overwrites an output replaces: what was moved away is not among them."""
    return {entry.name for entry in _standing(document, output) if _stands(entry)}


def _stands(entry: Entry) -> bool:
    run = _run_in(entry.output)
    release = run.get("releases", {}).get(entry.release, {})
    return run.get("run") == entry.run and release.get("label_sha256") == entry.label_sha256


def _run_in(output: str) -> dict[str, Any]:
    if not output:
        return {}  # of a pipeline of somebody's own
    try:
        found = json.loads(read_all(join(output, "run.json")))
    except (InputError, OutputError, OSError, UsageError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
