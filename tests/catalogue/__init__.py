"""The catalogues of messages: what the code says, and how it is said in other languages. See `tests/catalogue/__main__.py`."""
