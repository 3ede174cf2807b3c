"""What a run knows before it reads a record: job, layout, shards, keys, engines."""
