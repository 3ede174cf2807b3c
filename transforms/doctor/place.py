"""The place where a run's workers would write, tried out: a hidden folder as a run has it, gone again afterwards."""

import contextlib
from types import TracebackType

from beam_deid.transforms.storage.files import store_of
from beam_deid.transforms.storage.hidden import folder_for_workers, hidden_folder, hidden_folders, missing_folders
from beam_deid.transforms.storage.lease import Lease
from beam_deid.transforms.storage.owners import new_name
from beam_deid.transforms.storage.stopping import STOPPING


class Trial:
    """The hidden folder that a run would have, made and removed with a ``with`` block. Where it cannot be, writing into it fails.

    Args:
        output: The output folder, as all reach it.
        shared: Whether workers on other machines write into it.

    Attributes:
        path: The folder.
    """

    def __init__(self, output: str, *, shared: bool) -> None:
        self._output = output
        self.path = folder_for_workers(output, new_name(), shared=shared)
        self._made = missing_folders(output)
        self._stopping = STOPPING.add(self.remove)

    def see_that_it_is_free(self) -> None:
        """See that nobody else writes into the output, and that this process may: for a moment it is held, as a run holds it.

        Raises:
            UsageError: It may not, or another run is writing.
            OSError: The store fails.
        """
        lease = Lease(hidden_folder(self._output, new_name()), lambda: hidden_folders(self._output), self._output)
        try:
            lease.take()
        finally:
            lease.give_back()

    def remove(self) -> None:
        """Remove the folder with all that is in it, and folders that were made for it alone."""
        with contextlib.suppress(OSError):  # a later run sweeps it
            store_of(self.path).purge(self.path)
        for folder in self._made:
            with contextlib.suppress(OSError):
                store_of(folder).drop_empty(folder)
        STOPPING.forget(self._stopping)

    def __enter__(self) -> "Trial":
        with contextlib.suppress(OSError):  # what is wrong is told of what is written
            store_of(self.path).make_private(self.path)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.remove()
