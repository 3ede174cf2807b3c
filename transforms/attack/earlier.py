"""The published release of an earlier run as an attacker's table: whoever has both can join them."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from beam_deid.transforms.actions.levelled import Levelled
from beam_deid.transforms.attack.table import Take
from beam_deid.transforms.columns.combining import combine
from beam_deid.transforms.columns.fingerprint import fingerprint
from beam_deid.transforms.errors import InputError
from beam_deid.transforms.formats import FORMATS, format_of_part
from beam_deid.transforms.formats.format import Chunk, Format
from beam_deid.transforms.formats.input_options import InputOptions
from beam_deid.transforms.label.reading import read_manifest
from beam_deid.transforms.policy.roles import recoverability
from beam_deid.transforms.risk.probes import Probes
from beam_deid.transforms.run.job import BATCH_ROWS, SHARD_ROWS, Job
from beam_deid.transforms.run.layout import Layout
from beam_deid.transforms.storage.files import store_of
from beam_deid.transforms.storage.paths import join, name_of, shown
from beam_deid.transforms.terms import Recoverability

_UNREADABLE = "is missing or cannot be read"


def earlier_probes(
    job: Job, layout: Layout, folder: str, fields: Sequence[str], levels: Mapping[str, int]
) -> tuple[Probes | None, str]:
    """Read an earlier release as one side of a join: see `read_earlier`.

    Returns:
        The side; or None, and why it cannot be compared.
    """
    parts: list[Probes] = []
    problem = read_earlier(job, layout, folder, fields, levels, parts.append)
    return (None, problem) if problem else (Probes.side_by_side(parts, 0, named=False), "")


def read_earlier(
    job: Job, layout: Layout, folder: str, fields: Sequence[str], levels: Mapping[str, int], take: Take
) -> str:
    """Read an earlier release some rows at a time, each of its records a person.

    Its values are taken as they were released. A field that was released otherwise then, or at another level, cannot be
    compared, and leaving it out would find too little; then nothing is joined.

    Args:
        job: The run, with its key of fingerprints.
        layout: The release that is attacked.
        folder: Folder of the earlier release, with its ``label.json``.
        fields: What is joined on.
        levels: The decided levels of the release that is attacked.
        take: Takes the rows.

    Returns:
        Why it cannot be compared, whatever was taken of it; empty if it can. A release that is gone or cannot be read is not
        compared either: others may have a copy of it.
    """
    label, problem = read_manifest(join(folder, "label.json"))
    if label is None:
        return _gone(folder, problem)
    if not _is_comparable(label):
        return _gone(folder, "its label.json is that of no release")
    problem = _difference(job, layout.release, label, fields, levels)
    return problem or _read_parts(job, folder, _parts(label), fields, take)


def _difference(
    job: Job, release: str, label: Mapping[str, Any], fields: Sequence[str], levels: Mapping[str, int]
) -> str:
    """Why the fields that are joined on cannot be compared with those of the earlier release; empty if they can."""
    missing = ", ".join(name for name in fields if name not in label["fields"])
    if missing:
        return f"the earlier release does not give out {missing}; name the shared fields in knows"
    if label["search"].get("rounds"):
        return "records of the earlier release have levels of their own (search.rounds), so the two cannot be compared"
    for name in fields:
        if recoverability(job.policy, release, name) is Recoverability.KEY_DESTROYED:
            return f"{name} has other pseudonyms in every run, so the two releases cannot be compared on it"
        if _form(label, name) != form(job, release, name, levels):
            return f"{name} was released otherwise then, so the two releases cannot be compared on it"
    return ""


def _parts(label: Mapping[str, Any]) -> list[str]:
    """The names of the earlier release's parts, in order."""
    return sorted({name_of(str(file["path"])) for file in label["files"]})


def _read_parts(job: Job, folder: str, parts: Sequence[str], fields: Sequence[str], take: Take) -> str:
    """Read the parts; why they cannot be read, if they cannot."""
    for part in parts:
        kind = format_of_part(part)
        if kind is None or not kind.describes:
            known = " or ".join(one.name.capitalize() for one in FORMATS if one.describes)
            return f"the earlier release is not in {known}, so its values have lost their types"
        problem = _read_part(job, kind, join(folder, part), fields, take)
        if problem:
            return _gone(folder, f"its part {part} {problem}")
    return ""


def _rows(job: Job, chunk: Chunk, fields: Sequence[str]) -> Probes:
    known = [fingerprint(chunk.batch.column(name), job.prints) for name in fields]
    keys = combine(known, len(chunk.rows))
    near = np.empty((len(keys), 0))
    return Probes(np.arange(len(keys)), keys, near, near, np.ones(len(keys), np.int64), None)


def _read_part(job: Job, kind: Format, path: str, fields: Sequence[str], take: Take) -> str:
    """Read the fields of a part; what is wrong with it, if anything is."""
    options = InputOptions(footer=0)  # a part has none
    try:
        if not set(fields) <= set(kind.schema(path, options).names):
            return "lacks a field that its label names"
        found = store_of(path).entry(path)
        for shard in kind.shards(path, found.size if found else 0, options, SHARD_ROWS):
            for chunk in kind.read(shard, options, fields, BATCH_ROWS):
                if chunk.faults:
                    return _UNREADABLE
                take(_rows(job, chunk, fields))
    except (InputError, OSError, pa.ArrowException):
        return _UNREADABLE
    return ""


def form(job: Job, release: str, name: str, levels: Mapping[str, int]) -> tuple[str, str | None]:
    """How a release gives a field out: its action in a sentence, and the name of its decided level."""
    action = job.policy.releases[release].fields[name]
    level = action.level_name(levels[name]) if isinstance(action, Levelled) and name in levels else None
    return action.sentence(job.policy.target(release, name)), level


def _is_comparable(label: Mapping[str, Any]) -> bool:
    """Whether a label says of each field how it was released, and which files there are."""
    fields, search, listed = (label.get(key) for key in ("fields", "search", "files"))
    if not (isinstance(fields, dict) and isinstance(search, dict) and isinstance(listed, list)):
        return False
    told = all(isinstance(facts, dict) and isinstance(facts.get("sentence"), str) for facts in fields.values())
    return (
        told
        and isinstance(search.get("levels"), dict)
        and all(isinstance(file, dict) and "path" in file for file in listed)
    )


def _gone(folder: str, problem: str) -> str:
    return (
        f"the earlier release in {shown(folder)} cannot be read ({problem}), so what it tells was not tested; "
        "put the release back, name the folder that holds its label.json and parts, or take the attacker out of the policy"
    )


def _form(label: Mapping[str, Any], name: str) -> tuple[str, str | None]:
    return label["fields"][name]["sentence"], label["search"]["levels"].get(name)
