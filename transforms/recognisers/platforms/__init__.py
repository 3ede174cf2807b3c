"""What platforms' orders look like: ``configs/platforms`` read, and values and columns told by it."""

from beam_deid.transforms.recognisers.platforms.advice import Advice, advise
from beam_deid.transforms.recognisers.platforms.catalogue import (
    Field,
    Platform,
    platform,
    platforms,
    read_platform,
)
from beam_deid.transforms.recognisers.platforms.ciphertext import parse
from beam_deid.transforms.recognisers.platforms.linkable import linkable_shapes
from beam_deid.transforms.recognisers.platforms.tables import ColumnFound, TableFound, recognise

__all__ = [
    "Advice",
    "ColumnFound",
    "Field",
    "Platform",
    "TableFound",
    "advise",
    "linkable_shapes",
    "parse",
    "platform",
    "platforms",
    "read_platform",
    "recognise",
]
