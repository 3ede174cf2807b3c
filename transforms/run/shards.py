"""Files to shards: list them, check their columns against the policy, cut them."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from beam_deid.transforms.clock import present
from beam_deid.transforms.consent.ledger import ledger_files, person_field
from beam_deid.transforms.errors import UsageError
from beam_deid.transforms.formats import format_of
from beam_deid.transforms.formats.compression import without_compression
from beam_deid.transforms.formats.format import Shard
from beam_deid.transforms.formats.json_rows import LIST
from beam_deid.transforms.policy.columns import check_columns
from beam_deid.transforms.policy.model import Policy
from beam_deid.transforms.policy.nearest import instead
from beam_deid.transforms.policy.reader import policy_sha256
from beam_deid.transforms.run.heads import Found, Heads, found_in, no_row, read_heads, types_of
from beam_deid.transforms.run.job import SHARD_ROWS, Job
from beam_deid.transforms.storage.files import InputFile, find
from beam_deid.transforms.storage.journal import sha256_of
from beam_deid.transforms.storage.paths import name_of, shown

Ledger = tuple[str, int, str]
"""A file of a ledger of consent: the release, the time at which it is asked, in microseconds since 1970, and its hash."""

_LEAST_BYTES = 2
"""Bytes of a value and its delimiter in a text, at least as a rule."""
_PACKED = 16
"""How many times larger a file may be once it is unpacked, as a rule."""


@dataclass(frozen=True)
class Prepared:
    """A run that may begin.

    Attributes:
        job: What every worker is told.
        shards: Its shards, in the order of their parts.
        found: How its files differ from each other, and what of them is not read.
        passed_over: A line on what was passed over for each reason, for a person.
    """

    job: Job
    shards: tuple[Shard, ...]
    found: Found = field(default_factory=Found)
    passed_over: tuple[str, ...] = ()

    @property
    def rows(self) -> int | None:
        """Records in all shards, or None where a format does not tell."""
        return None if any(s.rows is None for s in self.shards) else sum(s.rows or 0 for s in self.shards)

    @property
    def most_rows(self) -> int:
        """Records in all shards, as known without reading: where a format does not tell, as many as so many bytes may hold."""
        least = _LEAST_BYTES * len(self.job.policy.fields)
        return sum(_unpacked(shard) // least if shard.rows is None else shard.rows for shard in self.shards)


def prepare(policy: Policy, inputs: Sequence[str], releases: Sequence[str] = (), as_of: int | None = None) -> Prepared:
    """Check an input against the policy and cut it into shards; reads no more than heads and footers.

    Args:
        policy: The policy.
        inputs: Globs.
        releases: Names of the releases to make; all if none is given.
        as_of: The time at which consent must be valid, in microseconds since 1970; the policy's, or now, if not given.

    Raises:
        UsageError: No file matches, or there is no such release.
        PolicyError: The columns of a file are not those that the policy classifies, or two files differ in type.
        InputError: A file cannot be read, or there is no row in any.
    """
    unknown = [name for name in releases if name not in policy.releases]
    if unknown:
        advice = instead(unknown[0], policy.releases)
        raise UsageError(f"the policy has no release {unknown[0]}", "--release", advice)
    listed = find(inputs)
    heads = read_heads(policy, listed.files)
    lists = {head.told: [one.name for one in head.schema if one.metadata == LIST] for head in heads.files}
    check_columns(policy, {head.told: head.schema.names for head in heads.files}, lists)
    types = types_of(policy, heads)
    shards = _cut(policy, heads)
    sha256 = policy_sha256(policy)
    names = tuple(name for name in policy.releases if not releases or name in releases)
    found = found_in(policy, heads, shards)
    job = Job(
        policy,
        names,
        types,
        "",
        sha256,
        len(shards),
        files=len(heads.files),
        equal_files=_equal([head.file for head in heads.files]),
        ignored=found.not_read(policy),
        as_of=as_of,
        begun=present(),
    )
    job = replace(job, run=run_id(job, shards, found, ledgers_of(job)))
    return Prepared(job, tuple(shards), found, listed.passed_over)


def ledgers_of(job: Job) -> list[Ledger]:
    """The files of a run's ledgers of consent, as they are now.

    Raises:
        PolicyError: A ledger has no file.
        InputError: A file cannot be read, or lacks a column.
    """
    needing = ((name, job.policy.releases[name].consent) for name in job.releases)
    return [
        (name, job.as_of_for(name), sha256_of(file.path))
        for name, consent in needing
        if consent is not None
        for file in ledger_files(consent, name, person_field(job.policy, consent))
    ]


def _cut(policy: Policy, heads: Heads) -> list[Shard]:
    """The shards of all files, in their order.

    Raises:
        InputError: There are none.
    """
    shards: list[Shard] = []
    for head in heads.files:
        file = head.file
        known = format_of(file.path, policy.input, file.partitions)
        cut = known.shards(file.path, file.size, policy.input, SHARD_ROWS)
        lacks = head.lacks(policy)
        shards += [
            replace(
                shard,
                index=len(shards) + number,
                modified=file.modified,
                told=file.told,
                lacks=lacks,
                partitions=file.partitions,
            )
            for number, shard in enumerate(cut)
        ]
    if not shards:
        raise no_row([head.told for head in heads.files])
    return shards


def _unpacked(shard: Shard) -> int:
    """The bytes of a shard, once it is unpacked: rather too many than too few."""
    if shard.end is not None:
        return shard.end - shard.start
    packed = without_compression(shard.path) != shown(shard.path)
    return shard.size * _PACKED if packed else shard.size


def _equal(matched: Sequence[InputFile]) -> int:
    """How many files are the same, byte by byte, as one before."""
    by_size: dict[tuple[object, ...], list[InputFile]] = {}
    for file in matched:
        by_size.setdefault((file.size, file.partitions), []).append(file)
    several = [same for same in by_size.values() if len(same) > 1]
    return sum(len(same) - len({sha256_of(file.path) for file in same}) for same in several)


def run_id(job: Job, shards: Sequence[Shard], found: Found, ledgers: Sequence[Ledger]) -> str:
    """The id of a run: a function of its policy, its releases, the names and sizes of its files, and its ledgers of consent."""
    # A run is named by what it is made of, so that the same run gives the same bytes. Paths count as far as they are data.
    further: Sequence[Any] = [found.ignored, ledgers] if ledgers else found.ignored
    facts = [
        (name_of(shard.path), shard.size, shard.row_groups, *shard.partitions, *_bytes_of(shard)) for shard in shards
    ]
    made_of = [job.policy_sha256, job.releases, facts, *([further] if further else [])]
    return hashlib.sha256(json.dumps(made_of).encode()).hexdigest()[:16]


def _bytes_of(shard: Shard) -> list[int]:
    """The offsets between which a shard is read, where its file is cut by bytes."""
    return [] if shard.end is None else [shard.start, shard.end]
