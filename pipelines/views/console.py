"""A console whose reader may go away."""

from rich.console import Console

from beam_deid.pipelines.output import leave_unread


class PatientConsole(Console):
    """A console that says no more once nobody reads it, and lets the command come to its end with its own exit code."""

    def on_broken_pipe(self) -> None:
        """Say nothing more; Rich would end the process."""
        self.quiet = True
        leave_unread(2 if self.stderr else 1)
