"""Attacks on what a release still shows of removed values: they are made, not believed in."""
