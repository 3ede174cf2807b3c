"""A published run changed in its place: manifests, and the files that they name, replaced by others or removed, all or none."""

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256

from beam_deid.transforms.errors import OutputError
from beam_deid.transforms.storage.files import write_all
from beam_deid.transforms.storage.hidden import hidden_folder, hidden_folders, place_of
from beam_deid.transforms.storage.journal import Journal, Moved, Superseded, at_once, check, failed, published
from beam_deid.transforms.storage.lease import Lease
from beam_deid.transforms.storage.owners import new_name
from beam_deid.transforms.storage.paths import join, shown
from beam_deid.transforms.storage.stopping import STOPPING
from beam_deid.transforms.storage.sweeping import finish, sweep_held, waiting


class Amending:
    """An output that this process holds, to change what is published there; see `amending`.

    Args:
        place: The output, absolute.
        folder: A hidden folder of the output, for its owner alone.
        lease: What holds it.

    Attributes:
        folder: The same, for files that are to be published; whatever else is in it goes.
        is_begun: Whether a change was begun that did not come to its end, so that others finish it.
    """

    def __init__(self, place: str, folder: str, lease: Lease) -> None:
        self.folder = folder
        self.is_begun = False
        self._place = place
        self._lease = lease

    def replace(self, manifests: Mapping[str, bytes], files: Sequence[Moved] = (), removed: Sequence[str] = ()) -> None:
        """Replace manifests and files, and remove others. No older version is left of what files replace, or of what is removed.

        Args:
            manifests: The bytes of each manifest by its path below the output.
            files: Other files, which wait in `folder`.
            removed: Paths below the output of files that go.

        Raises:
            OutputError: A file is not what was written. Nothing was done.
            OSError: The store fails. What was written down will be finished.
        """
        written = [self._written(path, data) for path, data in manifests.items()]
        at_once(lambda one: check(one, join(self.folder, one.source)), [*written, *files])
        gone = tuple(one.target for one in files) + tuple(removed)
        journal = Journal((*files, *written), tuple(removed), published(self._place), gone)
        self._lease.confirm()
        with STOPPING.whole():
            self.is_begun = True
            self._lease.hand_over()
            journal.write(self.folder)
            finish(self.folder, journal, self._place, self._lease)
            self.is_begun = False

    def _written(self, path: str, data: bytes) -> Moved:
        write_all(join(self.folder, *path.split("/")), data)
        return Moved(path, path, len(data), sha256(data).hexdigest())


@contextlib.contextmanager
def amending(output: str) -> Iterator[Amending]:
    """Hold an output while what is published there is read, decided anew, and replaced.

    Once it was written down what is to be replaced, it will be.

    Args:
        output: The output folder.

    Yields:
        What replaces it.

    Raises:
        OutputError: It cannot be written.
        UsageError: A run is writing to this output, or nothing can be written here.
    """
    place = place_of(output)
    folder = hidden_folder(place, new_name())
    lease = Lease(folder, lambda: hidden_folders(place), place)
    held = Amending(place, folder, lease)
    try:
        lease.take()
        sweep_held(lease, place, keep=tuple(waiting(place)))
        yield held
    except Superseded:
        held.is_begun = False
        raise OutputError("another run took this output over meanwhile", shown(output), "Run again") from None
    except OSError as error:
        raise failed(error, output) from None
    finally:
        if held.is_begun:
            lease.release()
        else:
            lease.give_back()
