"""What would change a label."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Change:
    """The nearest change that would make one failing test pass.

    Attributes:
        line: The line of the label rule that the test belongs to, 1 to 9.
        test: The test's name.
        columns: The released columns that it looks at.
        drop: Columns of which leaving out any one would do, at the same levels; None if that was not looked for.
        suppress: Share of the rows that would have to be suppressed, at the same levels; None if that does not help.
        text: The change in a sentence without a full stop.
    """

    line: int
    test: str
    columns: tuple[str, ...]
    drop: tuple[str, ...] | None
    suppress: float | None
    text: str
