"""The names of the files in a register's folder, and a listing of them.

::

    revision-000007.json            one revision, written once; the newest counts
    tables/<name>-000007-<random>.parquet
                                    a table of fingerprints, added by whoever was about to write revision 7
    .beam-deid-<owner>/             of who holds the register: its claim, and which tables it is adding

A table's name says which revision it was made for. Once that revision is there by somebody else, the table's own maker is
refused, so that the table is in nobody's use.
"""

import re
import secrets
from dataclasses import dataclass

from beam_deid.transforms.errors import UsageError
from beam_deid.transforms.storage.files import store_of
from beam_deid.transforms.storage.owners import is_owner
from beam_deid.transforms.storage.paths import MARK, is_name, is_unfinished, join, name_of, shown

TABLES = "tables"

_REVISION = re.compile(r"revision-(\d{6,})\.json")
_TABLE = re.compile(r".+-(\d{6,})-[0-9a-f]{16}\.parquet", re.DOTALL)


@dataclass(frozen=True)
class Contents:
    """The contents of a register's folder.

    Attributes:
        revisions: Numbers of its revisions, the oldest first.
        tables: Names of the files below ``tables``.
        claims: The hidden folders of those who hold or want it, or did.
        unfinished: Paths of files that somebody was writing.
    """

    revisions: tuple[int, ...]
    tables: tuple[str, ...]
    claims: tuple[str, ...]
    unfinished: tuple[str, ...]

    @property
    def newest(self) -> int:
        """Number of the newest revision; 0 where there is none."""
        return self.revisions[-1] if self.revisions else 0


def look(register: str) -> Contents:
    """List the contents of a register's folder.

    Raises:
        OSError: The store fails, or it may not be read.
    """
    store = store_of(register)
    tables = join(register, TABLES)
    here = [entry.path for entry in store.entries(register)]
    below = [entry.path for entry in store.entries(tables)]
    numbers = (revision_of(name_of(path)) for path in here)
    return Contents(
        revisions=tuple(sorted(number for number in numbers if number is not None)),
        tables=tuple(name_of(path) for path in below if not is_unfinished(name_of(path))),
        claims=tuple(path for path in here if _is_claim(name_of(path))),
        unfinished=tuple(path for path in [*here, *below] if is_unfinished(name_of(path))),
    )


def claims_of(register: str) -> list[str]:
    """The hidden folders of those who hold or want a register, or did.

    Raises:
        OSError: The store fails.
    """
    found = store_of(register).entries(register, starting=MARK)
    return [entry.path for entry in found if entry.is_folder and _is_claim(name_of(entry.path))]


def claim_folder(register: str, owner: str) -> str:
    """The hidden folder of somebody whose name `beam_deid.transforms.storage.owners.new_name` made."""
    return join(register, f"{MARK}{owner}")


def revision_path(register: str, number: int) -> str:
    """The path of a revision."""
    return join(register, f"revision-{number:06d}.json")


def revision_of(name: str) -> int | None:
    """The number of a revision by its file's name, or None if it is no revision's."""
    found = _REVISION.fullmatch(name)
    number = int(found[1]) if found else 0
    return number if number and name == f"revision-{number:06d}.json" else None


def new_table(name: str, revision: int) -> str:
    """Make a file name that no other table has.

    Args:
        name: What it holds.
        revision: The revision that it is made for.

    Raises:
        ValueError: The name leads elsewhere, or is a hidden one.
    """
    if not is_name(name) or name.startswith("."):
        raise ValueError("a table's name is that of a file")
    return f"{name}-{revision:06d}-{secrets.token_hex(8)}.parquet"


def made_for(file: str) -> int | None:
    """The revision that a table was made for, or None where `new_table` did not name it."""
    found = _TABLE.fullmatch(file)
    return int(found[1]) if found and is_name(file) else None


def table_path(register: str, file: str) -> str:
    """The path of a table of fingerprints.

    Args:
        register: The register's folder.
        file: The table's name, as the register says it.

    Raises:
        UsageError: The name leads elsewhere.
    """
    if not is_name(file):
        raise UsageError(
            "a table that the register names is not in it", shown(register), "Restore the register from a backup"
        )
    return join(register, TABLES, file)


def _is_claim(name: str) -> bool:
    return name.startswith(MARK) and is_owner(name.removeprefix(MARK))
