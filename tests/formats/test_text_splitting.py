import json

import pytest

from beam_deid.transforms.formats import format_of
from beam_deid.transforms.formats.input_options import InputOptions

OPTIONS = InputOptions()


@pytest.fixture(autouse=True)
def small_files_are_cut(monkeypatch):
    monkeypatch.setattr("beam_deid.transforms.formats.text_splitting.SMALL", 0)


def read_in(path, rows, options=OPTIONS):
    """``(shards, {row: values}, {row: reason})`` of a file that is cut into shards of so many rows."""
    kind = format_of(str(path), options)
    names = kind.schema(str(path), options).names
    shards = kind.shards(str(path), path.stat().st_size, options, rows)
    records, faults = {}, {}
    for shard in shards:
        for chunk in kind.read(shard, options, names, 3):
            values = zip(*(column.to_pylist() for column in chunk.batch.columns), strict=True)
            records.update(zip(chunk.rows.tolist(), values, strict=True))
            faults.update((row, str(fault.reason)) for fault in chunk.faults for row in fault.rows.tolist())
    return shards, records, faults


TEXT = (
    'a,b,c,d\r\n1,2,3,4\r\n\r\n"5\r\n",6,7,8\nbad\n"9,10,11,12\n13,"1""4",15,"16\n\n"\n'
    'a,b,c,d\n重庆市渝中区,x,y,"z"\n17,18,19,20'
)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("rows", [1, 2, 3, 4, 100])
@pytest.mark.parametrize("options", [OPTIONS, InputOptions(footer=2)])
def test_a_file_that_is_cut_is_read_as_if_it_were_whole(tmp_path, encoding, rows, options):
    path = tmp_path / "in.csv"
    path.write_bytes(TEXT.encode(encoding))
    whole = read_in(path, 10**9, options)
    shards, records, faults = read_in(path, rows, options)
    assert (records, faults) == whole[1:]
    assert set(records) | set(faults) == set(range(8 if options is OPTIONS else 6))
    if encoding != "utf-16" and rows < 4:
        assert len(shards) > 1
        assert sum(shard.rows for shard in shards) == len(records) + len(faults)


@pytest.mark.parametrize("rows", [1, 2, 5, 100])
@pytest.mark.parametrize("end", ["", "\n", "\n\n"])
def test_lines_that_are_cut_are_read_as_if_they_were_whole(tmp_path, rows, end):
    path = tmp_path / "in.jsonl"
    lines = [json.dumps({"a": number, "b": "名"}, ensure_ascii=False) for number in range(12)]
    lines[4] = ""
    lines[7] = "{"
    path.write_text("\n".join(lines) + end, "utf-8")
    whole = read_in(path, 10**9)
    shards, records, faults = read_in(path, rows)
    assert (records, faults) == whole[1:]
    assert len(records) == 10
    assert len(shards) > 1 or rows == 100


def test_a_row_that_is_too_long_may_begin_a_shard(tmp_path):
    path = tmp_path / "in.csv"
    path.write_bytes(b"a,b\n" + b"1,2\n" * 2 + b"3," + b"x" * (9 << 20) + b"\n" + b"5,6\n" * 3)
    shards, records, faults = read_in(path, 2)
    assert len(shards) == 3
    assert (sorted(records), faults) == ([0, 1, 3, 4, 5], {2: "malformed_row"})


@pytest.mark.parametrize("name", ["in.csv", "in.jsonl"])
def test_a_large_file_whose_orders_are_filled_down_is_not_looked_through(tmp_path, name, monkeypatch):
    """It is one piece whatever is found."""
    path = tmp_path / name
    path.write_text('{"a": "1", "b": "2"}\n' if name == "in.jsonl" else "a,b\n1,2\n")
    options = InputOptions(fill_down={"by": "a", "fields": ["b"]})
    monkeypatch.setattr("beam_deid.transforms.formats.text_splitting.open_from", None)
    assert len(format_of(str(path), options).shards(str(path), 1 << 40, options, 1000)) == 1
    with pytest.raises(TypeError):
        format_of(str(path), OPTIONS).shards(str(path), 1 << 40, OPTIONS, 1000)


def test_shards_of_a_file_do_not_find_its_layout_again(tmp_path, monkeypatch):
    path = tmp_path / "in.csv"
    path.write_text("a,b\n" + "1,2\n" * 8)
    kind = format_of(str(path), OPTIONS)
    shards = kind.shards(str(path), path.stat().st_size, OPTIONS, 4)
    monkeypatch.delattr("beam_deid.transforms.formats.text_layout.footer_of")
    found = [chunk.batch.to_pydict() for shard in shards for chunk in kind.read(shard, OPTIONS, ["b"], 100)]
    assert found == [{"b": ["2"] * 4}] * 2


@pytest.mark.parametrize("header", ["b,a\n", "bb,a\n"])
def test_a_file_that_was_changed_after_it_was_listed_is_read_by_its_header_of_now(tmp_path, header):
    path = tmp_path / "in.csv"
    path.write_text("a,b\n" + "1,2\n" * 8)
    kind = format_of(str(path), OPTIONS)
    (shard,) = kind.shards(str(path), path.stat().st_size, OPTIONS, 100)
    path.write_text(header + "1,2\n" * 8)
    found = [chunk.batch.to_pydict() for chunk in kind.read(shard, OPTIONS, ["a"], 100)]
    assert found == [{"a": ["2"] * 8}]
