"""Released values turned back for who holds the key, with a record of it."""
