"""The registry of what codes mean: lines, tests and figures of a label, its words, and reasons why records are not released."""

from collections.abc import Iterator, Mapping
from functools import lru_cache

from beam_deid.transforms.label.explanation import Explanation, What
from beam_deid.transforms.label.figures import FIGURES
from beam_deid.transforms.label.grades import ADVICE, GRADES, REFERENCE
from beam_deid.transforms.label.lines import LINE_WORDS, LINES
from beam_deid.transforms.label.outcomes import Outcome
from beam_deid.transforms.label.requirements import REQUIREMENTS
from beam_deid.transforms.label.requirements.requirement import Requirement
from beam_deid.transforms.label.table import limits_of
from beam_deid.transforms.risk.meaning import Meaning
from beam_deid.transforms.risk.measures import MEASURES
from beam_deid.transforms.terms import (
    ForRecipientName,
    LabelName,
    Reason,
    Recoverability,
    Role,
    Sharing,
    Told,
    Withheld,
)

_WORDS: tuple[tuple[type[Told], What], ...] = (
    (Recoverability, What.RECOVERABILITY),
    (Role, What.ROLE),
    (Sharing, What.SHARING),
    (Outcome, What.OUTCOME),
    (Withheld, What.WITHHELD),
    (Reason, What.REASON),
)
_RISK = "risk"
_OF_A_LINE = "Look at the tests of the line that fail: each says what would change it."
_TESTS: Mapping[str, Requirement] = {one.name: one for one in REQUIREMENTS}


def explanations() -> Iterator[Explanation]:
    """All codes, each once: the label first, and then what it rests on."""
    yield from _told(LabelName, What.LABEL)
    yield from _told(ForRecipientName, What.LABEL)
    yield from map(_of_line, LINES)
    figures = figure_meanings()
    for requirement in sorted(REQUIREMENTS, key=lambda one: one.line):
        yield _of_test(requirement, *figures.pop(requirement.name, ("", None)))
    for code, (place, meaning) in figures.items():
        yield _of_figure(code, place, meaning)
    for grade, words in GRADES.items():
        yield Explanation(f"grade {grade}", What.GRADE, words, ADVICE, source=REFERENCE)
    for kind, what in _WORDS:
        yield from _told(kind, what)


def figure_meanings() -> dict[str, tuple[str, Meaning]]:
    """By its code the place of each figure in ``label.json``, and what it means: measures first, by their own names."""
    measured = {name: meaning for one in MEASURES for name, meaning in one.meanings.items()}
    return {
        **{name.rpartition(".")[2]: (f"{_RISK}.{name}", meaning) for name, meaning in measured.items()},
        **{name: (name, meaning) for name, meaning in FIGURES.items()},
    }


def _told(words: type[Told], what: What) -> Iterator[Explanation]:
    return (Explanation(str(word), what, word.meaning, word.advice) for word in words)


def _of_line(line: int) -> Explanation:
    tests = {one.name: one.words for one in REQUIREMENTS if one.line == line}
    return Explanation(f"line {line}", What.LINE, LINE_WORDS[line].rule, _OF_A_LINE, _named(line), parts=tests)


def _named(line: int) -> str:
    return f"{line} ({LINES[line]})"


def _of_test(one: Requirement, place: str, figure: Meaning | None) -> Explanation:
    return Explanation(
        code=one.name,
        what=What.TEST,
        meaning=one.words[0].upper() + one.words[1:],
        advice=one.remedy,
        line=_named(one.line),
        limit=limits_of(one),
        source=one.default.source if one.default else one.source,
        option=one.example,
        formula=figure.formula if figure else "",
        place=place,
        parts=figure.parts if figure else {},
    )


def _of_figure(code: str, place: str, one: Meaning) -> Explanation:
    test = _TESTS.get(one.test)
    return Explanation(
        code=code,
        what=What.FIGURE,
        meaning=one.meaning,
        advice=one.advice or (test.remedy if test else ""),
        line=_named(test.line) if test else "",
        source=one.source,
        formula=one.formula,
        place=place,
        test=one.test,
        parts=one.parts,
    )


@lru_cache
def _known() -> Mapping[str, Explanation]:
    return {one.code: one for one in explanations()}


def explanation_of(code: str) -> Explanation | None:
    """The meaning of a code, None where there is no such code.

    Args:
        code: As a label has it: a word, a test as ``l:category``, a figure by its place as ``risk.sharing.R`` or by its own name
            where no other has it, ``line 3`` or just ``3``, ``grade 2``.
    """
    if code.isdecimal():
        return _known().get(f"line {code}")
    return _known().get(code) or _known().get(code.partition(":")[0]) or _of_place(code)


def _of_place(code: str) -> Explanation | None:
    """The meaning of a figure by its place, by the end of it, or by the name of a part."""
    found = [one for one in _known().values() if one.place and _is_at(one, code)]
    return found[0] if len(found) == 1 else None


def _is_at(one: Explanation, code: str) -> bool:
    places = (one.place, *(f"{one.place}.{part}" for part in one.parts))
    return any(f".{place}".endswith(f".{code}") for place in places)
