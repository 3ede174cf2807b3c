"""Re-identification: released values are turned back by whoever holds the key, with a record of it. Needs no Beam."""
