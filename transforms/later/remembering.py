"""What a register is told of what persons had done: before anything is changed what they asked, and afterwards what was changed.

So no later run misses them, wherever a process dies. What stands there of the releases is brought up to date with their labels.
"""

import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from beam_deid.transforms.clock import now
from beam_deid.transforms.columns.sizes import Words
from beam_deid.transforms.errors import UsageError
from beam_deid.transforms.label.manifests_again import read_manifests
from beam_deid.transforms.label.record_counts import RecordCounts
from beam_deid.transforms.later.erased_before import ErasedBefore, erased_before
from beam_deid.transforms.later.subjects import Listed
from beam_deid.transforms.persons.identity_prints import identity_prints, set_key
from beam_deid.transforms.policy.model import Policy
from beam_deid.transforms.policy.register_location import RegisterLocation, register_location
from beam_deid.transforms.publish.register_current import current_in
from beam_deid.transforms.register.document import Document, Entry, Request, RequestKind, Table
from beam_deid.transforms.register.folder import Held, hold, read
from beam_deid.transforms.register.key import register_prints
from beam_deid.transforms.register.reference import Reference
from beam_deid.transforms.register.requested import read_pairs, write_pairs
from beam_deid.transforms.run.job import Job
from beam_deid.transforms.storage.files import exists
from beam_deid.transforms.storage.hidden import place_of
from beam_deid.transforms.storage.journal import sha256_of
from beam_deid.transforms.storage.paths import join, shown
from beam_deid.transforms.treat.corrected import compared_columns
from beam_deid.transforms.who import Operator

Pairs = Callable[[Job, Reference], Words]
"""Makes the fingerprints that a register is to hold of a request, shape (n, 2)."""

_NO_LATER_RUN = "no later run can know of this request; change its input, and every copy of it"


class Remembering:
    """The register of some outputs, held while these are changed. A context manager.

    Args:
        kind: What is asked.
        policy: The policy.
        pairs: Makes the fingerprints of whom or what it is about.
        operator: Who does it.
        reason: Why.
        place: Where the register is.

    Attributes:
        note: What a person should know of it; empty where there is nothing to say.

    Raises:
        UsageError: It is damaged, or another run uses it.
    """

    def __init__(
        self,
        kind: RequestKind,
        policy: Policy,
        pairs: Pairs,
        operator: Operator,
        reason: str,
        place: RegisterLocation,
    ) -> None:
        self.note = ""
        self._kind = kind
        self._policy = policy
        self._pairs = pairs
        self._operator = operator
        self._reason = reason
        self._place = place
        self._request: Request | None = None
        self._held: Held | None = None
        if place.missing or read(place.path) is None:
            where = place.missing or f"there is no register in {shown(place.path)}"
            self.note = f"{where}, so {_NO_LATER_RUN}"
            return
        self._held = hold(place.path)

    def __enter__(self) -> "Remembering":
        return self

    def __exit__(self, *rest: object) -> None:
        if self._held is not None:
            self._held.close()

    def announce(self) -> None:
        """Write down what is asked, once.

        Raises:
            KeyFault: The register's key cannot be had.
            OutputError: It cannot be written.
        """
        held = self._held
        if held is None or held.document is None or self._request is not None:
            return
        document = held.document
        pairs = np.unique(self._pairs(Job(self._policy, ()).pinned(), self._reference(document)), axis=0)
        known = [one for one in document.requests if one.kind is self._kind]
        # Of corrections the newest counts: one that others followed is no longer what was asked last.
        again = known[-1:] if self._kind is RequestKind.CORRECTED else known
        # A command that died, or the same list once more.
        self._request = next((one for one in again if _same(held.path, one, pairs)), None)
        if self._request is None:
            table = _table(held, str(self._kind), pairs)
            who = self._operator._asdict()
            self._request = Request(self._kind, now(), who, self._reason, {}, table, self._columns)
            held.save(replace(document, requests=(*document.requests, self._request)))

    def erased_before(self, output: str, label: Mapping[str, Any]) -> ErasedBefore:
        """Find the persons who were erased from a release before.

        Args:
            output: The output that it is in.
            label: Its label.
        """
        document = None if self._held is None else self._held.document
        return erased_before(None if document is None else self._reference(document), document, output, label)

    @property
    def _columns(self) -> tuple[str, ...]:
        """The columns in which the records of a correction say what they say."""
        return compared_columns(self._policy) if self._kind is RequestKind.CORRECTED else ()

    def _reference(self, document: Document) -> Reference:
        key = document.key
        return Reference(self._place.path, document.register, self._place.key, key["id"], key["check"])

    def confirm(self, output: str, rows: Mapping[str, int]) -> None:
        """Write down what was changed in an output, and what its releases are now.

        Args:
            output: The output.
            rows: How many rows of each release were changed.

        Raises:
            OutputError: It cannot be written; give the command again, which changes nothing else.
        """
        if self._held is None or self._held.document is None:
            return
        document = self._held.document
        entries = _up_to_date(document, output)
        taken = {entry.name: rows[entry.release] for entry in entries if rows.get(entry.release)}
        changed = document.with_entries({entry.name: entry for entry in entries})
        if taken and self._request is not None:
            before = self._request.rows
            # The same list may be given again once more of its persons' rows can be found.
            summed = {name: before.get(name, 0) + count for name, count in taken.items()}
            more = replace(self._request, rows={**before, **summed})
            requests = tuple(more if one == self._request else one for one in changed.requests)
            changed = replace(changed, requests=requests)
            self._request = more
        if changed != document:
            self._held.save(changed)


