"""The words of a keyring: names that its keys have by default, their purposes and states. Loads nothing."""

DEFAULT_NAME = "main"
SIGNING_NAME = "signing"
REGISTER_NAME = "register"
"""Name of the key of what remembers which releases were given out."""

DATA = "data"
"""Purpose of a key that makes tokens and ciphertexts."""
SIGN = "sign"
"""Purpose of a key that signs labels."""
PURPOSES = (DATA, SIGN)

PRIMARY = "primary"
RETIRED = "retired"
DESTROYED = "destroyed"
STATES = (PRIMARY, RETIRED, DESTROYED)
