"""What was written and proved becomes what is published, and the register is told."""
