"""The catalogues of messages: what the code says, and how it is said in other languages. ``python -m tests.catalogue`` renews them."""
