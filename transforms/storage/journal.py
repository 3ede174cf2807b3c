"""A publication that is under way, written down before its first step, so that any command can finish it.

A store that cannot put one folder in another's place in one step is changed file by file, in an order in which nothing ever
looks published that is not whole: first what calls the old state published goes (``run.json``, the reports, ``label.json``), then
files that the new one does not have; then all files come, are read back, and last the manifests, ``run.json`` at the very end. No
report ever stands beside another label than its own. Every step may be done twice.
"""

import contextlib
import hashlib
import json
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import TypeVar

from beam_deid.transforms.errors import InputError, OutputError
from beam_deid.transforms.storage.files import open_arrow, store_of, unwritable, write_all
from beam_deid.transforms.storage.paths import REPORT, is_below, join, name_of, parent, shown

JOURNAL = "publication.json"
MANIFESTS = ("label.json", REPORT, "run.json")
"""What says that something is published, in the order in which it comes."""

_FORMAT = 1
_PURGING = 2
"""The format of a journal by which older versions are removed as well."""
_BLOCK = 8 << 20
_AT_ONCE = 8
One = TypeVar("One")


@dataclass(frozen=True)
class Moved:
    """A file that is to be published.

    Attributes:
        source: Where it waits, below the hidden folder.
        target: Where it goes, below the output.
        size: Bytes.
        sha256: Hash of its bytes, in hex.

    Raises:
        ValueError: A path leads elsewhere.
    """

    source: str
    target: str
    size: int
    sha256: str

    def __post_init__(self) -> None:
        # It may come from a file that somebody else wrote.
        if not (is_below(self.source) and is_below(self.target)):
            raise ValueError("the path leads elsewhere")


@dataclass(frozen=True)
class Journal:
    """The steps of a publication.

    Attributes:
        files: The files that are to be there, manifests included.
        removed: Paths below the output that are not to be there any more.
        replaces: SHA-256, in hex, of the ``run.json`` that is there before; None where none is.
        purged: Paths below the output of which a store that keeps versions keeps no older one: what was in them is erased.
    """

    files: tuple[Moved, ...]
    removed: tuple[str, ...] = ()
    replaces: str | None = None
    purged: tuple[str, ...] = ()

    @property
    def runs(self) -> set[str]:
        """SHA-256, in hex, of the ``run.json`` that is to be there; as `published` gives it."""
        return {one.sha256 for one in self.files if one.target == "run.json"}

    def write(self, folder: str) -> None:
        """Write the journal. From then on the publication will be finished, by this process or by another one.

        Raises:
            OSError: It cannot be written.
            OutputError: It is not what was written. Nothing was done.
        """
        files = [asdict(one) for one in self.files]
        document = {"format": _FORMAT, "files": files, "removed": list(self.removed), "replaces": self.replaces}
        if self.purged:  # a version that knows nothing of it must not finish this
            document |= {"format": _PURGING, "purged": list(self.purged)}
        data = (json.dumps(document) + "\n").encode()
        path = join(folder, JOURNAL)
        store = store_of(folder)
        for one in self.files:
            store.settle(join(folder, one.source))
        write_all(path, data)
        store.settle(path)
        check_bytes(data, path)

    @classmethod
    def read(cls, folder: str) -> "Journal | None":
        """What a hidden folder says that is to be done; None where nothing was decided.

        One that is torn was never read back whole, so nothing of it was done.

        Raises:
            OSError: It cannot be read.
            OutputError: It is of another version.
        """
        path = join(folder, JOURNAL)
        store = store_of(path)
        if store.entry(path) is None:
            return None
        with store.open_input(path) as stream:
            data = bytes(stream.read())
        try:
            document = json.loads(data)
        except ValueError:
            return None
        try:
            if document["format"] not in (_FORMAT, _PURGING):
                raise ValueError
            files = tuple(Moved(**one) for one in document["files"])
            removed = tuple(document["removed"])
            purged = tuple(document.get("purged", ()))
            if not all(map(is_below, (*removed, *purged))):
                raise ValueError
            return cls(files, removed, document["replaces"], purged)
        except (KeyError, TypeError, ValueError):
            raise OutputError(
                "a publication was begun here, and what it was about cannot be read",
                shown(path),
                "Finish it with the version of beam-deid that began it, or remove output and folder",
            ) from None

    def carry_out(self, folder: str, output: str, confirm: Callable[[], None]) -> None:
        """Carry the publication out.

        Args:
            folder: The hidden folder that the files wait in.
            output: The output.
            confirm: Raises where the output is no longer this process's; called before each step that cannot be taken back.

        Raises:
            Superseded: Another run was published meanwhile, or the files are gone. Nothing was changed.
            OSError: The store fails; call it again.
            OutputError: A file that came into place is not what was to be published; it is gone again.
        """
        store = store_of(output)
        self._see_that_it_can(folder, output)
        confirm()
        manifests = [one for one in self.files if name_of(one.target) in MANIFESTS]
        rest = [one for one in self.files if one not in manifests]
        gone = {*self.removed, *(one.target for one in manifests)}
        old = sorted((path for path in gone if name_of(path) in MANIFESTS), key=_manifests_first)
        for path in old:
            store.delete([join(output, path)])
        store.delete([join(output, path) for path in sorted(gone - {*self.purged}) if path not in old])
        store.purge_files([join(output, path) for path in sorted(self.purged)])
        self._drop_empty(output)
        self._bring(rest, folder, output)
        confirm()
        for one in sorted(manifests, key=lambda manifest: _manifests_first(manifest.target), reverse=True):
            self._bring([one], folder, output)

    def _see_that_it_can(self, folder: str, output: str) -> None:
        """Check that no other run was published meanwhile, and that all files are there."""
        store = store_of(output)
        there = published(output)
        if there is not None and there != self.replaces and there not in self.runs:
            raise Superseded

        def look(one: Moved) -> None:
            found = store.entry(join(folder, one.source))
            if found is None or found.size != one.size:
                raise Superseded

        at_once(look, self.files)

    def _drop_empty(self, output: str) -> None:
        """Folders that nothing is left in: a filesystem keeps them, an object store has none."""
        store = store_of(output)
        for folder in sorted({parent(join(output, path)) for path in self.removed} - {output}):
            if not store.entries(folder):
                store.delete_folder(folder)

    def _bring(self, files: Iterable[Moved], folder: str, output: str) -> None:
        store = store_of(output)

        def bring(one: Moved) -> None:
            target = join(output, one.target)
            store.copy(join(folder, one.source), target)
            store.settle(target)
            try:
                check(one, target)
            except OutputError:
                # A torn run.json would look published, and like another run's to whoever comes to finish this one.
                with contextlib.suppress(OSError):
                    store.delete([target])
                raise

        at_once(bring, files)


