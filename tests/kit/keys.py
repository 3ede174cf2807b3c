"""The keys that tests know."""

KEY = "canary-key-0123456789-0123456789-0123456789"
"""What ``BEAM_DEID_KEY`` says in every test: no output, log, graph or message may hold it."""

KEK = "a-key-encryption-key-for-tests-0123456789"
"""What opens the keyrings of tests, which say ``env:SHOP_KEK``."""
