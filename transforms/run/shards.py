"""Files to shards: list them, check their columns against the policy, cut them."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace

import pyarrow as pa

from beam_deid.transforms.errors import PolicyError, UsageError
from beam_deid.transforms.formats import format_of
from beam_deid.transforms.formats.compression import without_compression
from beam_deid.transforms.formats.format import Shard
from beam_deid.transforms.formats.json_rows import LIST
from beam_deid.transforms.policy.columns import check_columns
from beam_deid.transforms.policy.model import Policy
from beam_deid.transforms.policy.reader import policy_sha256
from beam_deid.transforms.run.job import SHARD_ROWS, Job
from beam_deid.transforms.storage.files import InputFile, match
from beam_deid.transforms.storage.journal import sha256_of
from beam_deid.transforms.storage.paths import name_of, shown

_LEAST_BYTES = 2
"""Bytes of a value and its delimiter in a text, at least as a rule."""
_PACKED = 16
"""How many times larger a file may be once it is unpacked, as a rule."""


@dataclass(frozen=True)
class Prepared:
    """A run that may begin: its job and its shards, in the order of their parts."""

    job: Job
    shards: tuple[Shard, ...]

    @property
    def rows(self) -> int | None:
        """Records in all shards, or None where a format does not tell."""
        return None if any(s.rows is None for s in self.shards) else sum(s.rows or 0 for s in self.shards)

    @property
    def most_rows(self) -> int:
        """Records in all shards, as known without reading: where a format does not tell, as many as so many bytes may hold."""
        least = _LEAST_BYTES * len(self.job.policy.fields)
        return sum(_bytes_of(shard) // least if shard.rows is None else shard.rows for shard in self.shards)


def prepare(policy: Policy, inputs: Sequence[str], releases: Sequence[str] = ()) -> Prepared:
    """Check an input against the policy and cut it into shards; reads no more than heads and footers.

    Args:
        policy: The policy.
        inputs: Globs.
        releases: Names of the releases to make; all if none is given.

    Raises:
        UsageError: No file matches, or there is no such release.
        PolicyError: The columns of a file are not those that the policy classifies, or two files differ in type.
        InputError: A file cannot be read.
    """
    unknown = [name for name in releases if name not in policy.releases]
    if unknown:
        known = ", ".join(policy.releases)
        raise UsageError(f"the policy has no release {unknown[0]}", "--release", f"It has: {known}")
    matched = match(inputs)
    schemas = {file.path: format_of(file.path, policy.input).schema(file.path, policy.input) for file in matched}
    lists = {shown(path): [one.name for one in schema if one.metadata == LIST] for path, schema in schemas.items()}
    check_columns(policy, {shown(path): schema.names for path, schema in schemas.items()}, lists)
    types = _types(policy, schemas)
    shards: list[Shard] = []
    for file in matched:
        cut = format_of(file.path, policy.input).shards(file.path, file.size, policy.input, SHARD_ROWS)
        shards += [
            replace(shard, index=len(shards) + i, modified=file.modified, told=file.told) for i, shard in enumerate(cut)
        ]
    sha256 = policy_sha256(policy)
    names = tuple(name for name in policy.releases if not releases or name in releases)
    job = Job(
        policy,
        names,
        types,
        _run_id(sha256, names, shards),
        sha256,
        len(shards),
        files=len(matched),
        equal_files=_equal(matched),
    )
    return Prepared(job, tuple(shards))


def _bytes_of(shard: Shard) -> int:
    """The bytes of a file, once it is unpacked: rather too many than too few."""
    packed = without_compression(shard.path) != shown(shard.path)
    return shard.size * _PACKED if packed else shard.size


def _equal(matched: Sequence[InputFile]) -> int:
    """How many files are the same, byte by byte, as one before."""
    by_size: dict[int, list[InputFile]] = {}
    for file in matched:
        by_size.setdefault(file.size, []).append(file)
    several = [same for same in by_size.values() if len(same) > 1]
    return sum(len(same) - len({sha256_of(file.path) for file in same}) for same in several)


def _types(policy: Policy, schemas: dict[str, pa.Schema]) -> dict[str, pa.DataType]:
    types: dict[str, pa.DataType] = {}
    problems = []
    for path, schema in schemas.items():
        for name in schema.names:
            given = types.setdefault(name, schema.field(name).type)
            if given != schema.field(name).type and policy.kind(name) is None:
                problems.append(
                    f"{shown(path)}: {name}: this file has another type than the first; give the field a kind"
                )
    if problems:
        raise PolicyError.from_problems(problems)
    return types


def _run_id(policy: str, releases: tuple[str, ...], shards: list[Shard]) -> str:
    # A run is named by what it is made of, so that the same run gives the same bytes. Paths do not count.
    facts = [(name_of(shard.path), shard.size, shard.row_groups) for shard in shards]
    return hashlib.sha256(json.dumps([policy, releases, facts]).encode()).hexdigest()[:16]
