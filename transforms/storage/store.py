"""The contract of a store: the operations that the rest of the program may use."""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from typing import BinaryIO, ClassVar

import pyarrow as pa


@dataclass(frozen=True)
class Entry:
    """A file or folder in a store.

    Attributes:
        path: Its path, as it is asked for.
        is_folder: Whether it is a folder.
        size: Bytes; 0 for a folder.
        modified: When it was last changed, seconds since 1970 by the store's own clock; 0.0 where the store does not tell.
    """

    path: str
    is_folder: bool
    size: int = 0
    modified: float = 0.0


class Store(ABC):
    """A place where bytes are. Paths are absolute, see `beam_deid.transforms.storage.paths.absolute`.

    What is asked of a store fails as `OSError`, `FileNotFoundError` where there is no such thing. A file is there whole or
    not at all once its stream was closed; several that write one path at once leave the whole bytes of one of them.
    """

    renames_folders: ClassVar[bool]
    """Whether a folder takes another's place in one step, so that a reader sees all of it or nothing."""

    @abstractmethod
    def entry(self, path: str) -> Entry | None:
        """What is at a path, or None."""

    @abstractmethod
    def entries(self, folder: str, *, recursive: bool = False, starting: str = "") -> list[Entry]:
        """What is in a folder, sorted by path; nothing where there is no such folder.

        Args:
            folder: The folder.
            recursive: Whether also what is in folders in it, and so on.
            starting: How names directly in the folder begin; others are not looked at.
        """

    @abstractmethod
    def open_input(self, path: str) -> pa.NativeFile:
        """Open a file for reading at any place; Arrow reads it without the interpreter's lock."""

    @abstractmethod
    def create(self, path: str) -> BinaryIO:
        """Open a new file, for its owner alone, that is there when it is closed. Folders below the first that is there are made.

        A file that is never closed is not there, or is torn: write under a name of the attempt's own where that can happen.
        """

    @abstractmethod
    def create_once(self, path: str, data: bytes) -> None:
        """Write a small file whole, for its owner alone, where nothing is yet; of several that try at once one succeeds.

        A store that cannot promise this is looked at first: who calls it there must hold a lease.

        Raises:
            FileExistsError: Something is there. It may be what an earlier attempt of this call wrote whose answer got lost.
        """

    @abstractmethod
    def copy(self, source: str, target: str) -> None:
        """Copy a file within the store; the target is replaced whole or not at all."""

    @abstractmethod
    def delete(self, paths: Iterable[str]) -> None:
        """Remove files; those that are not there are passed over."""

    @abstractmethod
    def delete_folder(self, path: str) -> None:
        """Remove a folder with everything in it, if it is there."""

    @abstractmethod
    def purge(self, path: str) -> None:
        """`delete_folder`, and older versions of what was in it, and uploads into it that were never finished."""

    def purge_files(self, paths: Iterable[str]) -> None:
        """`delete`, and older versions of them, and uploads to them that were never finished."""
        self.delete(paths)

    def unseen(self, folder: str, beginning: str) -> list[str]:
        """What is in a folder, of names that begin so, that `entries` does not show and purging would still remove something of."""
        return []

    def rename(self, source: str, target: str) -> None:
        """Give a file or a folder another place in one step, over a file or an empty folder; where `renames_folders` alone."""
        raise NotImplementedError

    def like(self, folder: str, model: str) -> None:
        """Give a folder the rights of another; where `renames_folders` alone."""
        return

    def make_private(self, folder: str) -> None:
        """Make a folder for its owner alone, or take away what others may do in one of this user's; where there are folders."""
        return

    def drop_empty(self, folder: str) -> None:
        """Remove a folder that nothing is in; where there are folders."""
        return

    def persist(self, path: str) -> None:
        """Let a file or a folder, and its name, outlive a loss of power; who may read it stays."""
        return

    def settle(self, path: str) -> None:
        """Let a file or a folder outlive a loss of power, and let others read it as they may read this user's new files."""
        return
