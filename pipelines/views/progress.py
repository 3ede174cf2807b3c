"""How far a command is, as a bar that stays in its line and is gone when the command ends."""

import time
from collections.abc import Callable
from types import TracebackType

from rich.console import Console, RenderableType
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Column

from beam_deid.pipelines.views.progress_lines import short_details_of, step_of
from beam_deid.transforms.run.progress import Now

_BAR = 12
_STEPS = 1000
"""Into so many pieces the bar is cut."""


class Bar:
    """The bar of one command; shown while the ``with`` block lasts.

    Args:
        out: Where it is shown.
        clock: Tells seconds, on a clock that only goes forward.
    """

    def __init__(self, out: Console, clock: Callable[[], float] = time.monotonic) -> None:
        self._progress = Progress(
            TimeElapsedColumn(),
            TextColumn("{task.description}", markup=False),
            BarColumn(_BAR),
            TextColumn(
                "{task.fields[said]}",
                style="none",
                markup=False,
                table_column=Column(no_wrap=True, overflow="ellipsis", ratio=1),
            ),
            console=out,
            expand=True,
            transient=True,
            get_time=clock,
        )
        self._task = self._progress.add_task("", total=None, said="")

    def __enter__(self) -> "Bar":
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    @property
    def line(self) -> RenderableType:
        """The bar as it is shown now."""
        return self._progress.get_renderable()

    def show(self, now: Now) -> None:
        """Show how far the command is."""
        total = None if now.share is None else _STEPS
        self._progress.update(
            self._task,
            description=step_of(now),
            total=total,
            completed=round(_STEPS * (now.share or 0.0)),
            said=short_details_of(now),
        )
