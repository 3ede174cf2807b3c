"""Manifests of a published run replaced by others, all or none."""

import contextlib
from collections.abc import Callable, Iterator, Mapping
from hashlib import sha256

from beam_deid.transforms.errors import OutputError
from beam_deid.transforms.storage.files import write_all
from beam_deid.transforms.storage.hidden import hidden_folder, hidden_folders, place_of
from beam_deid.transforms.storage.journal import Journal, Moved, Superseded, check, failed, published
from beam_deid.transforms.storage.lease import Lease
from beam_deid.transforms.storage.owners import new_name
from beam_deid.transforms.storage.paths import join, shown
from beam_deid.transforms.storage.stopping import STOPPING
from beam_deid.transforms.storage.sweeping import finish, sweep_held, waiting

Amend = Callable[[Mapping[str, bytes]], None]
"""Replaces manifests: takes the bytes of each by its path below the output."""


@contextlib.contextmanager
def amending(output: str) -> Iterator[Amend]:
    """Hold an output while manifests of it are read, decided anew, and replaced.

    Once it was written down that they are to be replaced, they will be.

    Args:
        output: The output folder.

    Yields:
        What replaces them.

    Raises:
        OutputError: They cannot be written.
        UsageError: A run is writing to this output, or nothing can be written here.
    """
    place = place_of(output)
    folder = hidden_folder(place, new_name())
    lease = Lease(folder, lambda: hidden_folders(place), place)
    begun = False

    def amend(manifests: Mapping[str, bytes]) -> None:
        nonlocal begun
        files = []
        for path, data in manifests.items():
            write_all(join(folder, *path.split("/")), data)
            files.append(Moved(path, path, len(data), sha256(data).hexdigest()))
            check(files[-1], join(folder, path))
        journal = Journal(tuple(files), replaces=published(place))
        lease.confirm()
        with STOPPING.whole():
            begun = True
            lease.hand_over()
            journal.write(folder)
            finish(folder, journal, place, lease)
            begun = False

    try:
        lease.take()
        sweep_held(lease, place, keep=tuple(waiting(place)))
        yield amend
    except Superseded:
        begun = False
        raise OutputError("another run took this output over meanwhile", shown(output), "Run again") from None
    except OSError as error:
        raise failed(error, output) from None
    finally:
        if begun:
            lease.release()
        else:
            lease.give_back()
