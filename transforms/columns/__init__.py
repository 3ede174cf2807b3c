"""Arrow columns to numpy and back: types, fingerprints, distinct values, and AES over all of a column."""
