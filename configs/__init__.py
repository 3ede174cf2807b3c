"""Data only: policies, hierarchies, schemas; opened through importlib.resources."""
