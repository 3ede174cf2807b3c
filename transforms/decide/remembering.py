"""What the register will remember of a run: fingerprints of the records that it releases, and of all its persons."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

import numpy as np

from beam_deid.transforms.columns.fingerprint import Fingerprints
from beam_deid.transforms.decide.choosing import Chosen
from beam_deid.transforms.decide.decision import Remembered, Written
from beam_deid.transforms.measure.cells import Cells
from beam_deid.transforms.measure.special import BITS, SPECIAL
from beam_deid.transforms.past.views import person_keys
from beam_deid.transforms.policy.scoping import least_values
from beam_deid.transforms.register.document import Entry
from beam_deid.transforms.register.prints import Prints
from beam_deid.transforms.register.tables import write_persons, write_prints
from beam_deid.transforms.run.job import Job
from beam_deid.transforms.run.layout import Layout
from beam_deid.transforms.storage.files import unwritable
from beam_deid.transforms.storage.paths import join
from beam_deid.transforms.treat.part import new_attempt

REMEMBERED = "register"
"""The folder in staging of what the register will take."""


def remember_release(one: Chosen, folder: str) -> Remembered:
    """Write the fingerprints of a release's records as they are released.

    Args:
        one: The release as it was decided.
        folder: The staging folder.

    Raises:
        OutputError: They cannot be written.
    """
    data = one.data
    left = one.recoding.cut.left
    job = data.job
    layout = data.layout
    levels = one.recoding.levels
    cells = np.flatnonzero(left)
    rows = np.repeat(cells, left[cells])
    persons = person_keys(job, data.cells, rows)
    nobody = np.logical_or.reduce([numbers[rows] < 0 for numbers in data.cells.persons.numbers])
    prints = Prints(
        data.cells.column("recorded")[rows],
        persons,
        {name: data.key(name, levels)[rows] for name in layout.fields},
        {name: np.where(nobody, job.prints.null, data.normal_keys(name, levels)[rows]) for name in layout.sensitive},
    )
    return remembered_release(job, layout, tuple(persons), [prints], data.past.entries, folder)


def remembered_release(
    job: Job,
    layout: Layout,
    identities: tuple[str, ...],
    parts: Iterable[Prints],
    together: Sequence[Entry],
    folder: str,
) -> Remembered:
    """Write the fingerprints of a release's records.

    Args:
        job: The run.
        layout: The release.
        identities: The identities by which persons are counted, the subject's first.
        parts: The fingerprints: see `write_prints`.
        together: The registered releases that it was tested with.
        folder: The staging folder.

    Raises:
        OutputError: They cannot be written.
    """
    least = {name: least_values(job.policy, layout.release, name) for name in layout.sensitive}
    file = _written(folder, layout.release, lambda path: write_prints(path, parts))
    return Remembered(file, job.record_rule, identities, least, tuple(entry.name for entry in together))


def remember_persons(job: Job, cells: Cells, folder: str) -> Remembered:
    """Write the fingerprints of all persons of a run.

    Raises:
        OutputError: They cannot be written.
    """
    rows = np.arange(len(cells)) if cells.persons.names else np.arange(0)
    persons = person_keys(job, cells, rows)
    return remembered_persons(job, {name: [keys[keys != job.prints.null]] for name, keys in persons.items()}, folder)


def remember_special(job: Job, cells: Cells, folder: str) -> Remembered | None:
    """Write the fingerprints of the persons of a run whom the law protects more; None where no field tells.

    Raises:
        OutputError: They cannot be written.
    """
    if not job.special:
        return None
    bits = cells.column(*SPECIAL)
    groups = {str(group): [_whose(job, cells, np.flatnonzero(bits & BITS[group]))] for group in job.special}
    return remembered_persons(job, groups, folder, "special")


def _whose(job: Job, cells: Cells, rows: np.ndarray) -> Fingerprints:
    """The subjects of some cells, but for nobody."""
    keys = person_keys(job, cells, rows).get(str(job.policy.subject), np.empty(0, np.uint64))
    somebody: Fingerprints = keys[keys != job.prints.null]
    return somebody


def remembered_persons(
    job: Job, persons: Mapping[str, Iterable[Fingerprints]], folder: str, name: str = "persons"
) -> Remembered:
    """Write the fingerprints of persons.

    Args:
        job: The run.
        persons: By each identity parts of the fingerprints, that of nobody not among them: see `write_persons`.
        folder: The staging folder.
        name: What the file's name begins with.

    Raises:
        OutputError: They cannot be written.
    """
    counts = dict.fromkeys(persons, 0)
    counted = {name: _counted(name, parts, counts) for name, parts in persons.items()}
    file = _written(folder, name, lambda path: write_persons(path, counted))
    return Remembered(file, job.record_rule, tuple(persons), {}, (), counts)


def _counted(name: str, parts: Iterable[Fingerprints], counts: dict[str, int]) -> Iterator[Fingerprints]:
    """The distinct persons of some parts, which are counted on their way."""
    for part in parts:
        found = np.unique(part)
        counts[name] += len(found)
        yield found


def _written(folder: str, name: str, write: Callable[[str], tuple[int, int, str]]) -> Written:
    path = f"{REMEMBERED}/{name}-{new_attempt()}.parquet"  # of this attempt alone, as parts are
    whole = join(folder, *path.split("/"))
    try:
        return Written(path, *write(whole))
    except OSError as error:
        raise unwritable(error, "fingerprints", whole) from None
