"""Staging of a run's output: a hidden folder for its workers, a lease, and publication by manifest."""

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from hashlib import sha256

from beam_deid.transforms.errors import DeidError, OutputError
from beam_deid.transforms.storage.files import store_of, write_all
from beam_deid.transforms.storage.hidden import (
    folder_for_workers,
    hidden_folder,
    hidden_folders,
    missing_folders,
    place_of,
)
from beam_deid.transforms.storage.journal import (
    Journal,
    Moved,
    Superseded,
    at_once,
    check,
    check_bytes,
    failed,
    published,
)
from beam_deid.transforms.storage.lease import Lease
from beam_deid.transforms.storage.manifest import files_of_run
from beam_deid.transforms.storage.owners import new_name
from beam_deid.transforms.storage.paths import join, shown
from beam_deid.transforms.storage.replacing import check_replaceable
from beam_deid.transforms.storage.stopping import STOPPING
from beam_deid.transforms.storage.sweeping import OLD, OUTCOME, finish, put_back, sweep_held, waiting

_NEW = "new"
_BLOCK = 8 << 20


class Staging:
    """The hidden folder of one run, and its way into the output.

    A local output is replaced by renaming folders, so that it is there whole or not at all. Any other is changed as its
    `Journal` says. Until then nothing of the run is to be seen, and what is left of it is removed whatever happens.

    Args:
        output: The output folder.
        overwrite: Whether an earlier run's output may be replaced.
        shared: Whether workers on other machines write into it, so that it must be where they can reach it.
        work: The folder that a run left whose driver died, to be published by this process.

    Attributes:
        path: The folder that workers write into.

    Raises:
        UsageError: The output exists and may not be replaced, holds what no run wrote, or another run is writing to it.
        OutputError: The folder cannot be made.
    """

    def __init__(self, output: str, overwrite: bool = False, *, shared: bool = False, work: str | None = None) -> None:
        self._output = place_of(output)
        self._overwrite = overwrite
        self._adopted = work is not None
        self._begun = False
        self._published = False
        name = new_name()
        self._claim = hidden_folder(self._output, name)
        self.path = work or folder_for_workers(self._output, name, shared=shared)
        self._lease = Lease(self._claim, lambda: hidden_folders(self._output), self._output)
        self._made = missing_folders(self._output)
        self._stopping = [STOPPING.add(self._drop_made)]
        try:
            self._lease.take()
            self._stopping.append(STOPPING.add(self.discard))
            # Nobody loses a run that only waits to be published because a command was refused.
            sweep_held(self._lease, self._output, keep=(self.path, *waiting(self._output)))
            self._check()
            sweep_held(self._lease, self._output, keep=(self.path,))
            if not self._adopted:
                store_of(self.path).make_private(self.path)
        except OSError as error:
            self.discard()
            raise failed(error, self._output) from None
        except BaseException:
            self.discard()
            raise

    @property
    def output(self) -> str:
        """The output folder, absolute."""
        return self._output

    def confirm(self) -> None:
        """Check that the output is still held by this run: once another process swept its folder, any step may fail.

        Raises:
            OutputError: Another took it over while this one was silent.
        """
        with contextlib.suppress(OSError):  # a store that does not answer is told of by what comes next
            self._lease.confirm()

    @property
    def is_begun(self) -> bool:
        """Whether a publication was begun that did not come to its end, so that others finish it or undo it."""
        return self._begun

    def publish(self, files: Sequence[Moved], manifests: Mapping[str, bytes]) -> None:
        """Move everything into place, the manifests last. Until then nothing looks published.

        Args:
            files: The files, with ``source`` below `path`.
            manifests: The bytes of each manifest by its path below the output.

        Raises:
            OutputError: A file is not what was written, or the store fails. An earlier output is as it was, or the
                publication will be finished by the next command on this output.
        """
        try:
            files = [self._waiting(one) for one in files]
            at_once(lambda one: check(one, join(self.path, one.source)), files)
            self._lease.confirm()
            if store_of(self._output).renames_folders:
                self._replace(files, manifests)
            else:
                self._bring(files, manifests)
            self._published = True
        except Superseded:
            self._begun = False
            raise OutputError(
                "this run was silent for so long that another took the output over", shown(self._output), "Run again"
            ) from None
        except OSError as error:
            raise self._stopped(failed(error, self._output)) from None
        except DeidError as error:
            raise self._stopped(error) from None

    def discard(self) -> None:
        """Remove what is left of the run; a publication that was begun is left to others, who finish it.

        What another process left to be published is kept until it is.
        """
        if not self._begun and (self._published or not self._adopted):
            with contextlib.suppress(OSError):  # first, for what is half removed must not be published
                store_of(self.path).delete([join(self.path, OUTCOME)])
        if self.path != self._claim and (self._published or not self._adopted):
            with contextlib.suppress(OSError):  # the next command sweeps it
                store_of(self.path).purge(self.path)
        if self._begun:
            STOPPING.is_begun = True
            self._lease.release()
            self._forget()
        else:
            self._give_up()

    def _give_up(self) -> None:
        """Release the output, and leave no folder that was made for it alone."""
        self._lease.give_back()
        self._forget()
        self._drop_made()

    def _forget(self) -> None:
        for number in self._stopping:
            STOPPING.forget(number)

    def _drop_made(self) -> None:
        if not self._published:
            for folder in self._made:
                store_of(folder).drop_empty(folder)

    def _check(self, folder: str = "", *, by_name: bool = False) -> None:
        check_replaceable(self._output, self._overwrite, folder, by_name=by_name)

    def _replace(self, files: Sequence[Moved], manifests: Mapping[str, bytes]) -> None:
        """Build the output here and let it take the old one's place."""
        store = store_of(self._output)
        new = join(self.path, _NEW)
        for one in files:
            if one.source != f"{_NEW}/{one.target}":
                store.rename(join(self.path, one.source), join(new, one.target))
        if self._adopted:  # a manifest that was being written when the driver died
            wanted = {join(new, one.target) for one in files}
            strays = [entry.path for entry in store.entries(new, recursive=True) if not entry.is_folder]
            store.delete(path for path in strays if path not in wanted)
        for path, data in manifests.items():
            write_all(join(new, path), data)
            check_bytes(data, join(new, path))
        store.settle(new)
        self._check(
            by_name=True
        )  # before anything is moved; what is in the files is looked at once nobody can reach them
        there = bool(store.entries(self._output))
        old = join(self.path, OLD)
        if store.entry(self._output):
            store.like(new, self._output)
        self._begun = True  # the folder may now hold all that there is of the earlier output
        try:
            if there:
                store.rename(self._output, old)
                self._check(old)  # somebody may have put something into it just now
            store.rename(new, self._output)
        except (OSError, DeidError):
            put_back(self.path, self._output)
            self._begun = False
            raise
        self._begun = False

    def _bring(self, files: Sequence[Moved], manifests: Mapping[str, bytes]) -> None:
        """Bring everything into the store's hidden folder, write down what is to be done, and do it."""
        waiting = [self._upload(one) for one in files] if self.path != self._claim else list(files)
        for path, data in manifests.items():
            source = f"{_NEW}/{path}"
            write_all(join(self._claim, source), data)
            waiting.append(Moved(source, path, len(data), sha256(data).hexdigest()))
        at_once(lambda one: check(one, join(self._claim, one.source)), waiting)
        self._check()
        targets = {one.target for one in waiting}
        removed = tuple(path for path in files_of_run(self._output) or () if path not in targets)
        journal = Journal(tuple(waiting), removed, published(self._output))
        self._lease.confirm()
        self._begun = True
        journal.write(self._claim)
        finish(self._claim, journal, self._output, self._lease)
        self._begun = False

    def _waiting(self, one: Moved) -> Moved:
        """Where a file waits: a driver that died while it published may have moved it already."""
        moved = replace(one, source=f"{_NEW}/{one.target}")
        store = store_of(self.path)
        is_moved = self._adopted and store.entry(join(self.path, one.source)) is None
        return moved if is_moved and store.entry(join(self.path, moved.source)) is not None else one

    def _upload(self, one: Moved) -> Moved:
        source = f"{_NEW}/{one.target}"
        given = store_of(self.path)
        made = store_of(self._claim)
        with given.open_input(join(self.path, one.source)) as read, made.create(join(self._claim, source)) as written:
            while block := read.read(_BLOCK):
                written.write(block)
        return Moved(source, one.target, one.size, one.sha256)

    def _stopped(self, error: DeidError) -> DeidError:
        if not self._begun:
            return error
        if store_of(self._output).renames_folders:
            advice = f"The next command on this output puts the earlier one back, which waits in {self.path}"
        else:
            advice = f"The next command on this output finishes it, or: beam-deid publish {shown(self._claim)}"
        return OutputError(f"the publication was begun and cannot go on ({error.what})", shown(self._output), advice)
