"""DuckDB writing the orders of persons whose consent is valid: the same join, without treatment and without a test.

python consent_with_duckdb.py ORDERS LEDGER MAPPED
"""

import sys

import duckdb

QUERY = """
copy (
    with event as (
        select lower(subject) as person, withdrawn is not null as is_end, coalesce(granted, withdrawn) as moment
        from read_parquet('{ledger}')
        where purpose = 'member marketing' and coalesce(granted, withdrawn) <= timestamp '2026-06-01'
    ), person as (
        select person, max(moment) filter (not is_end) as granted, max(moment) filter (is_end) as ended
        from event group by person
    ), consenting as (
        select person from person where granted > coalesce(ended, timestamp '0001-01-01')
    )
    select buyer_open_uid, receiver_state, category from read_parquet('{orders}')
    where lower(buyer_open_uid) in (select person from consenting)
) to '{mapped}' (format parquet)
"""

if __name__ == "__main__":
    orders, ledger, mapped = sys.argv[1:]
    duckdb.execute("set threads = 2")
    duckdb.execute(QUERY.format(orders=orders, ledger=ledger, mapped=mapped))
