"""A draft as YAML with comments: what ``beam-deid profile`` prints."""

import json
import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from beam_deid.transforms.drafting.draft import COMBINED_FIELD, PURPOSE, SERVICE, Draft, field_of

_BARE = re.compile(r"[A-Za-z_一-鿿][\w.-]*")
_WORDS = {"true", "false", "null", "yes", "no", "on", "off", "y", "n"}
_LAST = 0x10000
_SHORT_NAMES = "short names for long paths"
_KEY_PLACE = "where the key is, never the key"
_WIDEST = 110  # characters of a line of names in a comment

SCHEMA_FILE = "policy.schema.json"
"""Where editors look for the schema, beside the draft: what ``beam-deid schema`` prints."""


def as_yaml(draft: Draft) -> str:
    """The draft as the text of a policy file; every decision that is left to a person has ``# TODO: decide`` above it."""
    return "\n".join(
        [*_head(draft), *_input(draft), *_fields(draft), *_keys(draft), *_release(draft), *_service(draft), ""]
    )


def scalar(value: Any) -> str:
    """A scalar as YAML, in quotes where it would be read as something else."""
    if not isinstance(value, str):
        return json.dumps(value)
    if _BARE.fullmatch(value) and value.lower() not in _WORDS and not value.endswith(("-", ".")):
        return value
    quoted = json.dumps(value, ensure_ascii=False)
    return "".join(character if character.isprintable() else _escaped(character) for character in quoted)


def flow(value: Any) -> str:
    """A value as YAML on one line."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{scalar(key)}: {flow(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(flow, value)) + "]"
    return scalar(value)


def _escaped(character: str) -> str:
    code = ord(character)
    return f"\\U{code:08x}" if code >= _LAST else f"\\u{code:04x}"


def _said(text: str) -> str:
    """Text that may stand in a comment: of one line, without what is no character."""
    return "".join(character if character.isprintable() else " " for character in text)


def _names(names: Sequence[str]) -> str:
    return ", ".join(_said(scalar(name)) for name in names)


def _head(draft: Draft) -> Iterator[str]:
    sample = draft.sample
    table = draft.table
    files = "1 file" if sample.files == 1 else f"{sample.files:,} files"
    yield f"# yaml-language-server: $schema={SCHEMA_FILE}"
    rows = f"{sample.rows:,}"
    if sample.whole:
        yield f"# Drafted by `beam-deid profile` from {files}, all {rows} records. It is a draft: a person decides."
    else:
        yield (
            f"# Drafted by `beam-deid profile` from {files}, the first rows of evenly chosen parts: {rows} records. "
            "It is a draft: a person decides."
        )
    if sample.unreadable:
        some = "1 record could not be read and was left out; a run would reject it."
        many = f"{sample.unreadable:,} records could not be read and were left out; a run would reject them."
        yield f"# {some if sample.unreadable == 1 else many}"
    if draft.platform is not None:
        yield f"# Platform: {draft.platform}, confidence {table.confidence:.2f} (names of columns, signatures of ciphertexts)."
    elif table.platform is not None:
        yield f"# Platform: none for sure; most like {table.platform}, confidence {table.confidence:.2f}."
    else:
        yield "# Platform: not recognized; roles come from names, patterns and how values spread."
    wait = "1 decision waits" if draft.todo == 1 else f"{draft.todo} decisions wait"
    yield f"# {wait} for a person: look for TODO. Behind each field stands why it was judged so, and no value of the data."
    yield "version: 1"
    yield f"dataset: {scalar(draft.dataset)}"
    if draft.subject is None:
        yield f"# TODO: decide: {draft.subject_todo}"
        yield "# subject: each_record"
    else:
        if draft.subject_todo:
            yield f"# TODO: decide: {draft.subject_todo}"
        yield f"subject: {scalar(draft.subject)} # {_said(draft.subject_reason)}"
    if draft.record is not None:
        yield f"record: {scalar(draft.record.field)} # {_said(draft.record.reason)}"


def _input(draft: Draft) -> Iterator[str]:
    given = draft.options.model_dump(exclude_defaults=True)
    if not given:
        return
    yield ""
    yield "input:"
    for name, value in given.items():
        if name == "fields":
            yield f"  {name}: # {_SHORT_NAMES}"
            yield from (f"    {scalar(key)}: {flow(one)}" for key, one in value.items())
        else:
            why = draft.reasons.get(name)
            yield f"  {name}: {flow(value)}" + (f" # {_said(why)}" if why else "")


def _fields(draft: Draft) -> Iterator[str]:
    yield ""
    yield "fields:"
    yield from _without_values(draft.without_values)
    for one in draft.columns:
        if one.todo:
            yield f"  # TODO: decide: {_said(one.todo)}"
        yield f"  {scalar(one.name)}: {flow(field_of(one))} # {_said('; '.join(one.reasons))}"
    if draft.record is not None and draft.record.parts:
        yield f"  {scalar(draft.record.field)}: {flow(COMBINED_FIELD)} # put together, as input.combine says"


def _without_values(names: Sequence[str]) -> Iterator[str]:
    """One decision for all columns of which the sample knows nothing but their name."""
    if not names:
        return
    what = "1 field has no value" if len(names) == 1 else f"{len(names)} fields have no value"
    yield f"  # TODO: decide: {what} in the sample; each counts as a direct identifier until you say what will stand there:"
    for line in textwrap.wrap(_names(names), _WIDEST, break_long_words=False, break_on_hyphens=False):
        yield f"  #   {line}"


def _keys(draft: Draft) -> Iterator[str]:
    if draft.service:
        yield ""
        yield f"keys: {flow(draft.mapping()['keys'])} # {_KEY_PLACE}"


def _service(draft: Draft) -> Iterator[str]:
    if not draft.service:
        return
    yield ""
    yield "  # TODO: decide: who serves customers with it? It is personal data, and whoever has the key turns tokens back."
    yield "  crm:"
    yield f"    purpose: {scalar(SERVICE)}"
    yield "    sharing: enclave"
    yield "    expect: still_personal"
    yield "    fields:"
    yield from (f"      {scalar(name)}: {flow(action)}" for name, action in draft.service.items())


def _release(draft: Draft) -> Iterator[str]:
    release = draft.release
    policy = draft.mapping()["releases"]["analytics"]
    yield ""
    yield "releases:"
    yield "  # TODO: decide: what is it for, and who gets it? A field that is not listed is not released."
    yield "  analytics:"
    yield f"    purpose: {PURPOSE}"
    yield "    sharing: controlled # k 5; public: k 20; enclave: k 3"
    yield "    # expect: anonymized # then nothing of it is published if the label is another"
    yield "    fields:"
    if release.empty:
        yield "      # Nothing but the number of records: no field was found that others may have. Name some."
    yield from (f"      {scalar(name)}: {flow(action)}" for name, action in release.fields.items())
    if release.aside:
        yield "      # Each of these makes people easier to find; put in what the purpose needs:"
        yield from (f"      # {_said(scalar(name))}: {flow(action)}" for name, action in release.aside.items())
    if release.open:
        yield f"      # Of many values, without a known order: write a hierarchy file for {_names(release.open)}"
    if release.sensitive:
        yield f"      # Sensitive: each group must hold several values of it (require l): {_names(release.sensitive)}"
    yield f"    require: {flow(policy['require'])}"
    yield "    # Say what is true of the recipient; without it everything counts as the worst, and the overall risk R is higher:"
    yield "    # environment: {controls: high, motive: medium, prevalence: 0.01, acquaintances: 150, security: medium}"
