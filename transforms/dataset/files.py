"""The files of a dataset: which columns they have, and which of these a file may lack."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import pyarrow as pa

from beam_deid.transforms.dataset.reading import OrderIn, batches, dataset_files, shards, types_of
from beam_deid.transforms.errors import UsageError
from beam_deid.transforms.formats import format_of
from beam_deid.transforms.formats.format import Shard
from beam_deid.transforms.formats.ignoring import Ignored
from beam_deid.transforms.formats.input_options import InputOptions
from beam_deid.transforms.names import NAMES
from beam_deid.transforms.storage.files import InputFile
from beam_deid.transforms.storage.paths import shown

Types = dict[str, pa.DataType]
"""The type of each column."""

_APART = "Assess it by itself, or name a policy that says optional: true at the field or has the column in input.ignore"


@dataclass(frozen=True)
class DatasetFiles:
    """Files with the same columns.

    Attributes:
        files: The files.
        options: How they are written.
        types: Type of each column in all of them.
        lacks: The columns that a file lacks, which are null in it, by the file's path.
        order_in: How values that say a row's order are spelt where they are compared, as a run of the policy does; see `batches`.
    """

    files: tuple[InputFile, ...]
    options: InputOptions
    types: Types
    lacks: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    order_in: OrderIn | None = None

    def shards(self) -> list[Shard]:
        """The shards of all files."""
        return [
            replace(shard, lacks=self.lacks.get(file.path, ()))
            for file in self.files
            for shard in shards(file, self.options)
        ]

    def batches(self, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """All records, with some columns."""
        for shard in self.shards():
            yield from self.read(shard, columns)

    def read(self, shard: Shard, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """The records of one shard, with some columns.

        Raises:
            InputError: It cannot be read, or a row of it.
        """
        return batches(shard, self.options, columns, self.types, self.order_in)

    def rows(self) -> int:
        """Number of records, as far as files say; of those that do not, none is counted."""
        return sum(shard.rows or 0 for shard in self.shards())


def open_dataset(
    inputs: Sequence[str],
    options: InputOptions,
    needed: Collection[str],
    optional: Collection[str] = (),
    order_in: OrderIn | None = None,
) -> DatasetFiles:
    """Find the files of a dataset and read which columns they have, but for those that are passed over.

    Args:
        inputs: Globs.
        options: How the files are written, and which columns are passed over.
        needed: Columns that must be there.
        optional: Columns that a file may lack, or all of them.
        order_in: How values that say a row's order are spelt where they are compared; by default as they are written.

    Raises:
        UsageError: No file matches, a column is not there, or the files' columns differ.
        InputError: A file cannot be read.
    """
    files = dataset_files(inputs)
    if not files:
        raise UsageError("no file matches this input", inputs[0], "Check the path; quote globs in a shell")
    heads = {file.path: _columns(file, options) for file in files}
    there = {name for given in heads.values() for name in given}
    spare = {name for name in optional if name in there or name in needed}
    lacks: dict[str, tuple[str, ...]] = {}
    types: Types = {}
    for path, given in heads.items():
        lacks[path] = tuple(name for name in optional if name in spare and name not in given)
        own = given | {name: pa.null() for name in lacks[path]}
        _check_needed(path, own, needed)
        types = _merged(path, types, own)
    return DatasetFiles(tuple(files), options, types, lacks, order_in)


def _columns(file: InputFile, options: InputOptions) -> Types:
    given = types_of(format_of(file.path, options, file.partitions).schema(file.path, options))
    NAMES.add(given)
    return {name: given[name] for name in Ignored(options.ignore).without(given)}


def _check_needed(path: str, given: Types, needed: Collection[str]) -> None:
    missing = [name for name in needed if name not in given]
    if missing:
        raise UsageError(f"there is no column {missing[0]}", shown(path), f"It has: {', '.join(given)}")


def _merged(path: str, types: Types, given: Types) -> Types:
    """The types of the columns of all files so far, where a column of nothing but nulls may be of any.

    Raises:
        UsageError: A file's columns are not those of the files before.
    """
    if not types:
        return dict(given)
    what = "its columns are not those of the first file"
    for name in types:
        if name not in given:
            raise UsageError(f"{what}: it lacks {name}", shown(path), _APART)
    for name in given:
        if name not in types:
            raise UsageError(f"{what}: they lack {name}", shown(path), _APART)
    both = {name: given[name] if pa.types.is_null(kind) else kind for name, kind in types.items()}
    for name, kind in given.items():
        if not pa.types.is_null(kind) and kind != both[name]:
            raise UsageError(
                f"{name} is {kind} in this file, and {both[name]} in the first", shown(path), "Assess it by itself"
            )
    return both
