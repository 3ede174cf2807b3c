"""The content of a register: the releases that were given out, and the files of their fingerprints.

A register is a folder. It holds one file for each of its last revisions, and tables of fingerprints that the newest revision
names. A revision is written once and never changed; see `beam_deid.transforms.register.folder`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from beam_deid.transforms.label.documents import attributes
from beam_deid.transforms.label.record_counts import RecordCounts
from beam_deid.transforms.names import NAMES
from beam_deid.transforms.terms import LabelName, Word

FORMAT = 2
"""Version of the register's form. A register of a greater one was written by a newer beam-deid; all smaller ones are read."""


class State(Word):
    """The state of a release."""

    PENDING = "pending"
    """It was about to be published when this was written: nobody knows that it was not."""
    PUBLISHED = "published"
    SUPERSEDED = "superseded"
    """A later run replaced it; who has it has it still."""
    UNRELEASED = "unreleased"
    """A later run replaced it, and somebody said that it was never given out."""
    DELETED = "deleted"
    """Its retention was over, and it was removed here; who was given it may have it still."""
    FORGOTTEN = "forgotten"
    """Somebody said that it was never given out, and why."""


COUNTED = (State.PENDING, State.PUBLISHED, State.SUPERSEDED, State.DELETED)
"""The states of a release that somebody may have."""


@dataclass(frozen=True)
class Table:
    """A file of fingerprints below the register's folder.

    Attributes:
        file: Its name.
        rows: Rows.
        size: Bytes.
        sha256: Hash of its bytes, in hex.
        prefix: What the names of this entry's own columns begin with, where several entries share the file.
    """

    file: str
    rows: int
    size: int
    sha256: str
    prefix: str = ""


@dataclass(frozen=True)
class Event:
    """An event in the life of a release after it was registered.

    Attributes:
        at: When.
        state: What it became.
        run: The run that replaced it; empty where a person said so.
        reason: Why, where a person said so.
    """

    at: str
    state: State
    run: str = ""
    reason: str = ""


