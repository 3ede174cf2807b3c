"""The register as a folder on a disk or in an object store: read by anybody who may, changed by one at a time.

A revision is written once, under the number after the newest, and only if that is free: whoever slept and wakes late is
refused, whatever it believes. Tables are there before a revision names them, and go after none does any more, so that the
newest revision is whole at any moment.
"""

import contextlib
import os
import shutil
from dataclasses import replace

from beam_deid.transforms.clock import now
from beam_deid.transforms.errors import DeidError, InputError, OutputError, UsageError
from beam_deid.transforms.register.adding import write_adding
from beam_deid.transforms.register.document import FORMAT, Document
from beam_deid.transforms.register.names import (
    TABLES,
    claim_folder,
    claims_of,
    look,
    new_table,
    revision_of,
    revision_path,
    table_path,
)
from beam_deid.transforms.register.reading import newest, see_a_folder, unreadable
from beam_deid.transforms.register.revision import revision_bytes
from beam_deid.transforms.register.sweeping import KEPT, remove_tables, sweep
from beam_deid.transforms.storage.files import advice, reason, store_of
from beam_deid.transforms.storage.hidden import place_of
from beam_deid.transforms.storage.journal import sha256_of
from beam_deid.transforms.storage.lease import Lease, Words
from beam_deid.transforms.storage.owners import new_name
from beam_deid.transforms.storage.paths import absolute, is_local, join, name_of, shown
from beam_deid.transforms.storage.stopping import STOPPING

__all__ = ["Held", "hold", "read", "table_path"]

_BLOCK = 8 << 20
_WORDS = Words(
    taken="another run is using this register",
    wait="Wait until it is done",
    lost="this run was silent for so long that another took the register over",
    elsewhere="Check the rights to it, or name another folder under register: of the policy",
)


def read(path: str) -> Document | None:
    """The newest revision of a register, without holding it.

    Args:
        path: The register's folder.

    Returns:
        The revision; None where there is no register.

    Raises:
        UsageError: The register is damaged or cannot be read, its newest revision is missing, or a newer beam-deid wrote it.
            An older revision never stands in for it: that would forget a release.
    """
    register = place_of(path)
    try:
        return newest(register)
    except OSError as error:
        raise unreadable(error, register) from None


def hold(path: str) -> "Held":
    """Hold a register, so that nobody else changes it until it is closed.

    Args:
        path: The register's folder; made where there is none.

    Raises:
        UsageError: Another run is using it, it is another user's, it cannot be written to, or see `read`.
    """
    return Held(path)


