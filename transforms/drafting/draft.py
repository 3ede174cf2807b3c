"""A drafted policy: what each column is and why, whom records are about, and a first release."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa

from beam_deid.transforms.columns.distinct import encoded
from beam_deid.transforms.drafting.facts import Facts, facts_of, unseen, with_subject
from beam_deid.transforms.drafting.hierarchies import Action
from beam_deid.transforms.drafting.judging import Judged, judge, most_personal
from beam_deid.transforms.drafting.record import Record, propose_record
from beam_deid.transforms.drafting.release import DraftedRelease, K, choose
from beam_deid.transforms.drafting.sample import Sample
from beam_deid.transforms.drafting.service import serve
from beam_deid.transforms.drafting.subject import Subject, propose_subject
from beam_deid.transforms.errors import UsageError
from beam_deid.transforms.formats.input_options import InputOptions
from beam_deid.transforms.recognisers.kinds.order_number import ORDER_NUMBER
from beam_deid.transforms.recognisers.platforms.catalogue import platforms
from beam_deid.transforms.recognisers.platforms.tables import ColumnFound, TableFound, recognise
from beam_deid.transforms.terms import Role

PURPOSE = "market analysis"
SERVICE = "service of the shop's own customers"
KEY = "env:BEAM_DEID_KEY"
"""Where the drafted key is: in the environment, never in the draft."""

COMBINED_FIELD = {"role": str(Role.DIRECT), "kind": str(ORDER_NUMBER)}
"""What a policy says of a field that is put together from the number of an order and that of its line."""

_SURE = 0.5
_FIELDS = 5  # names that a table must share with a platform at least: `order_id`, `city` and `status` stand in many


@dataclass(frozen=True)
class Draft:
    """A draft.

    Attributes:
        dataset: The dataset's name.
        sample: What it was drafted from.
        options: How the input is read.
        reasons: Why, by the option's name.
        table: The platform that it is from, if any.
        subject: The field that says whom a record is about, or None.
        subject_reason: Why.
        subject_todo: What a person must decide about it; empty where nothing is open.
        record: By what a record is known again in later runs, or None where no column tells.
        columns: Each column.
        release: The first release.
        service: What the shop's own service gets, by field; empty where there is nothing to serve by.
    """

    dataset: str
    sample: Sample
    options: InputOptions
    reasons: Mapping[str, str]
    table: TableFound
    subject: str | None
    subject_reason: str
    subject_todo: str
    record: Record | None
    columns: tuple[Judged, ...]
    release: DraftedRelease
    service: dict[str, Action]

    @property
    def platform(self) -> str | None:
        """The title of the platform, where it is sure enough to go by."""
        name = self.table.platform
        return platforms()[name].title if name is not None and _is_sure(self.table) else None

    @property
    def todo(self) -> int:
        """How many decisions are left to a person: fields, all without a value as one, the subject, what each release is for."""
        fields = sum(bool(one.todo) for one in self.columns) + bool(self.without_values)
        return fields + bool(self.subject_todo) + 1 + bool(self.service)

    @property
    def without_values(self) -> tuple[str, ...]:
        """The columns of which nothing but their name is known: the sample has no value in them."""
        return tuple(one.name for one in self.columns if one.is_empty)

    def mapping(self) -> dict[str, Any]:
        """The policy as plain values, as a policy file would say it."""
        policy: dict[str, Any] = {"version": 1, "dataset": self.dataset}
        if self.subject is not None:
            policy["subject"] = self.subject
        if self.record is not None:
            policy["record"] = self.record.field
        given = self.options.model_dump(mode="json", exclude_defaults=True)
        if given:
            policy["input"] = given
        policy["fields"] = {one.name: field_of(one) for one in self.columns}
        if self.record is not None and self.record.parts:
            policy["fields"][self.record.field] = dict(COMBINED_FIELD)
        if self.service:
            policy["keys"] = {"key": KEY}
        require: dict[str, Any] = {
            "k": K,
            **({"l": self.release.diverse} if self.release.diverse else {}),
            "suppression": 0.05,
        }
        policy["releases"] = {
            "analytics": {
                "purpose": PURPOSE,
                "sharing": "controlled",
                "fields": self.release.fields,
                "require": require,
            }
        }
        if self.service:
            policy["releases"]["crm"] = {
                "purpose": SERVICE,
                "sharing": "enclave",
                "expect": "still_personal",
                "fields": self.service,
            }
        return policy

    def to_document(self) -> dict[str, Any]:
        """What the draft says, with all figures, as plain values for JSON; without a value of the data."""
        return {
            "schema_version": 1,
            "dataset": self.dataset,
            "sample": {
                "files": self.sample.files,
                "records": self.sample.rows,
                "whole": self.sample.whole,
                "unreadable": self.sample.unreadable,
                "passed_over": {file: passed.to_document() for file, passed in self.sample.passed},
            },
            "input": {"reasons": dict(self.reasons), **self.options.model_dump(exclude_defaults=True)},
            "platform": {
                "name": self.table.platform,
                "title": self.platform,
                "confidence": self.table.confidence,
                "candidates": {name: round(share, 3) for name, share in self.table.candidates.items()},
            },
            "subject": {"field": self.subject, "reason": self.subject_reason, "todo": self.subject_todo or None},
            "record": None if self.record is None else self.record.to_document(),
            "todo": self.todo,
            "without_values": list(self.without_values),
            "fields": {one.name: _figures(one) for one in self.columns},
            "suggestions": {**self.release.aside, **self.release.fields},
            "without_suggestion": list(self.release.open),
            "policy": self.mapping(),
        }


def make_draft(
    dataset: str, sample: Sample, options: InputOptions, reasons: Mapping[str, str], subject: str | None = None
) -> Draft:
    """Draft a policy from a sample.

    Args:
        dataset: The dataset's name.
        sample: The sample.
        options: How the input is read.
        reasons: Why, by the option's name.
        subject: The field that says whom a record is about; one is proposed if not given.

    Raises:
        UsageError: The subject is no column that can be read, or a column has no name.
    """
    nameless = [number for number, name in enumerate(sample.names, 1) if not name.strip()]
    if nameless:
        raise UsageError(f"column {nameless[0]} has no name", "--input", "Name it in the file's first line")
    readable = {name: column for name, column in sample.columns.items() if not _is_bytes(column.type)}
    if subject is not None and subject not in readable:
        raise UsageError(
            f"there is no column {subject} that can be read", "--subject", f"There are: {', '.join(readable)}"
        )
    table = recognise(readable)
    facts = {
        name: facts_of(name, readable[name], table.columns[name], options)
        if name in readable
        else unseen(name, ColumnFound(name, None, None, 0, 0), sample.rows)
        for name in sample.names
    }
    about = Subject(subject, "as the call says") if subject else propose_subject([facts[name] for name in readable])
    chosen = about.field
    if chosen is not None:
        facts |= {name: with_subject(facts[name], column, readable[chosen]) for name, column in readable.items()}
    columns = tuple(_judged(facts[name], table, name not in readable, name == chosen) for name in sample.names)
    people = len(encoded(readable[chosen])[1]) if chosen is not None else sample.rows
    release = choose(columns, people)
    record = propose_record(columns, readable)
    if record is not None and record.parts:
        options = options.model_copy(update={"combine": {**options.combine, record.field: record.parts}})
    return Draft(
        dataset=dataset,
        sample=sample,
        options=options,
        reasons=reasons,
        table=table,
        subject=chosen,
        subject_reason=about.reason,
        subject_todo=about.todo,
        record=record,
        columns=columns,
        release=release,
        service=serve(columns, chosen, release),
    )


def field_of(one: Judged) -> dict[str, Any]:
    """A column's entry under ``fields``."""
    role = str(one.role[0]) if len(one.role) == 1 else [str(role) for role in one.role]
    kind = {} if one.kind is None else {"kind": str(one.kind)}
    formats = one.facts.formats if one.kind is not None and one.kind.is_time else ()
    written = {"format": formats[0] if len(formats) == 1 else list(formats)} if formats else {}
    category = {} if one.category is None else {"category": one.category}
    return {"role": role, **kind, **category, **written}


