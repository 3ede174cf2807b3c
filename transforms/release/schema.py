"""The schema of a release: its fields with their treatment, and its label, as metadata of every file."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from beam_deid.transforms.decide.decision import Orders
from beam_deid.transforms.label.documents import plain
from beam_deid.transforms.label.evidence import FieldFacts
from beam_deid.transforms.policy.roles import released_fields
from beam_deid.transforms.run.job import Job

_OF_LABEL = ("environment", "attackers", "limits", "condition")


def release_schema(job: Job, decision: Orders) -> pa.Schema:
    """The schema of a release, with its label and each field's treatment in the metadata."""
    spec = job.policy.releases[decision.release]
    fields = []
    for name in released_fields(job.policy, decision.release):
        kind = spec.fields[name].output_type(job.type_of(name))
        fields.append(pa.field(name, kind, metadata=_of_facts(decision.label.fields[name])))
    return pa.schema(fields, metadata=_label(job, decision))


def labelled_schema(label: Mapping[str, Any], columns: pa.Schema) -> pa.Schema:
    """The schema of columns of a release, with what its ``label.json`` says of them in the metadata.

    Args:
        label: The content of ``label.json``.
        columns: Names and types of the columns, in any order.
    """
    facts = label["fields"]
    fields = [pa.field(name, columns.field(name).type, metadata=_of_label(facts[name])) for name in facts]
    metadata = {f"beam_deid.{name}": label[name] for name in ("label", "release", "run")}
    for name in ("sharing", *_OF_LABEL):
        metadata[f"beam_deid.{name}"] = json.dumps(label[name], ensure_ascii=False, sort_keys=True)
    return pa.schema(fields, metadata=metadata)


def _treatment(role: Sequence[str], action: str, recoverability: str, key: tuple[int, str] | None) -> dict[str, str]:
    """How a field is released; a key is told by its id and check value."""
    metadata = {
        "beam_deid.role": ",".join(role),
        "beam_deid.action": action,
        "beam_deid.recoverability": recoverability,
    }
    if key is not None:
        number, check = key
        metadata["beam_deid.key"] = f"{number}:{check}"
    return metadata


def _of_facts(facts: FieldFacts) -> dict[str, str]:
    """How a field is released, as it was decided."""
    key = None if facts.key is None else (facts.key.id, facts.key.check)
    return _treatment(facts.role, facts.action, facts.recoverability, key)


def _of_label(facts: Mapping[str, Any]) -> dict[str, str]:
    """How a field is released, as a label tells it."""
    key = facts.get("key")
    told = None if key is None else (key["id"], key["check"])
    return _treatment(facts["role"], facts["action"], facts["recoverability"], told)


def _label(job: Job, decision: Orders) -> dict[str, str]:
    """The label, and under what it holds."""
    label = decision.label
    metadata = {
        "beam_deid.label": str(label.label),
        "beam_deid.release": decision.release,
        "beam_deid.run": job.run,
        "beam_deid.sharing": json.dumps(str(job.policy.releases[decision.release].sharing)),
    }
    for name in _OF_LABEL:
        metadata[f"beam_deid.{name}"] = json.dumps(plain(getattr(label, name)), ensure_ascii=False, sort_keys=True)
    return metadata