@dataclass(frozen=True)
class Entry:
    """One release that was published, or was about to be.

    Attributes:
        name: What it is called in the register: the release's name and a number, ``analytics.3``.
        release: The release's name in its policy.
        run: The run.
        made_at: When its run began.
        label: Its label when it was published.
        sharing: The sharing model.
        purpose: What it is for.
        recipient: To whom it was given, as the policy says; None if it does not.
        output: Folder of the run's output.
        state: What became of it.
        levels: Name of the decided level of each open field.
        losses: Loss of each open field, 0 to 1.
        records: What became of the records that were read.
        inputs: Of each input file ``name``, ``size`` and ``sha256``.
        files: Of each part ``path``, ``rows`` and ``sha256``.
        label_sha256: Hash of its ``label.json``; of an embedded release, of its label without the time of its decision.
        policy_sha256: Hash of its policy.
        record: How records are known: ``field:NAME``, ``field:NAME as KIND``, or ``columns:HASH`` of all of the source's columns.
        identities: The identities by which its persons are counted, the subject's first.
        roles: The roles of each released field.
        k: Persons that each of its groups must have.
        l: Distinct values that each of its sensitive fields must have in each group.
        together: Names of the earlier entries of which it has some of the same records, directly or through others.
        table: The fingerprints of its records; None where it is not tested with others.
        events: What was said of it later, the oldest first.
        given_to: What the policy declares of the recipient: name, role, contract, period and more; None, and not in the revision,
            where it declares none.
        assessed_at: When it was measured; empty in what versions before 0.11 wrote, as are all that follow.
        review_by: The day by which it is to be looked at again.
        retain_until: The last day on which it may be kept; None where the policy does not say.
        approver: Who approved it: name, date and reference; None where the policy does not say.
        environment: Who states what is said of the recipient, and until when; None where the policy does not say.
        consent: What is known of the consent that it rests on, with its ledger's files; None where it needed none.
    """

    name: str
    release: str
    run: str
    made_at: str
    label: LabelName
    sharing: str
    purpose: str
    recipient: str | None
    output: str
    state: State
    levels: Mapping[str, str]
    losses: Mapping[str, float]
    records: RecordCounts
    inputs: tuple[Mapping[str, Any], ...]
    files: tuple[Mapping[str, Any], ...]
    label_sha256: str
    policy_sha256: str
    record: str
    identities: tuple[str, ...]
    roles: Mapping[str, tuple[str, ...]]
    k: int
    l: Mapping[str, int]  # noqa: E741 - the field's own name
    together: tuple[str, ...] = ()
    table: Table | None = None
    events: tuple[Event, ...] = ()
    given_to: Mapping[str, Any] | None = None
    assessed_at: str = ""
    review_by: str = ""
    retain_until: str | None = None
    approver: Mapping[str, Any] | None = None
    environment: Mapping[str, Any] | None = None
    consent: Mapping[str, Any] | None = None

    def to_document(self) -> dict[str, Any]:
        """Write it as a revision holds it."""
        return attributes(self, () if self.given_to is not None else ("given_to",))

    @property
    def is_tested(self) -> bool:
        """Whether a new release of the same records is tested together with it: it was anonymized, and somebody may have it."""
        return self.label is LabelName.ANONYMIZED and self.state in COUNTED

    def after(self, event: Event) -> "Entry":
        """The entry with one more event."""
        return replace(self, state=event.state, events=(*self.events, event))

    @classmethod
    def from_document(cls, given: Mapping[str, Any]) -> "Entry":
        """An entry as a revision holds it.

        Raises:
            KeyError, TypeError, ValueError: It is none.
        """
        table = given["table"]
        return cls(
            **{
                **given,
                "label": LabelName(given["label"]),
                "state": State(given["state"]),
                "records": RecordCounts.from_document(given["records"]),
                "inputs": tuple(given["inputs"]),
                "files": tuple(given["files"]),
                "identities": tuple(given["identities"]),
                "roles": {name: tuple(roles) for name, roles in given["roles"].items()},
                "together": tuple(given["together"]),
                "table": None if table is None else Table(**table),
                "events": tuple(Event(**{**one, "state": State(one["state"])}) for one in given["events"]),
            }
        )


@dataclass(frozen=True)
class Run:
    """A run that published something, for counting whose data was handled.

    Attributes:
        run: The run.
        made_at: When it began.
        persons: The persons of its records by every identity; None where there are none.
        special: The persons whom the law protects more, by the subject, in place of identities their groups; None where no
            field tells of any.
        subject: The identity that counts its persons; empty where none does, and in what versions before 0.11 wrote.
        common_subject: What the subject is called in all tables of the dataset, which may have other names for it; empty where it
            has one table.
        counts: How many persons there are by the subject, and in each group of ``special``.
        operator: Who carried it out: operator, login and host; None where nobody knows.
        kept_until: The day until which what is said of it here is kept at least.
    """

    run: str
    made_at: str
    persons: Table | None = None
    special: Table | None = None
    subject: str = ""
    counts: Mapping[str, int] = field(default_factory=dict)
    operator: Mapping[str, Any] | None = None
    kept_until: str = ""
    common_subject: str = ""

    @classmethod
    def from_document(cls, given: Mapping[str, Any]) -> "Run":
        """A run as a revision holds it.

        Raises:
            KeyError, TypeError: It is none.
        """
        tables = {name: given.get(name) for name in ("persons", "special")}
        read = {name: None if table is None else Table(**table) for name, table in tables.items()}
        return cls(**{**given, **read})


class RequestKind(Word):
    """What a person had done to what was published."""

    ERASED = "erased"
    """Its records were taken out; later runs leave them out."""
    CORRECTED = "corrected"
    """Records were replaced by corrected ones; later runs leave those out that are not corrected."""


