"""What PyYAML says is wrong with a text, in plain words."""

import yaml
from yaml.reader import ReaderError

_FULL_WIDTH = "："
_SAID = (
    ("'\\t'", "a tab where spaces are needed; indent with spaces"),
    ("could not find expected ':'", "a key without ':' after it, or a text that goes on in the next line"),
    ("mapping values are not allowed", "a ':' where no key can stand; put a text that holds ': ' in quotes"),
    (
        "undefined alias",
        "an alias (*name) without its anchor (&name); put a text that starts with '*' in quotes",
    ),
    ("duplicate anchor", "an anchor (&name) that was there before; give it another name"),
    ("cannot start any token", "a character that no text can start with; put the text in quotes"),
    ("expected <block end>", "indentation that does not fit the lines above"),
    ("unexpected end of stream", "a quoted text that is not closed; add the closing quote"),
    ("unexpected document separator", "a quoted text that is not closed; add the closing quote"),
    ("expected ',' or", "a bracket that is not closed, or a comma that is missing"),
    ("escape", "an escape (\\) that YAML does not know; put the text in single quotes"),
    ("special characters are not allowed", "a control character; remove it"),
)


def plain_words(error: yaml.YAMLError) -> str:
    """What is wrong and what to do. PyYAML's own words may quote the text; these never do."""
    said = str(getattr(error, "problem", None) or getattr(error, "reason", ""))
    found = (words for pattern, words in _SAID if pattern in said)
    if _has_full_width_colon(error):
        return f"this is not YAML: a full-width colon ({_FULL_WIDTH}); write ': ', a colon and a space"
    return "this is not YAML: " + next(found, "check quotes, brackets and indentation")


def line_of(error: yaml.YAMLError, text: str) -> int | None:
    """The line of the error, from 1, or None if PyYAML does not say."""
    if isinstance(error, ReaderError):
        return text.count("\n", 0, error.position) + 1
    if _has_full_width_colon(error):
        return int(error.context_mark.line) + 1  # type: ignore[attr-defined]
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    return mark.line + 1 if mark is not None else None


def _has_full_width_colon(error: yaml.YAMLError) -> bool:
    """Whether the line that PyYAML waits for a colon in has one as Chinese keyboards write it."""
    mark = getattr(error, "context_mark", None)
    rest = str(getattr(mark, "buffer", None) or "")[getattr(mark, "pointer", 0) :]
    return (
        "could not find expected ':'" in str(getattr(error, "problem", "")) and _FULL_WIDTH in rest.partition("\n")[0]
    )
