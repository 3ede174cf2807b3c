"""Files as people have them: each kind of file read rightly, or refused by name."""
