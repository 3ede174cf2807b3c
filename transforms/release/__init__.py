"""The second pass: released rows, shuffled and written, and the proof that they are what was decided."""
