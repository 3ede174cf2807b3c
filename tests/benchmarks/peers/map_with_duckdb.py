"""The mapping of the CRM policy in SQL, with sha256 for what takes a key, by DuckDB: no tests, no label.

python map_with_duckdb.py ORDERS TARGET
"""

import sys

import duckdb

MAPPING = f"""COPY (SELECT
  sha256('key' || buyer_open_uid) AS buyer_open_uid,
  sha256('key' || receiver_mobile) AS receiver_mobile,
  receiver_name[:1] || '**' AS receiver_name,
  d.province AS receiver_city,
  (birth_year // 10) * 10 AS birth_year,
  strftime(created, '%Y-%m') AS created,
  CASE WHEN payment < 50 THEN '<50' WHEN payment < 100 THEN '50-100' WHEN payment < 200 THEN '100-200'
       WHEN payment < 500 THEN '200-500' WHEN payment < 1000 THEN '500-1000' ELSE '>=1000' END AS payment,
  num, category, title, receiver_state
FROM read_parquet('{sys.argv[1]}') o
LEFT JOIN (SELECT DISTINCT receiver_city AS city, receiver_state AS province FROM read_parquet('{sys.argv[1]}')) d
  ON o.receiver_city = d.city AND o.receiver_state = d.province)
TO '{sys.argv[2]}' (FORMAT parquet, COMPRESSION zstd)"""

duckdb.connect(config={"threads": 2}).sql(MAPPING)
