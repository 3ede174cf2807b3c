"""From what was measured to a decision: search, suppression, recoding, label, and what the proof must find."""
