"""Small runs beside what was given out before of some of the same records, whatever its label was."""

from dataclasses import replace
from pathlib import Path

from beam_deid.transforms.candidate.released_data import ReleasedData
from beam_deid.transforms.decide.choosing import choose
from beam_deid.transforms.decide.deciding import records_of
from beam_deid.transforms.decide.remembering import remember_release
from beam_deid.transforms.measure.cells import Cells
from beam_deid.transforms.measure.measured import ReleaseMeasured
from beam_deid.transforms.register.document import Table
from beam_deid.transforms.register.names import table_path
from beam_deid.transforms.register.reference import Reference

from ..kit.deciding import measured
from ..kit.registered import entry as made_entry


def reference(folder, entries=()):
    """A register in a folder."""
    return Reference(f"{folder}/register", "r" * 16, None, 1, "c0ffee", tuple(entries))


def registering(policy, table, folder, entries=()):
    """A run with a register, and what its first read finds."""
    return measured(policy, table, register=reference(folder, entries))


def given_out(policy, table, folder, number, before=()):
    """The registered releases of a run, as if they had been anonymized and given out."""
    job, found = registering(policy, table, folder)
    made = []
    for names in job.tables:
        cells = Cells(job, records_of(job, names, found))
        for name in names:
            one = choose(ReleasedData(job, job.layouts[name], found.releases.get(name, ReleaseMeasured()), cells))
            kept = remember_release(one, str(folder))
            made.append(_entry(job, name, f"{name}.{number}", kept, before, folder))
    return made


def _entry(job, name, called, kept, before, folder):
    spec = job.policy.releases[name]
    file = kept.file
    path = Path(table_path(f"{folder}/register", Path(file.path).name))
    path.parent.mkdir(exist_ok=True)
    Path(folder, file.path).rename(path)
    return replace(
        made_entry(called),
        sharing=str(spec.sharing),
        record=kept.record,
        identities=kept.identities,
        roles={field: tuple(map(str, job.policy.fields[field].role)) for field in job.layouts[name].fields},
        k=spec.k,
        l=kept.l,
        together=tuple(one.name for one in before),
        table=Table(path.name, file.rows, file.size, file.sha256),
    )
