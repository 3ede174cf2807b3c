"""A key of fingerprints for tests, the same in every run."""

from beam_deid.transforms.columns.fingerprint import FingerprintKey

KEY = FingerprintKey(b"a key that all tests may know")
