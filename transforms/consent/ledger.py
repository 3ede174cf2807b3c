"""A ledger as a set of persons: who may be served for a purpose at some time, and what must be known of the ledger."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from beam_deid.transforms.actions.action import KeySource
from beam_deid.transforms.actions.key_options import KeyedAction, Reversible
from beam_deid.transforms.clock import text_of
from beam_deid.transforms.columns.fingerprint import FingerprintKey
from beam_deid.transforms.columns.read_as import to_kind, to_text
from beam_deid.transforms.consent.columns import FoundColumns, find_columns
from beam_deid.transforms.consent.events import COLUMNS, GUARDIAN, KNOWN, OWN, WITHDRAWN, Question, marks_of
from beam_deid.transforms.errors import InputError, PolicyError, UsageError
from beam_deid.transforms.persons.identity_prints import IdentityPrints, identity_prints, text_prints
from beam_deid.transforms.persons.listed import ListedRows, columns_of, listed_rows
from beam_deid.transforms.persons.person_set import Marks, PersonSet, PersonSetWriter
from beam_deid.transforms.persons.sorted_rows import PersonRows
from beam_deid.transforms.policy.consent import Consent
from beam_deid.transforms.policy.model import Policy
from beam_deid.transforms.storage.files import InputFile, match
from beam_deid.transforms.storage.journal import sha256_of
from beam_deid.transforms.storage.paths import name_of, shown


class LedgerFile(NamedTuple):
    """A file of a ledger: its name, its bytes, and their hash in hex."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True)
class ConsentFacts:
    """What is known of the consent that a release rests on.

    Attributes:
        purpose: The purpose.
        as_of: The time at which consent must be valid, ISO 8601.
        persons: How many persons the ledger knows (``known``), of how many the own consent (``own``) and the guardian's
            (``guardian``) is valid, and of how many it is withdrawn (``withdrawn``).
        rows: How many rows the ledger has, and how many of them stand out, by why.
        files: The ledger's files. They are in no label.
    """

    purpose: str
    as_of: str
    persons: Mapping[str, int]
    rows: Mapping[str, int]
    files: tuple[LedgerFile, ...] = field(default=())


def ledger_files(consent: Consent, release: str, field: str) -> list[InputFile]:
    """The files of a ledger, each with the columns that are needed; reads no more than their heads.

    Raises:
        PolicyError: There is no file.
        InputError: One cannot be read, or lacks a column.
    """
    where = f"releases.{release}.consent.ledger"
    try:
        files = match([consent.ledger])
    except UsageError:
        raise PolicyError(
            "no file matches this ledger", f"{where}: {shown(consent.ledger)}", "Check the path"
        ) from None
    for file in files:
        find_columns(consent, columns_of(file, consent.input), file.told or shown(file.path), field)
    return files


def person_field(policy: Policy, consent: Consent) -> str:
    """The field whose values a ledger's persons are."""
    return consent.field or policy.subject_field or ""


def read_ledger(
    policy: Policy, release: str, keys: KeySource, key: FingerprintKey, as_of: int, folder: str
) -> tuple[PersonSet, ConsentFacts]:
    """Read the ledger of a release.

    Args:
        policy: The policy.
        release: The release, which needs consent.
        keys: Where the keys of a keyed ledger come from.
        key: The key of sets of persons.
        as_of: The time at which consent must be valid, in microseconds since 1970, UTC.
        folder: The set's folder, which is not there yet.

    Raises:
        InputError: It cannot be read, lacks a column, or has no row, or none of the purpose.
        KeyFault: A key cannot be had.
        OutputError: The set cannot be written.
        PolicyError: There is no such file.
    """
    consent = policy.releases[release].consent
    assert consent is not None  # noqa: S101 - else nobody asks
    purpose = consent.purpose or policy.releases[release].purpose
    zone = consent.input.timezone or policy.input.timezone
    question = Question.of(purpose, consent.scope, as_of, zone)
    field = person_field(policy, consent)
    files = ledger_files(consent, release, field)
    reading = _Reading(question, _persons(policy, release, keys, key), PersonSetWriter(folder, COLUMNS))
    for file in files:
        found = find_columns(consent, columns_of(file, consent.input), file.told or shown(file.path), field)
        for rows in listed_rows([file], consent.input, found.read):
            reading.add(rows, found)
    told = reading.told
    _check(told, purpose, consent.ledger)
    persons: Counter[str] = Counter()
    made = reading.writer.close(lambda rows: _counted(rows, persons))
    hashed = tuple(LedgerFile(name_of(file.path), file.size, sha256_of(file.path)) for file in files)
    counts = {name: count for name, count in told.items() if count}
    return made, ConsentFacts(purpose, text_of(as_of), dict(persons), counts, hashed)


PersonsOf = Callable[[pa.Array, bool], IdentityPrints]
"""The persons of a ledger's column (n,), and whether spreadsheets write such files."""


@dataclass
class _Reading:
    """A ledger that is being read."""

    question: Question
    persons: PersonsOf
    writer: PersonSetWriter
    told: Counter[str] = field(default_factory=Counter)

    def add(self, rows: ListedRows, found: FoundColumns) -> None:
        columns = {meaning: rows.batch.column(name) for meaning, name in found.named.items()}
        prints = self.persons(columns["subject"], rows.of_spreadsheets)
        events = self.question.events(columns, self.told)
        self.told["rows"] += rows.batch.num_rows + rows.unreadable
        self.told["unreadable"] += rows.unreadable
        self.told["no_person"] += int((events.counts & ~prints.known).sum())
        self.told["counted"] += int(events.counts.sum())
        self.writer.add(IdentityPrints(prints.words, prints.known & events.counts), events.columns)


def _persons(policy: Policy, release: str, keys: KeySource, key: FingerprintKey) -> PersonsOf:
    consent = policy.releases[release].consent
    assert consent is not None  # noqa: S101 - else nobody asks
    name = person_field(policy, consent)
    kind = policy.kind(name)
    action = consent.keyed
    if isinstance(action, Reversible):
        restore = action.restoring(policy.target(release, name), keys, None)
        return lambda column, sheets: identity_prints(restore(to_text(column)[0]).values, kind, key)
    if action is not None:
        return lambda column, sheets: text_prints(to_text(column)[0], key)

    def of(column: pa.Array, of_spreadsheets: bool) -> IdentityPrints:
        values, wrong = to_kind(column, policy.reading(name, of_spreadsheets))
        return identity_prints(values if wrong is None else pc.if_else(wrong, None, values), kind, key)

    return of


def keyed_action(consent: Consent) -> KeyedAction | None:
    """The action whose results the ledger holds, and that cannot be turned back: records are treated by it to be looked up."""
    action = consent.keyed
    return action if isinstance(action, KeyedAction) and not isinstance(action, Reversible) else None


def _check(told: Mapping[str, int], purpose: str, ledger: str) -> None:
    where = shown(ledger)
    if not told["rows"]:
        raise InputError("the ledger has no row, so nobody has consented", where, "Check the ledger")
    if not told["counted"]:
        step = "Write consent.purpose as the ledger does"
        raise InputError(f"no row of the ledger is about the purpose {purpose}", where, step)


def _counted(rows: PersonRows, persons: Counter[str]) -> Marks:
    marks = marks_of(rows)
    names: Sequence[tuple[str, int]] = (
        ("known", KNOWN),
        ("own", OWN),
        ("guardian", GUARDIAN),
        ("withdrawn", WITHDRAWN),
    )
    for name, mark in names:
        persons[name] += int(np.count_nonzero(marks & mark))
    return marks
