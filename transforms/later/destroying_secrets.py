"""The secrets of persons who were erased, destroyed once their rows are out of every output that was named.

Then whoever has their tokens has them for nothing: nobody can turn them back or make them again. Until then the secrets are there,
so that a command that died can be given again, and finds the rows that are left. What is destroyed, and how much of it, stands in
the record beside the keyring before it is done.
"""

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa

from beam_deid.transforms.crypto.chained_record import ChainedRecord
from beam_deid.transforms.crypto.key_terms import DEFAULT_NAME, DESTROYED
from beam_deid.transforms.crypto.keyring import Keyring, KeyVersion
from beam_deid.transforms.crypto.keyring_file import opened
from beam_deid.transforms.crypto.keys import Subkey
from beam_deid.transforms.crypto.person_secrets import PersonSecrets
from beam_deid.transforms.crypto.recorded import KeyAct, record_beside
from beam_deid.transforms.errors import DeidError, UsageError
from beam_deid.transforms.later.subjects import Listed
from beam_deid.transforms.persons.secret_store import destroy_secrets
from beam_deid.transforms.policy.model import Policy
from beam_deid.transforms.policy.per_subject import secret_domains
from beam_deid.transforms.run.job import Job
from beam_deid.transforms.storage.files import is_file
from beam_deid.transforms.who import Operator


@dataclass(frozen=True)
class _File:
    """One file of secrets.

    Attributes:
        path: It.
        key: The key of its domain.
        version: The key of the keyring that this is of.
        persons: Whose secrets are to be destroyed, in one spelling.
    """

    path: str
    key: Subkey
    version: KeyVersion
    persons: pa.Array

    @property
    def found(self) -> int:
        """How many of them have one."""
        there, _ = PersonSecrets(self.path, self.key.bytes).of(self.persons)
        return int(there.sum())


class Secrets:
    """The secrets of listed persons, found before anything is changed.

    Args:
        policies: The policy that the outputs were made by: that of each table, by its name.
        listed: The persons.

    Raises:
        UsageError: A person is not named by the subject, by which secrets are kept.
        KeyFault: A key cannot be had, or a file of secrets is damaged.
    """

    def __init__(self, policies: Mapping[str, Policy], listed: Listed) -> None:
        self._ring: Keyring | None = None
        self._files: dict[str, _File] = {}
        for table, policy in policies.items():
            if secret_domains(policy, policy.releases):
                _see_named(policy, table, listed)
                self._find(policy, listed.of[table].identities[policy.subject_field or ""])

    @property
    def are_kept(self) -> bool:
        """Whether the policy has tokens under secrets of persons."""
        return self._ring is not None

    def destroy(self, operator: Operator, reason: str) -> int:
        """Destroy them.

        Args:
            operator: Who does it.
            reason: Why.

        Returns:
            How many there were; none where they were destroyed before.

        Raises:
            KeyFault: A file cannot be written: give the command again.
            OutputError: The record cannot be written: then nothing is destroyed.
        """
        found = {path: file.found for path, file in self._files.items()}
        files = [file for path, file in self._files.items() if found[path]]
        count = sum(found.values())
        if self._ring is None or not files:
            return 0
        record = ChainedRecord(record_beside(self._ring.path), operator)
        with _recorded(record, self._ring, files, count, reason):
            for file in files:
                destroy_secrets(file.path, file.key.bytes, file.persons)
        return count

    def _find(self, policy: Policy, persons: pa.Array) -> None:
        ring = opened(policy.keys.keyring if policy.keys is not None and policy.keys.keyring is not None else "")
        self._ring = ring
        keys = Job(policy, ()).keys
        for action, target in secret_domains(policy, policy.releases):
            reference = action.own_key or target.key or f"keyring:{DEFAULT_NAME}"
            for version in ring.versions(reference.removeprefix("keyring:")):
                if version.state == DESTROYED:  # nobody can open what was under it
                    continue
                subkey = action.subkey(target, keys, version.id)
                path = keys.secrets_file(action.key_domain(target), subkey)
                if is_file(path):
                    known = self._files.get(path)
                    others = pa.array([], pa.string()) if known is None else known.persons
                    self._files[path] = _File(path, subkey, version, pa.concat_arrays([others, persons]).unique())


def _see_named(policy: Policy, table: str, listed: Listed) -> None:
    """See that each person of a list is named by the subject."""
    subject = policy.subject_field or ""
    spelt = listed.of[table].spelt.get(subject)
    if spelt is None or spelt.null_count:
        raise UsageError(
            f"a person of the list is not named by {subject}, by which secrets of persons are kept (key: per_subject), so that its "
            "secret would be left",
            listed.path,
            f"Write the column {subject} with a value in every row",
        )


@contextlib.contextmanager
def _recorded(record: ChainedRecord, ring: Keyring, files: Sequence[_File], count: int, reason: str) -> Iterator[None]:
    """Write down that secrets are destroyed, under which keys and how many, and how that ended."""
    versions = {file.version.id: file.version for file in files}
    keys = [{"id": key.id, "name": key.name, "purpose": key.purpose} for key in versions.values()]
    act = {"act": str(KeyAct.DESTROY_SECRETS)}
    record.append("begun", {**act, "why": reason, "keyring": ring.id, "keys": keys, "secrets": count})
    try:
        yield
    except BaseException as error:
        with contextlib.suppress(DeidError):
            record.append("failed", {**act, "error": type(error).__name__})
        raise
    record.append("done", {**act, "secrets": count})
