"""Which files a run has read, for ``run.json`` and the register."""

import apache_beam as beam

from beam_deid.transforms.publish.run_outcome import InputFacts
from beam_deid.transforms.run.shards import Prepared
from beam_deid.transforms.run.workers import guarded
from beam_deid.transforms.storage.journal import sha256_of
from beam_deid.transforms.storage.paths import name_of, shown


class HashInputs(beam.PTransform):
    """The begin of a pipeline → an `InputFacts` for each input file.

    Args:
        prepared: The run.
    """

    def __init__(self, prepared: Prepared) -> None:
        super().__init__()
        self._files = _files(prepared)

    def expand(self, begin: beam.pvalue.PBegin) -> beam.PCollection[InputFacts]:
        """Spread the files and read each."""
        files = begin | "Files" >> beam.Create(self._files, reshuffle=False) | "Spread" >> beam.Reshuffle()
        return files | "Hash" >> beam.Map(_hashed).with_output_types(InputFacts)


def input_facts(prepared: Prepared) -> list[InputFacts]:
    """The input files of a table that no pipeline reads, because others only refer to it.

    Raises:
        InputError: One cannot be read.
    """
    return [_hashed(file) for file in _files(prepared)]


def _files(prepared: Prepared) -> list[tuple[str, str, int]]:
    """Path, name and size of each input file."""
    corrections = () if prepared.job.corrections is None else prepared.job.corrections.shards
    shards = (*prepared.shards, *corrections)
    files = {shard.path: (name_of(shard.told or shown(shard.path)), shard.size) for shard in shards}
    return [(path, *facts) for path, facts in files.items()]


def _hashed(file: tuple[str, str, int]) -> InputFacts:
    path, name, size = file
    return InputFacts(name, size, guarded("hashing", sha256_of, path))
