"""What is done with releases after they were published: persons erased, records corrected, and what is past its time removed."""
