"""What platforms' orders look like: ``configs/platforms`` read, and values and columns told by it."""
