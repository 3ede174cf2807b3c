"""Cryptography over columns, and keys that are named by reference and resolved on the worker."""
