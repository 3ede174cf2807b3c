"""What a person sees while and after a command runs, as text files at two widths: ``python -m tests.screens`` writes them anew."""
