"""Texts said in another language but for the names in them, in whose places signs stand meanwhile.

A name may also be a word of the sentence around it: a column `records`, and `400 records read`. Then it is left open which of both
is meant where; the reading counts that leaves least unsaid, and of those the one that spares most names.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from itertools import combinations

Say = Callable[[str], str]

_FIRST_SIGN = 0xF0000
_SIGN = re.compile("[\U000f0000-\U000ffffd]")  # no character of any language, and none that the catalogue uses
_WORDS = re.compile("[A-Za-z]{2,}")
_LIKE_WORDS = re.compile("[^\\W\\d_]+(?:[ '-][^\\W\\d_]+)*")
"""What a name is like that may be words of a sentence: `members` or `Created at`, and not `buyer_id`."""
_LETTER = re.compile("[A-Za-z]")
_FEW = 8
"""Names of a text, like words, for which every pair may be words of the sentence."""
_MANY = 40
"""Names of a text for which every single one may be."""
_KEPT = 16


def said_but_for(names: frozenset[str], text: str, say: Say) -> str:
    """A text in another language, in which names stay as they are.

    Args:
        names: The names.
        text: The text.
        say: Says a text without names.
    """
    pattern = _pattern(names)
    if pattern is None or _SIGN.search(text):
        return say(text)
    places = [found.span() for found in pattern.finditer(text)]
    if not places:
        return say(text)
    best = None
    open_places = [number for number, place in enumerate(places) if _LIKE_WORDS.fullmatch(text[slice(*place)])]
    for words in _readings(open_places, len(places)):
        found = _read(text, [place for number, place in enumerate(places) if number not in words], say)
        if best is None or _unsaid(found) < _unsaid(best[0]):
            best = (found, words)
        if not _unsaid(found):
            break
    if best is None:
        return text
    spared = (text[slice(*place)] for number, place in enumerate(places) if number not in best[1])
    return _with_names(best[0], list(spared))


def _read(text: str, spared: list[tuple[int, int]], say: Say) -> str:
    """A text in the other language with signs for the names that are spared."""
    pieces = []
    end = 0
    for number, (start, stop) in enumerate(spared):
        pieces += [text[end:start], chr(_FIRST_SIGN + number)]
        end = stop
    return say("".join([*pieces, text[end:]]))


def _readings(open_places: list[int], count: int) -> Iterator[frozenset[int]]:
    """Which of so many names may be words of the sentence after all, few first; all of them last, whatever they are like."""
    yield frozenset()
    if len(open_places) <= _MANY:
        yield from (frozenset((number,)) for number in open_places)
    if len(open_places) <= _FEW:
        yield from map(frozenset, combinations(open_places, 2))
    if count > 1 or not open_places:
        yield frozenset(range(count))


def _with_names(text: str, names: list[str]) -> str:
    return _SIGN.sub(lambda sign: names[ord(sign[0]) - _FIRST_SIGN], text)


def _unsaid(text: str) -> int:
    return len(_WORDS.findall(text))


@lru_cache(_KEPT)
def _pattern(names: frozenset[str]) -> re.Pattern[str] | None:
    """What finds the names that have letters, also as markup writes them, each as a whole and the longest first."""
    told = {one for name in names if _LETTER.search(name) for one in (name, *_as_markup(name))}
    if not told:
        return None
    longest = sorted(told, key=lambda name: (-len(name), name))
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, longest))})(?!\w)")


def _as_markup(name: str) -> Iterable[str]:
    if "[" not in name:
        return ()
    from rich.markup import escape  # which takes long to load, and few names need it

    return (escape(name),)
