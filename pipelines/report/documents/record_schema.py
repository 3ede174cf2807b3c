"""The JSON Schema of a record of processing, made from its shape."""

from typing import Any

from beam_deid.pipelines.report.documents.record_model import Record


def record_schema() -> dict[str, Any]:
    """The JSON Schema, draft 2020-12."""
    made = Record.model_json_schema(by_alias=True, mode="serialization")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "record.schema.json",
        **made,
        "title": "The record of a processing of personal information, a draft",
    }
