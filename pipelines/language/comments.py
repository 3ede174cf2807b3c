"""The comments of a draft policy in the language of the call. What is no comment stays as it is: it is the policy."""

from beam_deid.pipelines.language.words import said


def with_comments_said(text: str) -> str:
    """A policy file whose comments are said in the language of the call.

    Args:
        text: The text of a policy file, in which no quoted text goes on over lines, as `beam-deid profile` writes it.
    """
    return "\n".join(map(_line, text.split("\n")))


def _line(line: str) -> str:
    start = _comment(line)
    return f"{line[:start]}{said(line[start:])}"


def _comment(line: str) -> int:
    """Where the comment of a line begins; the line's end if it has none."""
    quoted = False
    escaped = False
    for place, character in enumerate(line):
        if escaped:
            escaped = False
        elif quoted and character == "\\":
            escaped = True
        elif character == '"':
            quoted = not quoted
        elif character == "#" and not quoted and (not place or line[place - 1] == " "):
            return place
    return len(line)
