"""Released values turned back, batch by batch, for who holds the key. Rows that cannot be are set apart."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from beam_deid.transforms.actions.key_options import Restoring, Reversible
from beam_deid.transforms.columns.canonical_text import canonical_text
from beam_deid.transforms.columns.kinds import arrow_type, to_kind
from beam_deid.transforms.crypto.keys import Keys
from beam_deid.transforms.errors import KeyFault, UsageError
from beam_deid.transforms.formats.format import Chunk, Fault
from beam_deid.transforms.policy.model import Policy
from beam_deid.transforms.terms import Reason, Recoverability


@dataclass(frozen=True)
class Mark:
    """What a release says of the key that made a field: its id, and the check of its subkey."""

    id: int
    check: str


def restorable_fields(policy: Policy, release: str) -> tuple[str, ...]:
    """The fields of a release that the holder of a key can turn back."""
    fields = policy.releases[release].fields
    return tuple(
        name
        for name in policy.fields
        if name in fields
        and isinstance(fields[name], Reversible)
        and fields[name].recoverability(policy.target(release, name)) is Recoverability.KEYED
    )


class Restorer:
    """Turns back the fields of one release. Holds keys, so it is never pickled.

    Args:
        policy: The policy that the release was made by.
        release: The release.
        fields: The fields to turn back.
        keys: Where keys come from.

    Raises:
        UsageError: A field cannot be turned back.
    """

    def __init__(self, policy: Policy, release: str, fields: Sequence[str], keys: Keys) -> None:
        self._policy = policy
        self._release = release
        self._keys = keys
        possible = restorable_fields(policy, release)
        for name in fields:
            if name not in possible:
                known = ", ".join(possible) or "none"
                raise UsageError(f"{name} cannot be restored", f"release {release}", f"These fields can: {known}")
        self.fields = tuple(fields)
        self._restoring: dict[tuple[str, int | None], Restoring] = {}

    def schema(self, given: pa.Schema) -> pa.Schema:
        """The schema of restored rows for rows of ``given``; without the release's marks, for it is one no more."""
        return pa.schema(
            [
                pa.field(
                    name,
                    arrow_type(
                        self._policy.kind(name) if name in self.fields else None,
                        pa.string() if name in self.fields else kind,
                    ),
                )
                for name, kind in zip(given.names, given.types, strict=True)
            ]
        )

    def ready(self, marks: Mapping[str, Mark], where: str) -> dict[str, Restoring]:
        """Make ready for a file.

        Args:
            marks: What the release says of each field's key, where it says anything.
            where: The file, for messages.

        Raises:
            KeyFault: A key is not there or was destroyed; or it is not the one that made the field, or the policy's
                domain is another, where the values themselves could not show that.
            UsageError: It is not known which key made a field, and its values do not tell.
        """
        return {name: self._ready(name, marks.get(name), where) for name in self.fields}

    def _ready(self, name: str, mark: Mark | None, where: str) -> Restoring:
        action = self._policy.releases[self._release].fields[name]
        target = self._policy.target(self._release, name)
        assert isinstance(action, Reversible)  # noqa: S101 - the constructor saw to it
        identity = None
        if not action.key_in_value:
            if mark is None:
                raise UsageError(
                    f"which key made {name} is not known, and a wrong one would give wrong values",
                    where,
                    "Name the release's label.json by --label",
                )
            identity = mark.id
            if action.subkey(target, self._keys, identity).check(action.form(target)) != mark.check:
                raise KeyFault(
                    f"{name} was made under another key, in another domain or in another format",
                    where,
                    "Take the policy and the key that the release was made with",
                )
        if (name, identity) not in self._restoring:
            self._restoring[name, identity] = action.restoring(target, self._keys, identity)
        return self._restoring[name, identity]

    def restore(self, chunk: Chunk, restoring: Mapping[str, Restoring]) -> tuple[pa.RecordBatch, list[Fault]]:
        """Turn back the fields of some rows.

        Returns:
            The rows whose fields could all be restored, with the schema of `schema`, and the faults of the others.
        """
        faults: list[Fault] = []
        sound = np.ones(len(chunk.rows), bool)
        columns = []
        for name, column in zip(chunk.batch.schema.names, chunk.batch.columns, strict=True):
            values = column.dictionary_decode() if isinstance(column, pa.DictionaryArray) else column
            if name in restoring:
                restored = restoring[name](canonical_text(column))
                values, wrong = to_kind(restored.values, self._policy.kind(name))
                for mask, reason in (*restored.faults, *(() if wrong is None else ((wrong, Reason.WRONG_TYPE),))):
                    rows = mask.to_numpy(zero_copy_only=False)
                    faults.append(Fault(chunk.rows[rows], name, reason))
                    sound &= ~rows
            columns.append(values)
        batch = pa.RecordBatch.from_arrays(columns, schema=self.schema(chunk.batch.schema))
        return (batch if sound.all() else batch.filter(pa.array(sound))), faults


def fault_rows(faults: Sequence[Fault], path: str) -> Iterator[tuple[str, int, str, str, str]]:
    """Faults as rows of a table of rejects: file, row, field, reason, release."""
    for fault in faults:
        for row in fault.rows.tolist():
            yield path, row, fault.field, str(fault.reason), ""
