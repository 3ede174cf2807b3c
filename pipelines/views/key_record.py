"""The record of what was done with keys, a line an event."""

from collections.abc import Mapping
from typing import Any

from rich.console import Console

from beam_deid.pipelines.language.words import word
from beam_deid.pipelines.views.cells import NO_VALUE, table
from beam_deid.pipelines.views.register_cells import minute, printable
from beam_deid.transforms.crypto.chained_record import Chain
from beam_deid.transforms.crypto.recorded import KeyAct

_ACTS: Mapping[str, str] = {
    KeyAct.CREATE: "keys made",
    KeyAct.ROTATE: "a key rotated",
    KeyAct.DESTROY: "keys destroyed",
    KeyAct.REIDENTIFY: "values re-identified",
    KeyAct.DESTROY_SECRETS: "secrets of persons destroyed",
}
_EVENTS = {"begun": "is begun", "done": "is done", "failed": "has failed"}


def show_chain(out: Console, chain: Chain, path: str) -> None:
    """Show the lines of a record that fit, and the hash of the last of them."""
    if chain.lines:
        listed = table("at", "who", "host", "what", "with", "why")
        for line in chain.lines:
            listed.add_row(*_cells(line))
        out.print(listed)
    if chain.broken is None:
        lines = "1 line" if len(chain.lines) == 1 else f"{len(chain.lines)} lines"
        out.print(f"{lines}, each bound to the one before: {printable(path)}", soft_wrap=True)
    if chain.head is not None and chain.broken is None:
        out.print(f"hash of the last line: {chain.head}", soft_wrap=True)
        out.print("Write it down elsewhere: --holds HASH shows later whether lines at the end were taken away.")


def _cells(line: Mapping[str, Any]) -> tuple[str, ...]:
    who = printable(str(line.get("operator") or line["who"]))
    act = str(line.get("act", KeyAct.REIDENTIFY))
    event = str(line["event"])
    return (
        minute(str(line["at"])),
        who,
        printable(str(line["host"])),
        f"{word(_ACTS.get(act, printable(act)))}\n{word(_EVENTS.get(event, printable(event)))}",
        printable(_with(line)),
        printable(str(line.get("why") or NO_VALUE)),
    )


def _with(line: Mapping[str, Any]) -> str:
    """Which keys, with how many secrets under them, or which release's fields."""
    keys = line.get("keys")
    if isinstance(keys, list):
        named = ", ".join(f"{key['id']} ({key['name']})" for key in keys if isinstance(key, dict))
        return f"{named}: {line['secrets']}" if isinstance(line.get("secrets"), int) else named
    fields = line.get("fields")
    if isinstance(fields, list):
        return f"{line.get('release')}: {', '.join(map(str, fields))}"
    return NO_VALUE