class Superseded(Exception):
    """What a journal says cannot be done any more: another run was published, or what was to be published is gone."""


def published(output: str) -> str | None:
    """The run that an output holds: SHA-256, in hex, of its ``run.json``; None if it holds none.

    Raises:
        OSError: The store fails.
    """
    path = join(output, "run.json")
    store = store_of(path)
    if store.entry(path) is None:
        return None
    with store.open_input(path) as stream:
        return hashlib.sha256(stream.read()).hexdigest()


def check(one: Moved, path: str) -> None:
    """Check the size and the hash of a file by reading all of it.

    Raises:
        OutputError: It is not.
    """
    found = store_of(path).entry(path)
    size, digest = (None, None) if found is None else (found.size, "")
    if size == one.size:
        digest = written_sha256(path)
    if digest != one.sha256:
        said = "is missing" if size is None else "is not what was written"
        raise OutputError(f"a file of the release {said}: the storage lost or changed it", shown(path), "Run again")


def check_bytes(data: bytes, path: str) -> None:
    """Check the size and the hash of a file whose bytes are in memory.

    Raises:
        OutputError: See `check`.
    """
    name = name_of(path)
    check(Moved(name, name, len(data), hashlib.sha256(data).hexdigest()), path)


def written_sha256(path: str) -> str:
    """SHA-256 of a file of an output, in hex.

    Raises:
        OutputError: It cannot be opened.
        OSError: It cannot be read to its end.
    """
    try:
        return sha256_of(path)
    except InputError as error:
        raise OutputError(error.what, error.where, error.next_step) from None


def sha256_of(path: str) -> str:
    """SHA-256 of a file, in hex.

    Raises:
        InputError: It cannot be opened.
        OSError: It cannot be read to its end.
    """
    digest = hashlib.sha256()
    with open_arrow(path) as stream:
        while block := stream.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def at_once(task: Callable[[One], None], items: Iterable[One]) -> None:
    """Call a function for each of some items, several at a time. The first error ends it."""
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for _ in pool.map(task, items):
            pass


def failed(error: OSError, where: str) -> OutputError:
    """The error for a store that fails while something is written."""
    return unwritable(error, "the output", where)


def _manifests_first(path: str) -> int:
    """``run.json`` before all reports, and these before all ``label.json``."""
    return -MANIFESTS.index(name_of(path))
