"""Copy columns of a file of orders with pyarrow alone, a batch at a time.

python copy_orders.py ORDERS TARGET COLUMN,COLUMN,…
"""

import sys

import pyarrow as pa
import pyarrow.parquet as pq

source = pq.ParquetFile(sys.argv[1])
columns = sys.argv[3].split(",")
schema = pa.schema([source.schema_arrow.field(name) for name in columns])
with pq.ParquetWriter(sys.argv[2], schema, compression="zstd") as out:
    for batch in source.iter_batches(131_072, columns=columns):
        out.write_batch(batch.select(columns))
