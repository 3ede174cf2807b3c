"""Keys of the records of a batch: of their persons, of the record itself, and of what released values are made from."""

from collections.abc import Callable, Iterable

import pyarrow as pa
import pyarrow.compute as pc

from beam_deid.transforms.actions.action import Beside
from beam_deid.transforms.columns.combining import combine
from beam_deid.transforms.columns.fingerprint import Fingerprints, fingerprint
from beam_deid.transforms.policy.scoping import identities
from beam_deid.transforms.recognisers.identity import identity_text
from beam_deid.transforms.run.job import Job
from beam_deid.transforms.run.layout import Layout
from beam_deid.transforms.treat.typed import Records


class RecordKeys:
    """The keys of one batch of n records. Every array is turned into fingerprints once, however many releases hold it.

    Args:
        job: The run, on a worker.
        records: The records.
    """

    def __init__(self, job: Job, records: Records) -> None:
        self.records = records
        self._job = job
        self._spelt: dict[str, pa.Array] = {}
        # By the array's id; the array stays here, so that no other one can have it.
        self._made: dict[int, tuple[pa.Array, Fingerprints]] = {}

    def where(self, records: Records) -> "RecordKeys":
        """The keys of some of the records; those of all are not made again."""
        return self if records is self.records else RecordKeys(self._job, records)

    def of(self, column: pa.Array) -> Fingerprints:
        """The fingerprints of a column, shape (n,), not to be written to: one of the records, or what was made from one."""
        if id(column) not in self._made:
            self._made[id(column)] = column, fingerprint(column, self._job.prints)
        return self._made[id(column)][1]

    def typed(self, name: str) -> Fingerprints:
        """The fingerprints of a field as it is typed, shape (n,)."""
        return self.of(self.records.columns[name])

    def source(self, layout: Layout, name: str) -> Fingerprints:
        """The keys that stand for the released values of a keyed field, shape (n,): equal only where these are equal."""
        action = self._job.policy.releases[layout.release].fields[name]
        own = self.made_from(layout, name)
        if action.beside is Beside.PLACE:
            return combine([own, fingerprint(self.records.places, self._job.prints)], len(self.records))
        subject = self._job.policy.subject_field
        if action.beside is Beside.SUBJECT and subject is not None:
            return combine([own, self.of(self.records.made_from(subject, normalizes=True))], len(self.records))
        if action.beside is Beside.PERSON and subject is not None:
            return combine([own, self.of(self.spelt(subject))], len(self.records))
        return own

    def made_from(self, layout: Layout, name: str) -> Fingerprints:
        """The fingerprints of a field as a release's action takes it, shape (n,)."""
        return self.of(self.origin(layout, name))

    def origin(self, layout: Layout, name: str) -> pa.Array:
        """A field as a release's action takes it, shape (n,)."""
        return self.records.made_from(name, self._job.policy.releases[layout.release].fields[name].normalizes)

    def identities(self) -> dict[str, Fingerprints]:
        """The key of each identity of the records, as it is spelt canonically, each of shape (n,)."""
        return {name: self.of(self.spelt(name)) for name in identities(self._job.policy)}

    def spelt(self, name: str) -> pa.Array:
        """A field as identities are spelt, shape (n,), as a dictionary where it has one."""
        if name not in self._spelt:
            kind = self._job.policy.kind(name)
            self._spelt[name] = _per_dictionary(self.records.columns[name], lambda values: identity_text(values, kind))
        return self._spelt[name]

    def signature(self) -> Fingerprints:
        """One key for all identities of each record as they are typed, shape (n,): both passes have it without respelling."""
        return self.whole(identities(self._job.policy))

    def recorded(self) -> Fingerprints:
        """The key by which each record is known again in later runs, shape (n,): its number's, or that of all its columns."""
        record = self._job.policy.record
        if self.records.record_key is not None:
            return self.of(self.records.record_key)
        if record is not None:
            # What went through a program that takes it for a number has lost its zeros.
            return self.of(_per_dictionary(self.spelt(record), _without_zeros))
        return self.of_all_fields()

    def of_all_fields(self) -> Fingerprints:
        """One key for all that the policy knows of each record, shape (n,)."""
        # In an order that does not depend on the policy's: fields that change their places make no other records.
        return self.whole(sorted(self._job.policy.fields))

    def whole(self, names: Iterable[str]) -> Fingerprints:
        """One key for several fields of each record as they are typed, in the order given, shape (n,)."""
        return combine([self.typed(name) for name in names], len(self.records))


def _without_zeros(numbers: pa.Array) -> pa.Array:
    return pc.utf8_ltrim(numbers, characters="0")


def _per_dictionary(column: pa.Array, function: Callable[[pa.Array], pa.Array]) -> pa.Array:
    """What a function makes of texts (n,): of those of its dictionary where a column has one, which the result has then, too."""
    if not isinstance(column, pa.DictionaryArray):
        return function(column)
    values = function(column.dictionary)
    return column if values is column.dictionary else pa.DictionaryArray.from_arrays(column.indices, values)
