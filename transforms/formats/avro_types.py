"""The types of Avro as those of Arrow."""

from typing import Any

import pyarrow as pa

from beam_deid.transforms.errors import InputError

_PLAIN = {
    "null": pa.null(),
    "boolean": pa.bool_(),
    "int": pa.int32(),
    "long": pa.int64(),
    "float": pa.float32(),
    "double": pa.float64(),
    "bytes": pa.binary(),
    "string": pa.string(),
    "enum": pa.string(),
    "fixed": pa.binary(),
}
_LOGICAL = {
    ("int", "date"): pa.date32(),
    ("int", "time-millis"): pa.time32("ms"),
    ("long", "time-micros"): pa.time64("us"),
    ("long", "timestamp-millis"): pa.timestamp("ms", "UTC"),
    ("long", "timestamp-micros"): pa.timestamp("us", "UTC"),
    ("long", "local-timestamp-millis"): pa.timestamp("ms"),
    ("long", "local-timestamp-micros"): pa.timestamp("us"),
}
_WIDER = ("int", "long"), ("float", "double")
_MOST_DIGITS = 38

Named = dict[str, pa.DataType]
"""Types that were given a name so far."""


def arrow_schema(schema: Any, path: str) -> pa.Schema:
    """The columns of a file by the schema in its head, as fastavro gives it.

    Raises:
        InputError: It is not of records, or a field may be of several types, or refers to itself.
    """
    if not isinstance(schema, dict) or schema.get("type") != "record":
        raise InputError("the file holds values that are no records", path, "Write records, with a name for each value")
    named: Named = {}
    return pa.schema(
        [(field["name"], _type(field["type"], named, f"{path}: {field['name']}")) for field in schema["fields"]]
    )


def has_uuids(schema: Any) -> bool:
    """Whether any value of a schema is a UUID."""
    if isinstance(schema, dict):
        return schema.get("logicalType") == "uuid" or any(map(has_uuids, schema.values()))
    return isinstance(schema, list) and any(map(has_uuids, schema))


def without_uuids(schema: Any) -> Any:
    """The schema with text in the place of UUIDs, and what else it says."""
    if isinstance(schema, dict):
        kept = {key: without_uuids(value) for key, value in schema.items() if (key, value) != ("logicalType", "uuid")}
        return {key: value for key, value in kept.items() if not key.startswith("__")}
    return [without_uuids(one) for one in schema] if isinstance(schema, list) else schema


def _type(written: Any, named: Named, where: str) -> pa.DataType:
    if isinstance(written, list):
        return _union(written, named, where)
    if isinstance(written, str):
        if written not in _PLAIN and written not in named:
            raise InputError("a record that refers to itself is not read", where, "Write it without that column")
        return _PLAIN.get(written) or named[written]
    found = _composed(written, named, where)
    if "name" in written:
        named[written["name"]] = found
    return found


def _union(branches: list[Any], named: Named, where: str) -> pa.DataType:
    """The one type besides null that a value may have."""
    others = [branch for branch in branches if branch != "null"]
    for narrow, wide in _WIDER:
        if sorted(map(str, others)) == [narrow, wide]:
            others = [wide]
    if len(others) > 1:
        raise InputError("values of several types in one column are not read", where, "Write it as text")
    return _type(others[0], named, where) if others else pa.null()


def _composed(written: dict[str, Any], named: Named, where: str) -> pa.DataType:
    kind: Any = written["type"]
    logical = str(written.get("logicalType"))
    if kind == "record":
        return pa.struct(
            [(one["name"], _type(one["type"], named, f"{where}.{one['name']}")) for one in written["fields"]]
        )
    if kind == "array":
        return pa.list_(_type(written["items"], named, where))
    if kind == "map":
        return pa.map_(pa.string(), _type(written["values"], named, where))
    if logical == "decimal" and written["precision"] <= _MOST_DIGITS:
        return pa.decimal128(written["precision"], written.get("scale", 0))
    return _LOGICAL.get((str(kind), logical)) or _type(kind, named, where)
