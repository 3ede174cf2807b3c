"""Papers of a published run replaced by others, all or none."""

from collections.abc import Mapping
from hashlib import sha256

from beam_deid.transforms.storage.files import write_all
from beam_deid.transforms.storage.hidden import hidden_folder, hidden_folders
from beam_deid.transforms.storage.journal import Journal, Moved, check_bytes, failed
from beam_deid.transforms.storage.lease import Lease, new_name
from beam_deid.transforms.storage.paths import absolute, join
from beam_deid.transforms.storage.sweeping import finish


def amend(output: str, papers: Mapping[str, bytes]) -> None:
    """Replace papers of a published run. Once it was written down that they are to be replaced, they will be.

    Args:
        output: The output folder.
        papers: The bytes of each paper by its path below the output.

    Raises:
        OutputError: They cannot be written.
        UsageError: Another run is writing to this output.
    """
    whole = absolute(output)
    folder = hidden_folder(whole, new_name())
    lease = Lease(folder, lambda: hidden_folders(whole), whole)
    lease.take()
    begun = False
    try:
        files = []
        for path, data in papers.items():
            write_all(join(folder, *path.split("/")), data)
            check_bytes(data, join(folder, *path.split("/")))
            files.append(Moved(path, path, len(data), sha256(data).hexdigest()))
        journal = Journal(tuple(files))
        lease.confirm()
        begun = True
        journal.write(folder)
        finish(folder, journal, whole)
        begun = False
    except OSError as error:
        raise failed(error, output) from None
    finally:
        if begun:
            lease.release()
        else:
            lease.give_back()
