"""File formats: one file a format, all of them in `FORMATS`."""

from beam_deid.transforms.errors import UsageError
from beam_deid.transforms.formats.avro import Avro
from beam_deid.transforms.formats.combined import Combined
from beam_deid.transforms.formats.completed import Completed
from beam_deid.transforms.formats.compression import name_inside
from beam_deid.transforms.formats.delimited import Delimited
from beam_deid.transforms.formats.excel import Excel
from beam_deid.transforms.formats.fill_down import Spelling, as_written
from beam_deid.transforms.formats.filled_down import FilledDown
from beam_deid.transforms.formats.format import Format, Shard
from beam_deid.transforms.formats.input_options import InputOptions
from beam_deid.transforms.formats.json_document import JsonDocument
from beam_deid.transforms.formats.json_lines import JsonLines
from beam_deid.transforms.formats.orc import Orc
from beam_deid.transforms.formats.parquet import Parquet
from beam_deid.transforms.formats.partitioned import Partitioned
from beam_deid.transforms.storage.partitions import Partitions
from beam_deid.transforms.storage.paths import shown

FORMATS: tuple[Format, ...] = (Parquet(), Delimited(), Excel(), Avro(), Orc(), JsonLines(), JsonDocument())
"""All formats."""

_BY_NAME = {known.name: known for known in FORMATS}
_BY_SUFFIX = {suffix: known for known in FORMATS for suffix in known.suffixes}


def format_named(name: str) -> Format:
    """The format of that name.

    Raises:
        UsageError: There is none.
    """
    if name not in _BY_NAME:
        raise UsageError("there is no such format", "input.format", f"Known are: {', '.join(_BY_NAME)}")
    return _BY_NAME[name]


def format_of_part(name: str) -> Format | None:
    """The format that a part of a release is written in, by the part's name; None where no release is written so."""
    return next((one for one in FORMATS if one.written and name.endswith(f".{one.name}")), None)


def format_of(path: str, options: InputOptions, partitions: Partitions = ()) -> Format:
    """The format of a file with the columns of its folders, and what the policy makes of its columns: see `plain_format_of`.

    Raises:
        UsageError: The name tells nothing.
    """
    return _with_columns(plain_format_of(path, options), options, partitions)


def format_of_shard(shard: Shard, options: InputOptions, spelt: Spelling = as_written) -> Format:
    """The format of a shard, with the columns that its file lacks or its folders name, and what the policy makes of them.

    Args:
        shard: The shard.
        options: How its file is written.
        spelt: How values of ``fill_down.by`` are spelt where they are compared.
    """
    plain = format_named(shard.format)
    return _with_columns(Completed(plain) if shard.lacks else plain, options, shard.partitions, spelt)


def _with_columns(plain: Format, options: InputOptions, partitions: Partitions, spelt: Spelling = as_written) -> Format:
    """A format that adds the columns of folders, fills columns down, and puts others together of them."""
    own = Partitioned(plain, partitions) if partitions else plain
    filled = FilledDown(own, spelt) if options.fill_down is not None else own
    return Combined(filled) if options.combine else filled


def plain_format_of(path: str, options: InputOptions) -> Format:
    """The format of a file by itself: as the policy says, else by the file's name.

    Raises:
        UsageError: The name tells nothing.
    """
    if options.format is not None:
        return format_named(options.format)
    name = name_inside(path).lower()
    suffix = "." + name.rpartition(".")[2]
    if suffix not in _BY_SUFFIX:
        known = " ".join(_BY_SUFFIX)
        raise UsageError(
            "the file's name does not tell its format",
            shown(path),
            f"Known are {known}; or set input.format in the policy",
        )
    return _BY_SUFFIX[suffix]