def _judged(facts: Facts, table: TableFound, unread: bool, subject: bool) -> Judged:
    judged = judge(facts, _is_sure(table), unread)
    if not subject:
        return judged
    reasons = ("the subject", *judged.reasons)
    return replace(judged, role=most_personal((Role.DIRECT,), judged.role), reasons=reasons)


def _is_sure(table: TableFound) -> bool:
    known = sum(one.spec is not None for one in table.columns.values())
    return table.platform is not None and table.confidence >= _SURE and known >= _FIELDS


def _figures(one: Judged) -> dict[str, Any]:
    facts = one.facts
    return {
        "role": [str(role) for role in one.role],
        "kind": None if one.kind is None else str(one.kind),
        "reasons": list(one.reasons),
        "todo": one.todo or None,
        "values": facts.values,
        "empty": facts.rows - facts.values,
        "distinct": facts.distinct,
        "distinct_share": round(facts.distinct_share, 6),
        "of_one_subject": None if facts.alone is None else round(facts.alone, 4),
        "entropy": round(facts.entropy, 3),
        "forms": {form: round(facts.found.share(form), 6) for form in facts.found.forms},
        "valid": {str(kind): round(share, 4) for kind, share in facts.valid.items()},
        "reads_as": None if facts.reads_as is None else str(facts.reads_as),
    }


def _is_bytes(kind: pa.DataType) -> bool:
    return bool(pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind))
