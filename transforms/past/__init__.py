"""What was given out before, as the records of a run see it."""
