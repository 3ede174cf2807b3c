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


def test_a_combined_column_of_the_name_of_another_is_refused(path):
    options = InputOptions(combine={"n": ["city", "district"]})
    with pytest.raises(InputError, match="already"):
        format_of(path, options).schema(path, options)
