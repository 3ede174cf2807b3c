"""Arrow columns to numpy and back: types, fingerprints, distinct values."""
