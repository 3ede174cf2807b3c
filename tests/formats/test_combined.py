import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from beam_deid.transforms.errors import InputError
from beam_deid.transforms.formats import format_of
from beam_deid.transforms.formats.input_options import InputOptions

OPTIONS = InputOptions(combine={"division": ["province", "city", "district"]})


@pytest.fixture(params=["in.csv", "in.parquet", "in.jsonl", "in.json"])
def path(request, tmp_path):
    path = tmp_path / request.param
    columns = {
        "n": ["1", "2", "3"],
        "province": ["浙江省", "广东省", None],
        "city": ["杭州市", "东莞市", None],
        "district": ["余杭区", None, None],
    }
    table = pa.table(columns)
    if path.suffix == ".parquet":
        pq.write_table(table, path)
    else:
        with open(path, "wb") as stream:
            writer = format_of(str(path), InputOptions()).writer(stream, table.schema)
            writer.write(table.to_batches()[0])
            writer.close()
    return str(path)


def read(path, columns, known=None):
    kind = format_of(path, OPTIONS)
    (shard,) = kind.shards(path, 1, OPTIONS, 1 << 20)
    (chunk,) = kind.read(shard, OPTIONS, columns, 100, known=known)
    assert chunk.batch.schema.names == columns
    assert not chunk.faults
    return chunk.batch.to_pydict()


def test_a_combined_column_is_the_texts_of_its_parts(path):
    assert format_of(path, OPTIONS).schema(path, OPTIONS).names == ["n", "province", "city", "district", "division"]
    known = ["n", "province", "city", "district", "division"]
    assert read(path, ["division", "n"], known) == {
        "division": ["浙江省 杭州市 余杭区", "广东省 东莞市", None],
        "n": ["1", "2", "3"],
    }
    assert read(path, ["city"], known) == {"city": ["杭州市", "东莞市", None]}


@pytest.mark.parametrize(
    ("combine", "expected"),
    [({"a": ["city", "town"]}, "no column town for input.combine.a"), ({"n": ["city", "district"]}, "already")],
)
def test_what_cannot_be_combined_is_said(path, combine, expected):
    options = InputOptions(combine=combine)
    with pytest.raises(InputError, match=expected):
        format_of(path, options).schema(path, options)
