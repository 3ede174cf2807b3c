"""Consent: ledgers are read, and say of each person whether a purpose may be served at some time."""
