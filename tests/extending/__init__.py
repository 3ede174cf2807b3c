"""What it takes to add a thing: each test adds one to a copy of the package, and finds it wherever it must be known."""
