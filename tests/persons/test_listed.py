import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from beam_deid.transforms.errors import InputError
from beam_deid.transforms.formats.input_options import InputOptions
from beam_deid.transforms.persons.listed import listed_rows
from beam_deid.transforms.storage.files import match

ROWS = [("13800138000", "是"), ("0013", "否"), (None, "是")]


def write(path):
    if path.suffix == ".parquet":
        columns = [pa.array(values, pa.string()) for values in zip(*ROWS, strict=True)]
        pq.write_table(pa.table(columns, ["手机号", "同意"]), path)
    elif path.suffix == ".jsonl":
        lines = (json.dumps({"手机号": mobile, "同意": consent}, ensure_ascii=False) for mobile, consent in ROWS)
        path.write_text("\n".join(lines), "utf-8")
    else:
        rows = [(f'="{mobile}"' if mobile else "", consent) for mobile, consent in ROWS]
        escaped = ((mobile.replace('"', '""'), consent) for mobile, consent in rows)
        lines = [f'"{mobile}",{consent}' if mobile else f",{consent}" for mobile, consent in escaped]
        path.write_text("\n".join(["手机号,同意", *lines]), path.stem)
    return path


@pytest.mark.parametrize("name", ["list.parquet", "list.jsonl", "utf-8.csv", "gb18030.csv"])
def test_a_list_in_any_format_gives_its_columns_as_they_are_meant(tmp_path, name):
    options = InputOptions(encoding="gb18030" if name.startswith("gb") else "auto")
    found = list(listed_rows(match([str(write(tmp_path / name))]), options, ["同意", "手机号"]))
    values = [row for rows in found for row in rows.batch.to_pylist()]
    assert [(row["手机号"] or None, row["同意"]) for row in values] == ROWS
    assert sum(rows.unreadable for rows in found) == 0


def test_rows_that_cannot_be_read_are_counted(tmp_path):
    path = tmp_path / "list.csv"
    path.write_text("a,b\n1,2\n3,4,5\n6,7\n")
    found = list(listed_rows(match([str(path)]), InputOptions(), ["a"]))
    assert [value for rows in found for value in rows.batch.column(0).to_pylist()] == ["1", "6"]
    assert sum(rows.unreadable for rows in found) == 1


def test_a_column_that_is_not_there_is_told_with_those_that_are(tmp_path):
    path = write(tmp_path / "list.parquet")
    with pytest.raises(InputError, match=r"no column subject.*It has: 手机号, 同意"):
        list(listed_rows(match([str(path)]), InputOptions(), ["subject"]))
