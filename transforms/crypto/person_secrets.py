"""The secrets of persons in one domain: a file beside the keyring, which says who has one and opens with the domain's key alone.

The file (`beam_deid.transforms.crypto.sealed_rows`) has each secret twice: by the fingerprint of its person, for tokens that are
made, and by the handle that stands in tokens, for those that are turned back. Each version of a domain's key has a file of its own,
so that rotating the key makes new secrets and leaves the old ones to the old tokens.
"""

import hashlib
import os

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from beam_deid.transforms.columns.arrays import Bools
from beam_deid.transforms.columns.distinct import encoded
from beam_deid.transforms.columns.sizes import Words
from beam_deid.transforms.crypto.person_tokens import PersonTokens
from beam_deid.transforms.crypto.sealed_rows import SealedRows
from beam_deid.transforms.errors import KeyFault
from beam_deid.transforms.storage.paths import absolute, is_local

BY_PERSON = 0
BY_HANDLE = 1
"""The sections of the file."""
ENDING = ".subjects"
"""What the name of the folder of secrets ends with, behind the name of the keyring."""


def folder_beside(keyring: str | None) -> str:
    """The folder of the secrets of a keyring's domains. A keyring that is reached by a link has one folder all the same.

    Raises:
        KeyFault: There is no keyring, or it is not on a local disk.
    """
    if keyring is None:
        what = "secrets of persons are kept beside a keyring, and the policy names none"
        raise KeyFault(what, "keys", "Add to the policy: keys: {keyring: PATH}")
    if not is_local(keyring):
        what = "secrets of persons are kept beside the keyring on a local disk"
        raise KeyFault(what, keyring, "Copy the keyring to this machine and name it in the policy")
    return os.path.realpath(absolute(keyring)) + ENDING


def file_of(folder: str, domain: str, identity: int) -> str:
    """The file of a domain's secrets under one version of its key. Its name tells nothing of the domain.

    Args:
        folder: The folder of the keyring's secrets.
        domain: The domain, as keys know it.
        identity: Id of the key's version.
    """
    return os.path.join(folder, f"{identity:08x}-{hashlib.sha256(domain.encode()).hexdigest()[:32]}")


class PersonSecrets:
    """The secrets of one domain, open for reading. It holds keys, so it is never pickled.

    Args:
        path: The file.
        key: The domain's key.

    Raises:
        KeyFault: The file is not there, damaged, of another key, or others may read it.
    """

    def __init__(self, path: str, key: bytes) -> None:
        self.tokens = PersonTokens(key)
        self._rows = SealedRows(path, self.tokens.of_file)

    def of(self, persons: pa.Array) -> tuple[Bools, Words]:
        """The secrets of persons.

        Args:
            persons: Their identities in one spelling, text, plain or dictionary-encoded, shape (n,); null where nobody is known.

        Returns:
            Which have one, shape (n,), and the secrets, shape (n, 2): zeros of those that have none.
        """
        codes, texts = encoded(persons)
        if not len(texts):
            return np.zeros(len(persons), np.bool_), np.zeros((len(persons), 2), np.uint64)
        there, secrets = self._rows.find(BY_PERSON, self.tokens.persons(texts))
        rows = codes.fill_null(0).to_numpy(zero_copy_only=False)
        found = there[rows] & pc.is_valid(codes).to_numpy(zero_copy_only=False)
        return found, np.where(found[:, None], secrets[rows], np.uint64(0))

    def named(self, handles: Words) -> tuple[Bools, Words]:
        """The secrets that tokens name by their handles (n, 2): which are there, shape (n,), and the secrets, shape (n, 2)."""
        return self._rows.find(BY_HANDLE, handles)
