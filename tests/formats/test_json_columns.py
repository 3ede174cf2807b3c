"""Lines as columns: whatever the lines are, the rows and faults are those that reading row by row gives."""

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from beam_deid.transforms.formats import format_named, json_lines
from beam_deid.transforms.formats.format import Shard
from beam_deid.transforms.formats.input_options import InputOptions
from beam_deid.transforms.formats.json_bare import Unplain
from beam_deid.transforms.formats.json_columns import Columns
from beam_deid.transforms.formats.nesting import Nesting

from ..kit.examples import examples

LINES = format_named("jsonl")
OPTIONS = [
    InputOptions(),
    InputOptions(items="i"),
    InputOptions(items="i", fields={"m": "r.m", "g": "i.g"}),
    InputOptions(records="d.l", items="i"),
    InputOptions(fields={"r": "r", "i": "i"}),
    InputOptions(fields={"r": "r.m", "a": "new"}),
]
KNOWN = ["a", "m", "r.m", "r", "g", "i.g", "i"]

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=6) | st.sampled_from(
    ['"', "\\", '\\"', "\\\\", "null", "1", "true", "2025-11-11 00:00:07", "{", "}", "\U0010ffff", "\n", "a: 1,"]
)
scalars = st.none() | st.booleans() | st.integers() | st.floats() | texts
nested = st.fixed_dictionaries(
    {},
    optional={
        "a": scalars,
        "r": st.none() | st.just({}) | st.just([]) | st.fixed_dictionaries({}, optional={"m": scalars, "x": scalars}),
        "i": st.none() | st.lists(st.fixed_dictionaries({}, optional={"g": scalars}) | st.none(), max_size=3),
        "m": scalars,
        "r.m": scalars,
        "new": scalars | st.lists(scalars, max_size=2),
    },
)
odd = st.sampled_from(
    [
        "",
        " ",
        "[1]",
        "7",
        "{",
        "}",
        '{"a": 1',
        '{"a": nope}',
        '{"a": 01}',
        "{1: 2}",
        "{a: 1}",
        '{"a": 1 2}',
        '{"a": 1}{"a": 2}',
        '{"a": 1} {"b":',
        "2}",
        '{"a": "x}',
        '{"a": "\\ud800"}',
        '{"a": 1, "a": 2}',
        '{"a": "\t"}',
        '{"a": 1,}',
        '{"a": .5}',
        '{"a": -}',
        '{"a": 1 }',
        ' {"a": 1}',
        '{"a": 1} ',
        '{"a": NaN}',
        '{"a": -Infinity}',
        '{"a": 1e5}',
        '{"a": True}',
        '{"a": {"b": {"c": 1}}}',
        '{"r": "SECRET"}',
        '{"i": "SECRET"}',
        '{"i": [[1], "x"]}',
        '{"i": {"g": 1}}',
        '{"i": [{"g": {"x": 1}}]}',
        '{"d": {"l": null}}',
        '{"d": {"l": {"a": 1}}}',
        '{"d": {"l": [{"a": 1}, null, 3]}}',
        '{"d": {}}',
        '{"e": 1}',
        '{"d": {"l": []}}',
        '{"a": "1"}\r',
    ]
)
spaced = st.sampled_from([(", ", ": "), (",", ":")])


def read(path, options, columns, known, rows):
    records = {}
    faults = {}
    for chunk in LINES.read(Shard(str(path), "jsonl", 1), options, columns, rows, known=known):
        assert chunk.batch.num_rows <= rows
        values = zip(*(column.to_pylist() for column in chunk.batch.columns), strict=True)
        records.update(zip(chunk.rows.tolist(), values, strict=True))
        faults.update(((row, fault.field), str(fault.reason)) for fault in chunk.faults for row in fault.rows.tolist())
    return records, faults


@given(
    st.lists(nested | odd, min_size=1, max_size=4),
    st.sampled_from(OPTIONS),
    st.lists(st.sampled_from(KNOWN), min_size=1, unique=True),
    st.booleans(),
    spaced,
    st.booleans(),
)
@example(['{"a": 1}{"b":', "2}"], OPTIONS[0], ["a"], False, (",", ":"), True)
@example(['{"a": "x}', '{"a": "y"}'], OPTIONS[0], ["a"], False, (",", ":"), True)
@examples(3)
def test_columns_are_what_rows_give(tmp_path_factory, lines, options, columns, strict, separators, ascii_only):
    path = tmp_path_factory.mktemp("json") / "in.jsonl"
    if options.records:
        lines = [{"d": {"l": [line]}, "page": 1} if isinstance(line, dict) else line for line in lines]
    told = (
        line if isinstance(line, str) else json.dumps(line, separators=separators, ensure_ascii=ascii_only)
        for line in lines
    )
    path.write_text("\n".join(told), "utf-8", newline="")
    known = KNOWN if strict else None
    found = read(path, options, columns, known, 3)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_lines.Columns, "read", refuse)
        assert found == read(path, options, columns, known, 3)


def refuse(self, block):
    raise Unplain


def test_plain_lines_are_read_as_columns():
    options = InputOptions(records="d.l", items="i", fields={"goods": "i.g"})
    columns = ["id", "r.m", "goods", "when"]
    records = [
        {
            "id": 6917529027641081857,
            "r": {"m": 'x"\\'},
            "i": [{"g": 1.50}, {"g": True}],
            "when": "2025-11-11 00:00:07",
            "b": 1,
        },
        {"id": 2, "r": None, "i": [], "when": None, "b": 2},
    ]
    block = "".join(json.dumps({"d": {"l": [one]}}) + "\n" for one in records).encode()
    batch = Columns(Nesting(options), columns, [*columns, "b"]).read(block)
    assert [tuple(row.values()) for row in batch.to_pylist()] == [
        ("6917529027641081857", 'x"\\', "1.5", "2025-11-11 00:00:07"),
        ("6917529027641081857", 'x"\\', "true", "2025-11-11 00:00:07"),
        ("2", None, None, None),
    ]


def test_a_key_that_nobody_knows_is_not_plain():
    reader = Columns(Nesting(InputOptions()), ["a"], ["a"])
    assert reader.read(b'{"a": 1}\n').to_pydict() == {"a": ["1"]}
    with pytest.raises(Unplain):
        reader.read(b'{"a": 1}\n{"a": 1, "b": null}\n')


def test_blocks_hold_whole_lines_and_rows_are_numbered_through(tmp_path, monkeypatch):
    monkeypatch.setattr(json_lines, "_HEAD", 16)
    monkeypatch.setattr(json_lines, "_BLOCK", 40)
    lines = [f'{{"a": {number}}}' for number in range(50)]
    lines[20] = '{"a": '
    lines[30] = ""
    (tmp_path / "in.jsonl").write_text("\n".join(lines))
    records, faults = read(tmp_path / "in.jsonl", InputOptions(), ["a"], ["a"], 3)
    assert records == {number: (str(number),) for number in range(50) if number not in (20, 30)}
    assert faults == {(20, ""): "malformed_row"}
