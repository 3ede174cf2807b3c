"""Tables of one dataset joined by their keys before a run, so that each row knows whose it is."""
