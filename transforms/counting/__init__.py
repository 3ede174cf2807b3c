"""Releases counted bucket by bucket: stages over rows that do not fit into memory together."""
