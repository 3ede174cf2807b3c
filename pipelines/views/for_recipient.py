"""What a label states of its release's recipient, in a line."""

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.padding import Padding


def show_statement(out: Console, label: Mapping[str, Any]) -> None:
    """Show what a release is for its recipient, with what that rests on or what is missing; nothing where nothing is stated.

    Args:
        out: Where it is shown.
        label: The content of ``label.json``.
    """
    stated = label.get("for_recipient")
    if stated is None:
        return
    said = f"for its recipient: [bold]{stated['statement']}[/bold]; {escape(_why(stated))}"
    out.print(Padding(said, (0, 0, 0, 2), expand=False) if out.is_terminal else f"  {said}")


def _why(stated: Mapping[str, Any]) -> str:
    if stated["unknown"]:
        return "; ".join(stated["unknown"])
    if stated["failing"]:
        return f"failing: {', '.join(stated['failing'])}"
    return f"it rests on {stated['rests_on']}"
