"""What a run knows before it reads a record: job, layout, shards, keys, engines; and rows that it sets aside on disk."""
