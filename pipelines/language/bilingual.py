"""Texts that a file of data has in both languages, so that no catalogue repeats them."""


class Bilingual(str):
    """An English text that knows its Chinese one.

    Attributes:
        chinese: The same in Chinese.
    """

    chinese: str

    def __new__(cls, english: str, chinese: str) -> "Bilingual":
        """Make a text of both."""
        made = super().__new__(cls, english)
        made.chinese = chinese
        return made
