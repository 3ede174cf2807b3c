"""Attacks that recover removed values from a release: they are carried out, not assumed to fail."""
