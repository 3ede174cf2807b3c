"""Rows of a release are re-identified batch by batch; rows of which a value cannot be turned back are set apart."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from beam_deid.transforms.actions.key_options import Restoring, Reversible
from beam_deid.transforms.columns.canonical_text import canonical_text
from beam_deid.transforms.columns.read_as import arrow_type, to_kind
from beam_deid.transforms.crypto.keys import Keys
from beam_deid.transforms.errors import KeyFault, UsageError
from beam_deid.transforms.formats.format import Chunk, Fault, reported
from beam_deid.transforms.policy.model import Policy
from beam_deid.transforms.reidentify.marks import Mark
from beam_deid.transforms.terms import Reason, Recoverability


def reversible_fields(policy: Policy, release: str) -> tuple[str, ...]:
    """The fields of a release that the holder of a key can turn back, in the policy's order."""
    released = policy.releases[release].fields
    return tuple(name for name in policy.fields if name in released and _is_reversible(policy, release, name))


def _is_reversible(policy: Policy, release: str, name: str) -> bool:
    action = policy.releases[release].fields[name]
    if not isinstance(action, Reversible):
        return False
    return action.recoverability(policy.target(release, name)) is Recoverability.KEYED


class FaultMask(NamedTuple):
    """Where values of a column cannot be turned back, and why.

    Attributes:
        mask: True for each row at fault, by its place in the batch, shape (n,).
        reason: The reason code.
    """

    mask: npt.NDArray[np.bool_]
    reason: Reason


class Reidentifier:
    """Re-identifies fields of one release. It holds keys, so it is never pickled.

    Args:
        policy: The policy that the release was made by.
        release: Name of the release.
        fields: The fields to turn back.
        keys: Where keys come from.

    Raises:
        UsageError: A field cannot be turned back.
    """

    def __init__(self, policy: Policy, release: str, fields: Sequence[str], keys: Keys) -> None:
        self._policy = policy
        self._release = release
        self._keys = keys
        possible = reversible_fields(policy, release)
        for name in fields:
            if name not in possible:
                known = ", ".join(possible) or "none"
                raise UsageError(f"{name} cannot be re-identified", f"release {release}", f"These fields can: {known}")
        self.fields = tuple(fields)
        self._openings: dict[tuple[str, int | None], Restoring] = {}

    def schema(self, given: pa.Schema) -> pa.Schema:
        """The schema of re-identified rows for rows of ``given``, without the release's metadata: it is no release."""
        return pa.schema([pa.field(column.name, self._type(column)) for column in given])

    def _type(self, column: pa.Field) -> pa.DataType:
        if column.name not in self.fields:
            return arrow_type(None, column.type)
        return arrow_type(self._policy.reading(column.name), pa.string())

    def ready(self, marks: Mapping[str, Mark], where: str) -> dict[str, Restoring]:
        """Make ready for a file.

        Args:
            marks: What the release says of each field's key, where it says anything.
            where: The file, for messages.

        Returns:
            For each field, the function that turns a column of it back.

        Raises:
            KeyFault: A key is not there or was destroyed; or it is not the one that made the field, or the policy's
                domain is another, where the values themselves could not show that.
            UsageError: It is not known which key made a field, and its values do not tell.
        """
        return {name: self._opening(name, marks.get(name), where) for name in self.fields}

    def _opening(self, name: str, mark: Mark | None, where: str) -> Restoring:
        action = self._policy.releases[self._release].fields[name]
        assert isinstance(action, Reversible)  # noqa: S101 - the constructor saw to it
        identity = None if action.key_in_value else self._checked_key(name, action, mark, where)
        if (name, identity) not in self._openings:
            target = self._policy.target(self._release, name)
            self._openings[name, identity] = action.restoring(target, self._keys, identity)
        return self._openings[name, identity]

    def _checked_key(self, name: str, action: Reversible, mark: Mark | None, where: str) -> int:
        """The id of the key that made a field, once its check value shows that it is the right one."""
        if mark is None:
            what = f"which key made {name} is not known, and a wrong one would give wrong values"
            raise UsageError(what, where, "Name the release's label.json by --label")
        target = self._policy.target(self._release, name)
        if action.subkey(target, self._keys, mark.id).check(action.form(target)) != mark.check:
            what = f"{name} was made under another key, in another domain, for another recipient or in another format"
            step = (
                "Take the policy and the key that the release was made with. Each recipient has a domain of its own: under "
                "recipients it must be called as it was then, and where none was declared there must be none"
            )
            raise KeyFault(what, where, step)
        return mark.id

    def reidentify(self, chunk: Chunk, openings: Mapping[str, Restoring]) -> tuple[pa.RecordBatch, list[Fault]]:
        """Turn back the fields of some rows.

        Args:
            chunk: The rows.
            openings: What `ready` returned for their file.

        Returns:
            The rows of which every field could be turned back, with the schema of `schema`, and the faults of the others.
        """
        faults: list[Fault] = []
        sound = np.ones(len(chunk.rows), bool)
        columns = []
        for name, column in zip(chunk.batch.schema.names, chunk.batch.columns, strict=True):
            if name in openings:
                values, masks = self._column(name, column, openings[name])
                for mask, reason in masks:
                    faults.append(Fault(chunk.rows[mask], name, reason))
                    sound &= ~mask
            else:
                values = column.dictionary_decode() if isinstance(column, pa.DictionaryArray) else column
            columns.append(values)
        batch = pa.RecordBatch.from_arrays(columns, schema=self.schema(chunk.batch.schema))
        return batch if sound.all() else batch.filter(pa.array(sound)), faults

    def _column(self, name: str, column: pa.Array, opening: Restoring) -> tuple[pa.Array, list[FaultMask]]:
        """A column turned back, with the type of its kind, and where that is not possible."""
        opened = opening(canonical_text(column))
        values, wrong = to_kind(opened.values, self._policy.reading(name).canonical())
        masks = [*opened.faults, *([] if wrong is None else [(wrong, Reason.WRONG_TYPE)])]
        return values, [FaultMask(mask.to_numpy(zero_copy_only=False), reason) for mask, reason in masks]


def fault_rows(faults: Sequence[Fault], path: str, above: int) -> Iterator[tuple[str, int, str, str, str]]:
    """Faults as rows of a table of rejects: file, row, field, reason, release."""
    for fault in faults:
        for row in fault.rows.tolist():
            yield path, reported(row, above), fault.field, str(fault.reason), ""
