"""Pages made again from what a run left, and written beside its labels or somewhere else."""

from collections.abc import Mapping, Sequence

from beam_deid.pipelines.report.papers import pages
from beam_deid.pipelines.report.reading import read_evidence
from beam_deid.transforms.errors import UsageError
from beam_deid.transforms.policy.nearest import instead
from beam_deid.transforms.storage.amending import amending
from beam_deid.transforms.storage.files import open_for_readers, unwritable
from beam_deid.transforms.storage.paths import REPORT, absolute, join, shown


def chosen_pages(folder: str, release: str | None, languages: Sequence[str]) -> dict[str, bytes]:
    """Make pages of a run again.

    Args:
        folder: Its output.
        release: The release whose page is wanted; all, and the page that leads to them, if not given.
        languages: The languages that the pages speak.

    Returns:
        The bytes of each page, by its path below the output.

    Raises:
        UsageError: There is no run, no release of this name, or none at all.
        VerificationError: It is not what was published.
    """
    found = read_evidence(folder)
    names = [one.name for one in found]
    if not found:
        raise UsageError("no release is published here any more", shown(absolute(folder)), "run.json tells why")
    if release is not None and release not in names:
        raise UsageError(f"there is no release {release} here", "--release", instead(release, names))
    made = pages(found, languages)
    return made if release is None else {path: made[path] for path in [f"{release}/{REPORT}"]}


def write_beside(folder: str, release: str | None, languages: Sequence[str]) -> dict[str, bytes]:
    """Make pages again, and write them beside the labels of the run, all at once.

    The output is held meanwhile, so that no page comes to stand beside another label than its own.

    Args:
        folder: The output of the run.
        release: See `chosen_pages`; so is the next.
        languages: The languages that the pages speak.

    Returns:
        The bytes of each page, by the path at which it is, as a person knows it.

    Raises:
        OutputError: They cannot be written.
        UsageError: See `chosen_pages`; or a run is writing to this output.
        VerificationError: What lies there is not what was published.
    """
    with amending(folder) as amend:
        made = chosen_pages(folder, release, languages)
        amend.replace(made)
    return {_told(folder, path): content for path, content in made.items()}


def write_into(place: str, made: Mapping[str, bytes]) -> dict[str, bytes]:
    """Write pages into a folder, each whole or not at all.

    Args:
        place: The folder.
        made: The bytes of each page, by its path below the folder.

    Returns:
        The same, by the path at which each is, as a person knows it.

    Raises:
        OutputError: One cannot be written.
    """
    for path, content in made.items():
        target = join(absolute(place), *path.split("/"))
        try:
            with open_for_readers(target) as stream:
                stream.write(content)
        except OSError as error:
            raise unwritable(error, "the report", target) from None
    return {_told(place, path): content for path, content in made.items()}


def _told(folder: str, path: str) -> str:
    return join(shown(folder), *path.split("/"))