def persons_of(listed: Listed, policies: Mapping[str, Policy]) -> Pairs:
    """Makes the fingerprints of all identities of some persons.

    Args:
        listed: The persons.
        policies: The policy of each table, by its name.
    """

    def made(job: Job, reference: Reference) -> Words:
        key = set_key(register_prints(job.keys, reference))
        found = []
        for table, subjects in listed.of.items():
            for name, column in subjects.records.columns.items():
                prints = identity_prints(column, policies[table].kind(name), key)
                found.append(prints.words[prints.known])
        return np.concatenate(found)

    return made


def _same(register: str, request: Request, pairs: Words) -> bool:
    """Whether a request was about the very same."""
    if request.table.rows != len(pairs):
        return False
    return np.array_equal(np.concatenate(list(read_pairs(register, request.table))), pairs)


def _table(held: Held, name: str, pairs: Words) -> Table:
    """A table of a request, added to the register."""
    with tempfile.TemporaryDirectory(prefix="beam-deid-") as folder:  # for this user alone
        path = os.path.join(folder, name)
        rows, size, sha256 = write_pairs(path, pairs)
        return Table(held.add(path, name, sha256), rows, size, sha256)


def _up_to_date(document: Document, output: str) -> list[Entry]:
    """The entries of an output's releases as their labels are now."""
    place = place_of(output)
    manifests = read_manifests(place)
    found = []
    for entry in current_in(document, place):
        label = manifests.labels.get(entry.release)
        if label is not None and entry.run == manifests.run["run"]:
            records = RecordCounts.from_document(label["records"])
            sha256 = sha256_of(join(place, entry.release, "label.json"))
            found.append(replace(entry, records=records, files=tuple(label["files"]), label_sha256=sha256))
    return found


def registers_of(policy: Policy, outputs: Sequence[str]) -> dict[RegisterLocation, list[str]]:
    """The register of each output, with the outputs that it is of.

    Raises:
        PolicyError: The dataset's name makes no name of a folder.
        UsageError: There is no such output.
    """
    found: dict[RegisterLocation, list[str]] = {}
    for output in outputs:
        if not exists(output):
            raise UsageError("there is no such folder", shown(output), "Name the folder that was --output of a run")
        found.setdefault(register_location(policy, output), []).append(output)
    return found
