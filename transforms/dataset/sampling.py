"""A sample of any input, always the same for the same files: the first rows of evenly chosen shards."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from beam_deid.transforms.columns.canonical_text import canonical_text
from beam_deid.transforms.columns.distinct import plain
from beam_deid.transforms.dataset.reading import dataset_files, plain_types, shards
from beam_deid.transforms.drafting.sample import Sample
from beam_deid.transforms.errors import UsageError
from beam_deid.transforms.formats import format_of
from beam_deid.transforms.formats.format import InputOptions, Shard
from beam_deid.transforms.formats.json_rows import LIST
from beam_deid.transforms.run.progress import PROGRESS

_SHARDS = 32
_BATCH_ROWS = 1 << 15


def take_sample(inputs: Sequence[str], options: InputOptions, most: int) -> Sample:
    """Read a sample.

    All files are cut into shards (a whole file, or Parquet row groups of some 262,144 rows together). At most 32 of them are
    chosen, evenly from the first to the last, and the first rows of each are read, in equal parts of ``most``.

    Args:
        inputs: Globs.
        options: How the files are written.
        most: Most rows.

    Raises:
        UsageError: No file matches, or the files' columns differ.
        InputError: A file cannot be read, or no row of it.
    """
    PROGRESS.start("sampling")
    files = dataset_files(inputs)
    if not files:
        raise UsageError("no file matches this input", inputs[0], "Check the path; quote globs in a shell")
    types: dict[str, pa.DataType] = {}
    lists: set[str] = set()
    mixed: set[str] = set()
    cut: list[Shard] = []
    for file in files:
        schema = format_of(file.path, options).schema(file.path, options)
        given = plain_types(schema)
        types = types or given
        if set(given) != set(types):
            name = min(set(given) ^ set(types))
            raise UsageError(f"its columns are not those of the first file: {name}", file.path, "Profile it by itself")
        lists.update(one.name for one in schema if one.metadata == LIST)
        mixed.update(name for name in given if given[name] != types[name])
        cut += shards(file, options)
    chosen = (
        [cut[i] for i in np.unique(np.linspace(0, len(cut) - 1, min(len(cut), _SHARDS)).astype(int))] if cut else []
    )
    names = [name for name in types if name not in lists]
    pieces: dict[str, list[pa.Array]] = {name: [] for name in names}
    each = -(-most // max(len(chosen), 1))
    read = 0
    unreadable = 0
    whole = len(chosen) == len(cut)
    for shard in chosen:
        left = each
        for chunk in format_of(shard.path, options).read(shard, options, names, min(each + 1, _BATCH_ROWS)):
            batch = chunk.batch.slice(0, left)
            unreadable += len(np.unique(np.concatenate([fault.rows for fault in chunk.faults]))) if chunk.faults else 0
            for name, column in zip(names, batch.columns, strict=True):
                pieces[name].append(canonical_text(column) if name in mixed else plain(column))
            read += batch.num_rows
            PROGRESS.add(batch.num_rows)
            left -= batch.num_rows
            if batch.num_rows < chunk.batch.num_rows:
                whole = False
                break
    columns = {
        name: pa.chunked_array(pieces[name], None if pieces[name] else pa.string()).combine_chunks() for name in names
    }
    columns = {name: plain(column) for name, column in columns.items()}
    return Sample(len(files), tuple(types), columns, read, whole, unreadable)
