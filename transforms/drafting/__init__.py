"""Drafting a policy from data: what each column is, what a release could make of it, and why."""
