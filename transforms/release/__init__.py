"""Released rows, shuffled and written, in the second pass or at once in the first, and the proof that they are as decided."""
