"""A file of corrected records, as the workers of a run are told of it."""

from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow as pa

from beam_deid.transforms.formats.format import Shard

OPTION = "--corrections"


@dataclass(frozen=True)
class CorrectionsFile:
    """Corrected records, as workers are told of them: where they are, and what the file was when the run began.

    Attributes:
        path: The file.
        told: Its name, for messages.
        size: Bytes.
        sha256: Hash of its bytes, in hex.
        shards: Its shards.
        types: Type of each of its columns where it has types of its own.
    """

    path: str
    told: str
    size: int
    sha256: str
    shards: tuple[Shard, ...]
    types: Mapping[str, pa.DataType]
