"""A release at some levels with some of its records: what the label's requirements look at, and suppression."""