class Held:
    """A register that this process holds. A context manager; see `hold`. For one thread.

    Args:
        path: The register's folder.

    Attributes:
        path: The folder, absolute.
        document: The newest revision; None as long as there is no register.
    """

    def __init__(self, path: str) -> None:
        self.path = place_of(path)
        self.document: Document | None = None
        self._store = store_of(self.path)
        self._claim = claim_folder(self.path, new_name())
        self._added: set[str] = set()
        self._is_doubtful = False
        self._is_closed = False
        self._is_held = False
        self._lease = Lease(self._claim, lambda: claims_of(self.path), self.path, _WORDS)
        self._stopping = STOPPING.add(self.close)
        try:
            see_a_folder(self.path)
            _see_whose_it_is(self.path)
            _see_that_it_is_one(self.path)
            self._make()
            self._lease.take()
            self._is_held = True
            self._make()  # somebody who gave up meanwhile may have removed it, empty as it was
            self.document = newest(self.path)
        except OSError as error:
            self.close()
            raise unreadable(error, self.path) from None
        except BaseException:  # Ctrl-C, too, leaves nothing
            self.close()
            raise
        with contextlib.suppress(OSError):  # another time
            sweep(self.path, self.document, self._lease)

    def __enter__(self) -> "Held":
        return self

    def __exit__(self, *rest: object) -> None:
        self.close()

    def confirm(self) -> None:
        """Check that the register is still held by this process.

        Raises:
            OutputError: Another run took it over while this one was silent, or the store does not answer.
        """
        try:
            self._lease.confirm()
        except OSError as error:
            raise _unwritable(error, self.path) from None

    def add(self, source: str, name: str, sha256: str) -> str:
        """Copy a table of fingerprints into the register. The next `save` must name it, or it is removed.

        Args:
            source: The file, on this machine or in a store.
            name: What it holds, as the beginning of its name.
            sha256: Hash of its bytes, in hex.

        Returns:
            Its name below ``tables``, for `Table.file`.

        Raises:
            OutputError: It cannot be copied, or is not what it should be; or see `confirm`.
            ValueError: The name is none of a file.
        """
        file = new_table(name, self._next)
        target = table_path(self.path, file)
        self.confirm()
        self._added.add(file)
        try:
            write_adding(self._claim, self._added)
            self._copy(absolute(source), target)
            self._store.persist(target)
            copied = sha256_of(target)
        except OSError as error:
            raise _unwritable(error, target) from None
        except InputError as error:
            raise OutputError(error.what, error.where, error.next_step) from None
        if copied != sha256:
            raise OutputError(
                "a table of fingerprints is not what was written: the storage lost or changed it",
                shown(target),
                "Run again",
            )
        return file

    def save(self, document: Document) -> Document:
        """Write the next revision. Tables that it does not name are removed.

        Args:
            document: What it says; its number and time are set here.

        Returns:
            The revision as it was written, which is now `document`.

        Raises:
            OutputError: Somebody else wrote that revision meanwhile, it cannot be written, or it names a table that the
                register does not have; or see `confirm`.
        """
        saved = replace(document, revision=self._next, written_at=now(), format=FORMAT)
        tables = self._added | (self.document.files if self.document else frozenset())
        strangers = saved.files - tables
        if strangers:
            raise OutputError("a table that is to be registered was not added", shown(self.path), "Run again")
        self.confirm()
        self._write(saved)
        self.document = saved
        self._added = set()
        with contextlib.suppress(OSError):  # the next to hold it sweeps it
            remove_tables(self.path, sorted(tables - saved.files))
            if saved.revision > KEPT:
                self._store.purge_files([revision_path(self.path, saved.revision - KEPT)])
        return saved

    def close(self) -> None:
        """Release the register. Tables that no revision names are removed, and so is a folder in which nothing was saved."""
        if self._is_closed:
            return
        self._is_closed = True
        STOPPING.forget(self._stopping)
        is_rid_of_tables = self._is_rid_of_tables()
        if self.document is None and self._is_held:  # as long as nobody else can be about to put a table there
            with contextlib.suppress(OSError):
                self._store.drop_empty(join(self.path, TABLES))
        if is_rid_of_tables:
            self._lease.give_back()
        else:
            self._lease.release()  # the folder goes on saying whose tables these are
        if self.document is None:
            with contextlib.suppress(OSError):  # an empty folder is no register
                self._store.drop_empty(self.path)

    @property
    def _next(self) -> int:
        return 1 + (self.document.revision if self.document else 0)

    def _make(self) -> None:
        try:
            self._store.make_private(self.path)
        except OSError as error:
            said = reason(error)
            raise UsageError(f"cannot write here ({said})", shown(self.path), advice(said, _WORDS.elsewhere)) from None

    def _copy(self, source: str, target: str) -> None:
        given = store_of(source)
        if given is self._store:
            self._store.copy(source, target)
            return
        with given.open_input(source) as read, self._store.create(target) as made:
            shutil.copyfileobj(read, made, _BLOCK)

    def _write(self, saved: Document) -> None:
        path = revision_path(self.path, saved.revision)
        data = revision_bytes(saved)
        self._is_doubtful = True  # until it is known what became of it
        try:
            self._store.create_once(path, data)
        except OSError as error:
            there = self._bytes_at(path)
            if there is not None and there != data:
                self._is_doubtful = False
                raise OutputError(
                    f"another run registered revision {saved.revision} meanwhile", shown(self.path), "Run again"
                ) from None
            if there is None:
                # A disk has done what it was asked for or has not; a store may do it yet.
                self._is_doubtful = not self._store.renames_folders
                raise _unwritable(error, path) from None
        self._is_doubtful = False

    def _bytes_at(self, path: str) -> bytes | None:
        """What is at a path; None where nothing is, or that cannot be told."""
        try:
            with self._store.open_input(path) as stream:
                return bytes(stream.read())
        except OSError:
            return None

    def _is_rid_of_tables(self) -> bool:
        """Remove the tables that were added and are not named; whether none is left."""
        if not self._added:
            return True
        if self._is_doubtful:  # the revision that names them may be there
            return False
        try:
            remove_tables(self.path, sorted(self._added))
        except (OSError, DeidError):
            return False
        return True


def _see_that_it_is_one(register: str) -> None:
    """Check that a local folder is a register, or empty.

    Raises:
        UsageError: Something else is in it.
    """
    seen = look(register)
    strangers = [entry.path for entry in store_of(register).entries(register) if not _is_ours(name_of(entry.path))]
    if strangers and not seen.revisions:
        raise UsageError(
            f"the folder holds {name_of(strangers[0])}, which is nothing of a register",
            shown(register),
            "Name a folder of its own under register: of the policy",
        )


def _is_ours(name: str) -> bool:
    return name == TABLES or name.startswith(".") or revision_of(name) is not None


def _see_whose_it_is(register: str) -> None:
    """Check that no other user can have written into a local register.

    Raises:
        UsageError: It belongs to another user.
    """
    if not is_local(register) or os.name != "posix":
        return
    try:
        owner = os.stat(register).st_uid
    except OSError:  # whoever makes or reads it is told
        return
    if owner not in (0, os.geteuid()):
        raise UsageError(
            "the register's folder belongs to another user, who may change what it says",
            register,
            "Run as its owner, or name another folder under register: of the policy",
        )


def _unwritable(error: OSError, where: str) -> OutputError:
    return OutputError(
        f"the register cannot be written ({reason(error)})", shown(where), "Check space, rights and network"
    )
