"""Releases that a label must not call anonymized, and as near to each one that it may: a case is data, policy and verdict."""
