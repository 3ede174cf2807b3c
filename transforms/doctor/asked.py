"""What a worker is asked: small, picklable, and without a key byte."""

import base64
import pickle
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from beam_deid.transforms.policy.canonical import policy_document
from beam_deid.transforms.policy.paths import with_paths
from beam_deid.transforms.run.job import Job
from beam_deid.transforms.run.shards import Prepared

MOST = 16
"""How many files of an input are looked at: rights and paths are most often those of a whole folder."""


@dataclass(frozen=True)
class Asked:
    """What a worker is asked.

    Attributes:
        job: The run, as its workers get it.
        inputs: Files of the input with their sizes in bytes, as this process sees them.
        files: How many files the input has.
        beside: The paths of all else that the policy names and a worker reads, such as hierarchies and attackers' tables.
        folder: Where workers would write, see `place.Trial`.
        challenge: What check values of keys are made with, so that those of two calls cannot be compared.
    """

    job: Job
    inputs: tuple[tuple[str, int], ...]
    files: int
    beside: tuple[str, ...]
    folder: str
    challenge: str

    def to_text(self) -> str:
        """The question as text."""
        return base64.b64encode(pickle.dumps(self)).decode("ascii")


def asked_from(text: str) -> Asked:
    """The question that stands in a text: one of our own, that came with the job that carries it out."""
    asked = pickle.loads(base64.b64decode(text))  # noqa: S301 - what a pipeline brings is trusted as its code is
    assert isinstance(asked, Asked)  # noqa: S101 - ours
    return asked


def asked_of(prepared: Prepared, folder: str, challenge: str) -> Asked:
    """What a worker is asked about a run.

    Args:
        prepared: The run, as its workers get it.
        folder: Where workers would write.
        challenge: Any text that no other call has.
    """
    sizes = {shard.path: shard.size for shard in prepared.shards}
    paths = _spread(sorted(sizes), MOST)
    inputs = tuple((path, sizes[path]) for path in paths)
    return Asked(prepared.job, inputs, len(sizes), tuple(_beside(prepared.job)), folder, challenge)


def _spread(paths: Sequence[str], most: int) -> list[str]:
    """So many of the paths at most, the first and the last among them."""
    if len(paths) <= most:
        return list(paths)
    return [paths[number * (len(paths) - 1) // (most - 1)] for number in range(most)]


def _beside(job: Job) -> Iterator[str]:
    """The paths of a policy that are neither its register nor a key's, each once."""
    found: dict[str, None] = {}

    def note(path: str) -> str:
        found[path] = None
        return path

    document = {name: part for name, part in policy_document(job.policy).items() if name != "register"}
    releases = document["releases"]
    with_paths({**document, "releases": {name: releases[name] for name in job.releases}}, note, lambda path: path)
    return iter(found)
