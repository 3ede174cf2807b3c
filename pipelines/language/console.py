"""A console of rich that says what it shows in the language of the call."""

from typing import Any

from rich.console import Console
from rich.text import Text

from beam_deid.pipelines.language.words import said


class SpeakingConsole(Console):
    """Every text that is printed, also as a cell of a table, is said in the language of the call before it is laid out.

    A `Text` is taken as it is: its maker says it (`beam_deid.pipelines.language.words.said`).
    """

    def render_str(self, text: str, **options: Any) -> Text:
        """A text with its markup, in the language of the call."""
        return super().render_str(said(text), **options)