@dataclass(frozen=True)
class Request:
    """What persons had done to what was published.

    Attributes:
        kind: What.
        at: When.
        by: Who did it: ``operator``, ``login`` and ``host``.
        reason: Why.
        rows: How many rows of each release were changed, by its entry; releases without any are left out.
        table: Fingerprints: of the persons' identities, or of the corrected records with what they say now.
        columns: The columns in which the corrected records say it, in order; none of persons, and in what versions before 0.11
            wrote.
    """

    kind: RequestKind
    at: str
    by: Mapping[str, str]
    reason: str
    rows: Mapping[str, int]
    table: Table
    columns: tuple[str, ...] = ()

    @classmethod
    def from_document(cls, given: Mapping[str, Any]) -> "Request":
        """A request as a revision holds it.

        Raises:
            KeyError, TypeError, ValueError: It is none.
        """
        return cls(
            **{
                **given,
                "kind": RequestKind(given["kind"]),
                "table": Table(**given["table"]),
                "columns": tuple(given.get("columns", ())),
            }
        )


@dataclass(frozen=True)
class Document:
    """One revision of a register.

    Attributes:
        register: Its id, which is also the domain of its key.
        dataset: The dataset that it is about.
        revision: Its number, from 1.
        written_at: When this revision was written.
        key: ``id`` of the key of its fingerprints, and ``check``, which tells the key from others.
        releases: What was given out, in the order of registration.
        runs: The runs.
        requests: What persons had done to what was published; a revision holds them where there are any.
    """

    register: str
    dataset: str
    revision: int
    written_at: str
    key: Mapping[str, Any]
    releases: tuple[Entry, ...] = ()
    runs: tuple[Run, ...] = ()
    format: int = field(default=FORMAT)
    requests: tuple[Request, ...] = ()

    @property
    def tested(self) -> tuple[Entry, ...]:
        """The releases that a new one of the same records is tested together with."""
        return tuple(entry for entry in self.releases if entry.is_tested)

    def requested(self, kind: RequestKind) -> tuple[Table, ...]:
        """The tables of all requests of a kind."""
        return tuple(request.table for request in self.requests if request.kind is kind)

    @property
    def files(self) -> frozenset[str]:
        """Names of all files of fingerprints that the revision refers to."""
        tables = [entry.table for entry in self.releases]
        tables += [table for run in self.runs for table in (run.persons, run.special)]
        tables += [request.table for request in self.requests]
        return frozenset(table.file for table in tables if table is not None)

    def entry(self, name: str) -> Entry | None:
        """The entry of a name."""
        return next((entry for entry in self.releases if entry.name == name), None)

    def next_name(self, release: str) -> str:
        """The name of the next entry of a release."""
        taken = {entry.name for entry in self.releases}
        number = 1 + sum(entry.release == release for entry in self.releases)
        while f"{release}.{number}" in taken:
            number += 1
        return f"{release}.{number}"

    def with_entries(self, entries: Mapping[str, Entry]) -> "Document":
        """The register with some entries changed, by name, and new ones added at the end."""
        kept = tuple(entries.get(entry.name, entry) for entry in self.releases)
        known = {entry.name for entry in kept}
        return replace(self, releases=(*kept, *(entry for name, entry in entries.items() if name not in known)))

    def to_document(self) -> dict[str, Any]:
        """The revision as plain values."""
        return attributes(self, () if self.requests else ("requests",))

    @classmethod
    def from_document(cls, given: Mapping[str, Any]) -> "Document":
        """A revision from its JSON.

        Raises:
            KeyError, TypeError, ValueError: It is none.
        """
        releases = tuple(Entry.from_document(one) for one in given["releases"])
        NAMES.add(entry.name for entry in releases)
        runs = tuple(Run.from_document(one) for one in given["runs"])
        requests = tuple(Request.from_document(one) for one in given.get("requests", ()))
        return cls(**{**given, "releases": releases, "runs": runs, "requests": requests})
