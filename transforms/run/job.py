"""What every worker is told: the policy, the releases, and how to read. Small, picklable, without a key byte."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, NamedTuple

import pyarrow as pa

from beam_deid.transforms.actions.action import Target
from beam_deid.transforms.actions.key_options import KeyedAction
from beam_deid.transforms.clock import moment_of, now
from beam_deid.transforms.columns.fingerprint import FingerprintKey
from beam_deid.transforms.columns.read_as import arrow_type
from beam_deid.transforms.columns.type_class import type_class
from beam_deid.transforms.consent.ledger import ConsentFacts
from beam_deid.transforms.crypto.keyring_file import keyring_ids
from beam_deid.transforms.crypto.keys import Keys
from beam_deid.transforms.crypto.secret_source import SecretSource
from beam_deid.transforms.errors import InternalFault
from beam_deid.transforms.formats.format import Shard
from beam_deid.transforms.label.for_recipient import Declaration
from beam_deid.transforms.label.scope import EACH_RECORD, NotRead
from beam_deid.transforms.persons.person_set import PersonSet
from beam_deid.transforms.policy.for_recipient import declaration_of, key_doubts
from beam_deid.transforms.policy.model import Policy
from beam_deid.transforms.policy.places import KeyPlaces
from beam_deid.transforms.policy.roles import gating_fields, released_fields
from beam_deid.transforms.policy.scoping import identities, tested_together
from beam_deid.transforms.policy.special_persons import Special, special_fields
from beam_deid.transforms.policy.table_policy import table_of
from beam_deid.transforms.register.key import register_prints
from beam_deid.transforms.register.reference import Reference
from beam_deid.transforms.run.corrections_file import CorrectionsFile
from beam_deid.transforms.run.layout import Layout, layout_of
from beam_deid.transforms.terms import Recoverability

BATCH_ROWS = 65_536
SHARD_ROWS = 262_144

OF = " of "
"""Stands in `Job.record_rule` between a number that is put together and its parts."""


class Consented(NamedTuple):
    """Who has consented to a release.

    Attributes:
        persons: The persons of its ledger.
        facts: What is known of the ledger.
    """

    persons: PersonSet
    facts: ConsentFacts


@dataclass(frozen=True)
class Given:
    """What is known of a run only while it runs, and is handed to workers beside its graph, which must not carry it.

    Attributes:
        fingerprint_key: The run's secret; None where fingerprints are made with its register's key.
        types: The type that each column has in all batches, where that is found in the batches themselves; else None.
        consents: Who has consented, by release.
        begun: When ledgers of consent were read, in microseconds since 1970; 0 where no run reads any.
    """

    fingerprint_key: FingerprintKey | None = field(default=None, repr=False)
    types: Mapping[str, pa.DataType] | None = None
    consents: Mapping[str, Consented] = field(default_factory=dict)
    begun: int = 0


@dataclass(frozen=True)
class Job:
    """One run.

    Attributes:
        policy: The policy.
        releases: Names of the releases to make.
        types: Type of each input column where the input has types of its own; text elsewhere.
        run: The run's id, a function of policy and input.
        policy_sha256: Hash of the policy.
        shards: Number of shards of the input.
        files: Number of files of the input.
        equal_files: How many of them are the same, byte by byte, as another one.
        ignored: The columns of the files that are passed over; None where the input is no files.
        keyring: Id of the policy's keyring.
        key_ids: Id of the version that makes new tokens, by name of the keyring's key: fixed for the whole run.
        key_folder: Where the run's ephemeral keys are.
        register: The register of what was given out before; None where none is kept.
        unregistered: Why none is; empty where one is.
        at: When the run began, by this process: what is stated until a day counts as of then.
        secret: What fetches the default key on a worker, instead of the policy's reference.
        fingerprint_key: The run's secret, on a worker; None in the pipeline's graph, which must not carry it. See `prints`.
        as_of: The time at which consent must be valid, in microseconds since 1970, where the caller says one.
        begun: When the run began, likewise: the time where nobody says one. 0 where it begins later than it is built, as a pipeline
            of somebody's own: then the ledgers of consent say when they were read, on a worker.
        consents: Who has consented, by release; on a worker alone.
        left_out: A register that names persons who are left out, where the run itself has none.
        corrections: Corrected records that are taken in place of what the input says of them; None where there are none.
        secrets_folder: Where the secrets of persons are, for a run that keeps none; empty where they are beside the keyring.
    """

    policy: Policy
    releases: tuple[str, ...]
    types: Mapping[str, pa.DataType] = field(default_factory=dict)
    run: str = ""
    policy_sha256: str = ""
    shards: int = 0
    files: int = 1
    equal_files: int = 0
    ignored: NotRead | None = None
    keyring: str | None = None
    key_ids: Mapping[str, int] = field(default_factory=dict)
    key_folder: str = ""
    register: Reference | None = None
    unregistered: str = "no register was opened for this run"
    at: str = field(default_factory=now)
    secret: SecretSource | None = None
    fingerprint_key: FingerprintKey | None = field(default=None, repr=False)
    as_of: int | None = None
    begun: int = 0
    consents: Mapping[str, Consented] = field(default_factory=dict)
    left_out: Reference | None = None
    corrections: CorrectionsFile | None = None
    secrets_folder: str = ""

    def __getstate__(self) -> dict[str, Any]:
        """What is sent to a worker: without what follows from it."""
        return {name: value for name, value in self.__dict__.items() if name != "layouts"}

    def place_of(self, shard: Shard) -> str:
        """What tells a shard from all others of the run, whatever table they are of."""
        table = table_of(self.policy)
        return f"{self.run}/{table}/{shard.index}" if table else f"{self.run}/{shard.index}"

    @property
    def prints(self) -> FingerprintKey:
        """The key of the run's fingerprints: its register's, or its own secret.

        Raises:
            InternalFault: The secret was not given to this worker.
            KeyFault: The register's key cannot be had, or is another.
        """
        if self.fingerprint_key is not None:
            return self.fingerprint_key
        if self.register is None:
            raise InternalFault("the run's key of fingerprints is not here", "fingerprints")
        # Each process fetches it: what lives as long as a register passes through no shuffle.
        return register_prints(self.keys, self.register)

    @property
    def keys(self) -> Keys:
        """The policy's keys, not yet resolved."""
        places = self.policy.keys or KeyPlaces.model_construct()
        return Keys(places.key, places.keyring, self.key_ids, self.key_folder, self.secret, self.secrets_folder)

    def given(self, given: Given) -> "Job":
        """The job on a worker, with what is known only while it runs."""
        types = self.types if given.types is None else given.types
        begun = self.begun or given.begun
        return replace(self, fingerprint_key=given.fingerprint_key, types=types, consents=given.consents, begun=begun)

    def pinned(self) -> "Job":
        """The job with the keyring's keys as they are now, so that rotating them meanwhile changes nothing.

        Raises:
            KeyFault: The keyring cannot be read.
        """
        places = self.policy.keys
        if places is None or places.keyring is None:
            return self
        keyring, ids = keyring_ids(places.keyring)
        return replace(self, keyring=keyring, key_ids=ids)

    def check_keys(self) -> None:
        """See that every key the releases take can be had in this process, but for those that the run makes itself.

        Raises:
            KeyFault: One cannot.
        """
        keys = self.keys
        for _, _, action, target in self.keyed_fields():
            action.subkey(target, keys)

    def keyed_fields(self) -> Iterator[tuple[str, str, KeyedAction, Target]]:
        """The release, field, action and target of each field that takes a key, but for keys that the run makes itself."""
        for release in self.releases:
            for name in released_fields(self.policy, release):
                action = self.policy.releases[release].fields[name]
                target = self.policy.target(release, name)
                if isinstance(action, KeyedAction) and action.recoverability(target) is Recoverability.KEYED:
                    yield release, name, action, target

    def keyring_of(self, action: KeyedAction, target: Target) -> str | None:
        """Id of the keyring that the key of a field is in; None where it is in none."""
        reference = action.own_key or target.key
        in_ring = self.secret is None if reference is None else reference.startswith("keyring:")
        return self.keyring if in_ring else None

    @cached_property
    def layouts(self) -> Mapping[str, Layout]:
        """What is measured, for each release. Worked out once in a process."""
        made = {name: layout_of(self.policy, name, self.releases, self.unregistered, self.at) for name in self.releases}
        ignored = self.ignored
        if ignored is None:
            return made
        return {name: replace(one, scope=replace(one.scope, ignored=ignored)) for name, one in made.items()}

    def declared_of(self, release: str) -> Declaration | None:
        """What is declared of a release's recipient; None where the policy declares no recipients."""
        given_out = self.register.given_out if self.register is not None else ()
        made = declaration_of(self.policy, release, self.releases, given_out, self.unregistered)
        return (
            None if made is None else replace(made, unknown=made.unknown + key_doubts(self.policy, release, self.keys))
        )

    @property
    def remembers(self) -> bool:
        """Whether records are to be known again in later runs: some release may be anonymized, and a register is kept."""
        return self.register is not None and bool(tested_together(self.policy, self.releases))

    @property
    def special(self) -> Mapping[Special, tuple[str, ...]]:
        """By which fields persons are counted whom the law protects more; nothing where no register counts persons."""
        subject = self.policy.subject
        if self.register is None or subject is None or (subject == EACH_RECORD and not self.remembers):
            return {}
        return special_fields(self.policy, self.measured_columns)

    @property
    def keys_each_record(self) -> bool:
        """Whether each record is a person whose key follows from all its fields, and not from its place.

        Else a record in several files would be several persons, and the register would take places for persons.
        """
        return self.policy.subject == EACH_RECORD and (self.files > 1 or self.register is not None)

    @property
    def record_rule(self) -> str:
        """By what a record is known again: ``field:NAME``, or ``columns:`` and a hash of all columns with their types.

        A field of a kind is ``field:NAME as KIND``: its numbers are spelt as its kind says, and of another kind they may be others.
        One that is put together is ``field:NAME of PART, PART``: each part is spelt by itself. What is a record of one table is
        none of another, whatever tells them apart: the table's name stands behind.
        """
        table = table_of(self.policy)
        of_table = f" of table {table}" if table else ""
        if self.policy.record in self.policy.input.combine:
            return f"field:{self.policy.record}{OF}{', '.join(self.policy.input.combine[self.policy.record])}{of_table}"
        if self.policy.record is not None:
            kind = self.policy.kind(self.policy.record)
            return f"field:{self.policy.record}" + ("" if kind is None else f" as {kind}") + of_table
        columns = [
            (name, str(self.policy.kind(name)), type_class(self.type_of(name))) for name in sorted(self.policy.fields)
        ]
        return f"columns:{hashlib.sha256(json.dumps(columns).encode()).hexdigest()[:16]}{of_table}"

    @property
    def tables(self) -> tuple[tuple[str, ...], ...]:
        """The releases by which are counted together: all that are tested together, and each other one by itself."""
        together = tested_together(self.policy, self.releases)
        alone = tuple((name,) for name in self.releases if name not in together)
        return (together, *alone) if together else alone

    @property
    def columns(self) -> tuple[str, ...]:
        """The input columns that the release pass needs, in the policy's order."""
        needed = {name for release in self.releases for name in released_fields(self.policy, release)}
        needed.update(identities(self.policy))
        if self.remembers and self.policy.record is not None:
            needed.add(self.policy.record)
        needed.update(self._gating)
        return tuple(name for name in self.policy.fields if name in needed)

    @property
    def _gating(self) -> frozenset[str]:
        """The columns that say which records a release is about."""
        gating = frozenset(name for release in self.releases for name in gating_fields(self.policy, release))
        corrects = self.register is not None and self.register.corrected
        return frozenset(self.policy.fields) if corrects else gating

    def as_of_for(self, release: str) -> int:
        """The time at which consent must be valid, in microseconds since 1970: the caller's, or the policy's, or now."""
        if self.as_of is not None:
            return self.as_of
        consent = self.policy.releases[release].consent
        said = None if consent is None or consent.as_of is None else moment_of(consent.as_of)
        return self.begun if said is None else said

    @property
    def measured_columns(self) -> tuple[str, ...]:
        """The input columns that the measuring pass needs, in the policy's order."""
        if self.keys_each_record:
            return tuple(self.policy.fields)
        if self.remembers:
            record = self.policy.record
            return tuple(name for name in self.policy.fields if record in (None, name) or name in self.columns)
        return self.columns

    @property
    def spare(self) -> tuple[str, ...]:
        """Columns by which persons are counted at most: where nothing can be read, nobody is named. A list is such a column."""
        needed = {name for release in self.releases for name in released_fields(self.policy, release)} | self._gating
        return tuple(name for name in self.measured_columns if name not in needed and name != self.policy.subject)

    def type_of(self, name: str) -> pa.DataType:
        """The type that a field has once it is read as its kind says."""
        return arrow_type(self.policy.reading(name), self.types.get(name, pa.string()))
