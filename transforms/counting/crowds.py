"""Who has what, and how many have it, over all buckets; also where very many have the same, or one has very many things.

Pairs of a value and its holder are brought to buckets by both, so that neither a value of all holders nor a holder of all
values fills one of them. There each pair counts once, and what is added up for a value is a number from each bucket.
"""

import numpy as np

from beam_deid.transforms.risk.belongings import Belongings, Crowds
from beam_deid.transforms.run.layout import Column
from beam_deid.transforms.run.stages import COUNT, Out, Stages, Stream, Streams

VALUE = Column("value of a pair")
HOLDER = Column("holder of a pair")
_HOLDERS = Column("holders")


def put_pairs(stream: str, pairs: Belongings, out: Out) -> None:
    """Set pairs aside by their holders, without their records."""
    out.put(stream, pairs.holders, {VALUE: pairs.values, HOLDER: pairs.holders})


def keep_pairs(stream: str, bucket: int, pairs: Belongings, out: Out) -> None:
    """Set pairs aside in a bucket, without their records."""
    where = np.full(len(pairs.values), bucket, np.uint16)
    out.put_into(stream, where, {VALUE: pairs.values, HOLDER: pairs.holders})


def read_pairs(stream: Stream, bucket: int) -> Belongings:
    """Read what `put_pairs` or `keep_pairs` set aside; of every pair as if it was one record."""
    columns = stream.read(bucket, (VALUE, HOLDER))
    return Belongings(columns[VALUE], columns[HOLDER], np.ones(len(columns[VALUE]), np.int64))


def put_counted_pairs(stream: str, pairs: Belongings, out: Out) -> None:
    """Set pairs aside with their records, so that they are spread evenly and all records of a pair meet."""
    out.put(stream, pairs.keys, {VALUE: pairs.values, HOLDER: pairs.holders, COUNT: pairs.records})


def read_counted_pairs(stream: Stream, bucket: int) -> Belongings:
    """Read what `put_counted_pairs` set aside, each pair once."""
    columns = stream.read(bucket, (VALUE, HOLDER, COUNT))
    return Belongings.of(columns[VALUE], columns[HOLDER], columns[COUNT])


def put_crowds(stream: str, crowds: Crowds, out: Out) -> None:
    """Set aside how many holders values have in a bucket of pairs."""
    columns = {VALUE: crowds.values, HOLDER: crowds.somebody, _HOLDERS: crowds.holders.view(np.uint64)}
    out.put(stream, crowds.values, {**columns, COUNT: crowds.records})


def read_crowds(stream: Stream, bucket: int) -> Crowds:
    """Read what `put_crowds` set aside in all buckets: how many holders values have."""
    columns = stream.read(bucket, (VALUE, HOLDER, _HOLDERS, COUNT))
    return Crowds.merge([Crowds(columns[VALUE], columns[HOLDER], columns[_HOLDERS].view(np.int64), columns[COUNT])])


def stream_of(streams: Streams, name: str, stages: Stages) -> Stream:
    """A stream of those that a stage set aside; nothing is in it where no task put anything there."""
    return streams.get(name, Stream(stages.buckets))
