"""The colours of charts, which never tell by themselves what words do not tell as well."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Colours:
    """What a chart is painted with.

    Attributes:
        ink: Words and axes.
        bar: What is counted.
        lost: What is left out, or lies below a limit.
        mark: What is drawn over bars.
    """

    ink: str
    bar: str
    lost: str
    mark: str


PAGE = Colours(
    ink="currentColor",
    bar="var(--chart-bar, #3f7fc4)",
    lost="var(--chart-lost, #c4583f)",
    mark="var(--chart-mark, #8a6fb8)",
)
"""For charts within a page, whose text has the page's colour. A page may set the properties; what stands beside them is legible
on white and on black (3:1 at least, WCAG 2.1, 1.4.11)."""

PAPER = Colours(ink="#222222", bar="#3f7fc4", lost="#c4583f", mark="#8a6fb8")
"""For pictures in files of their own, on white."""
