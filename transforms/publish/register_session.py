"""A run's session with its register: held while the run is tested with it, told before anything is published, and after it.

What is about to be published stands in the register first, as pending, so that no release is ever given out that the register
does not know of: a process may die at any moment. Pending releases count; whoever holds the register next looks what became of
them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from beam_deid.transforms.clock import now
from beam_deid.transforms.decide.decision import Written
from beam_deid.transforms.errors import UsageError
from beam_deid.transforms.label.documents import plain
from beam_deid.transforms.policy.tables import table_in
from beam_deid.transforms.publish.persons import counts_of, threshold_notes
from beam_deid.transforms.publish.previous import previous_in, told_of
from beam_deid.transforms.publish.register_current import current_in, replaced_in, tested_with
from beam_deid.transforms.publish.register_entries import Intent, entry_of, note_of
from beam_deid.transforms.publish.run_outcome import RunOutcome, TablePersons
from beam_deid.transforms.register.document import Document, Entry, Event, Run, State, Table
from beam_deid.transforms.register.folder import Held
from beam_deid.transforms.storage.paths import join, shown


class RegisterSession:
    """The register of one run, held by this process until it is closed. A context manager.

    Args:
        held: The register.
        intent: What the run has to do with it.
        notes: What was made for it, a sentence each for a person.
    """

    def __init__(self, held: Held, intent: Intent, notes: tuple[str, ...] = ()) -> None:
        self._held = held
        self.intent = intent
        self.notes = notes
        self._pending = tuple[str, ...]()
        self._unreleased = set[str]()
        self._own_runs = tuple[Run, ...]()

    def __enter__(self) -> "RegisterSession":
        return self

    def __exit__(self, *rest: object) -> None:
        self.close()

    def close(self) -> None:
        """Let others have the register."""
        self._held.close()

    def create_if_missing(self) -> None:
        """Make the register if it is not there.

        Raises:
            OutputError: It cannot be written.
        """
        if self._held.document is None:
            self._held.save(self._document())

    def previous(self, run: str, releases: Iterable[str]) -> dict[str, dict[str, Any]]:
        """What is told of the release before each of a run's, by its name; nothing where there was none.

        Args:
            run: The run.
            releases: The names of its releases.
        """
        document = self._document()
        never = replaced_in(document, self.intent.output) if self.intent.replaced == State.UNRELEASED else set[str]()
        found = {name: previous_in(document, name, run, self.intent.output, never) for name in releases}
        return {name: told_of(entry) for name, entry in found.items() if entry is not None}

    def announce(self, staging: str, run: Mapping[str, Any], labels: Mapping[str, Any], outcome: RunOutcome) -> None:
        """Write down what is about to be published.

        Args:
            staging: The staging folder, in which the fingerprints wait.
            run: The content of ``run.json``.
            labels: The content of each release's label.
            outcome: What the run came to.

        Raises:
            OutputError: It cannot be written.
            UsageError: Something was registered since the run began that it was not tested with.
        """
        document = self._document()
        announced = self._announced(document, run)
        if self.intent.replaced == State.UNRELEASED:
            self._unreleased = replaced_in(document, self.intent.output)
        self._check_tested(document, announced)
        if announced:  # by a driver that died before it could publish them
            self._pending = announced
            return
        entries = self._entries(document, staging, run, labels, outcome)
        self._own_runs = self._runs(staging, run, outcome)
        self._held.save(replace(document.with_entries(entries), runs=(*document.runs, *self._own_runs)))
        self._pending = tuple(entries)

    def _check_tested(self, document: Document, announced: tuple[str, ...]) -> None:
        """See that nothing was registered since the run began but its own releases."""
        if {entry.name for entry in self._tested(document)} - {*announced} != {*self.intent.entries}:
            raise UsageError(
                "releases were registered since this run was decided, and it was not tested with them",
                shown(self.intent.path),
                "Run again",
            )

    def _entries(
        self,
        document: Document,
        staging: str,
        run: Mapping[str, Any],
        labels: Mapping[str, Any],
        outcome: RunOutcome,
    ) -> dict[str, Entry]:
        """The entries of what is about to be published, by name."""
        entries: dict[str, Entry] = {}
        for name, release in run["releases"].items():
            if release["published"]:
                entry = self._entry(document.with_entries(entries), staging, run, labels[name], release, outcome)
                entries[entry.name] = entry
        return {name: _with_siblings(entry, entries) for name, entry in entries.items()}

    def confirm(self) -> None:
        """Write down that it was published, and what it replaced.

        Raises:
            OutputError: It cannot be written; the releases stand there as pending, and count.
        """
        document = self._document()
        ours = [entry for entry in document.releases if entry.name in self._pending]
        changed = {entry.name: replace(entry, state=State.PUBLISHED) for entry in ours}
        run = ours[0].run if ours else ""
        for entry in current_in(document, self.intent.output):
            if entry.name not in self._pending:
                state = State.UNRELEASED if entry.name in self._unreleased else State.SUPERSEDED
                changed[entry.name] = entry.after(Event(now(), state, run))
        self._held.save(document.with_entries(changed))
        told = threshold_notes(self._document(), self._held.path)
        self.notes = (*self.notes, *(note_of(entry, self.intent) for entry in ours), *told)

    def withdraw(self) -> None:
        """Write down that nothing was published after all.

        Raises:
            OutputError: It cannot be written; the releases stand there as pending, and count.
        """
        if not self._own_runs:  # another process announced it, and nobody knows what it published
            return
        document = self._document()
        left = tuple(entry for entry in document.releases if entry.name not in self._pending)
        runs = tuple(run for run in document.runs if run not in self._own_runs)
        self._held.save(replace(document, releases=left, runs=runs))

    def _document(self) -> Document:
        found = self._held.document
        intent = self.intent
        if found is None:
            return Document(intent.register, intent.dataset, 0, now(), intent.key)
        if found.register != intent.register:
            raise UsageError("another register has taken this one's place", shown(intent.path), "Run again")
        return found

    def _announced(self, document: Document, run: Mapping[str, Any]) -> tuple[str, ...]:
        """The entries of these very releases, where they stand in the register already."""
        labels = {release["label_sha256"] for release in run["releases"].values() if release["published"]}
        return tuple(
            entry.name
            for entry in current_in(document, self.intent.output)
            if entry.state is State.PENDING and entry.run == run["run"] and entry.label_sha256 in labels
        )

    def _tested(self, document: Document) -> list[Entry]:
        return tested_with(document, self.intent.output, unreleased=self.intent.replaced == State.UNRELEASED)

    def _entry(
        self,
        document: Document,
        staging: str,
        run: Mapping[str, Any],
        label: Mapping[str, Any],
        release: Mapping[str, Any],
        outcome: RunOutcome,
    ) -> Entry:
        name = document.next_name(label["release"])
        remembered = outcome.releases[label["release"]].remembered
        table = self._table(staging, name, remembered.file) if remembered else None
        told = self.intent.told[label["release"]]
        consent = release.get("consent")
        entry = entry_of(name, label, run["started_at"], told, remembered, table, consent)
        inputs = tuple(one._asdict() for one in outcome.inputs)
        return replace(entry, output=self.intent.output, inputs=inputs, label_sha256=release["label_sha256"])

    def _runs(self, staging: str, run: Mapping[str, Any], outcome: RunOutcome) -> tuple[Run, ...]:
        """The run, once for the persons of each of its tables."""
        made = Run(run["run"], run["started_at"], operator=run.get("operator"), kept_until=run["kept_until"])
        return tuple(self._with_persons(made, staging, one) for one in outcome.persons) or (made,)

    def _with_persons(self, run: Run, staging: str, table: TablePersons) -> Run:
        special = table.special
        return replace(
            run,
            persons=self._table(staging, "persons", table.persons.file),
            special=self._table(staging, "special", special.file) if special else None,
            subject=table.counted["subject"] if table.counted else "",
            common_subject=table.counted.get("common_subject", "") if table.counted else "",
            counts=counts_of(table.counted),
        )

    def _table(self, staging: str, name: str, written: Written) -> Table:
        path = join(staging, *written.path.split("/"))
        return Table(self._held.add(path, name, written.sha256), written.rows, written.size, written.sha256)


def _with_siblings(entry: Entry, entries: Mapping[str, Entry]) -> Entry:
    """An entry that was tested together with the others of its run: releases of one table are of the same records."""
    table = table_in(entry.release)
    others = (name for name, other in entries.items() if name != entry.name and table_in(other.release) == table)
    return replace(entry, together=(*entry.together, *others))


def intent_document(session: RegisterSession | None) -> dict[str, Any] | None:
    """What another process needs to know of a run's register, as JSON values."""
    return None if session is None else plain(session.intent)
