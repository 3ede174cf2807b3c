"""The keys of a keyring, and what it means to destroy some."""

import os
from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from beam_deid.pipelines.program import program
from beam_deid.pipelines.views.cells import NO_VALUE
from beam_deid.transforms.crypto.key_terms import DATA, DEFAULT_NAME, REGISTER_NAME, SIGN
from beam_deid.transforms.crypto.keyring import Keyring, KeyVersion
from beam_deid.transforms.label.reliances import Reliance


def show_keys(out: Console, ring: Keyring) -> None:
    """Show all keys of a keyring, and the public keys of those that sign."""
    out.print(f"keyring {ring.id}, under {escape(ring.opener().where)}")
    _show_table(out, ring.keys)
    for key in ring.keys:
        if key.public:
            out.print(f"public key of {key.id} ({key.name}): {key.public}", soft_wrap=True)


def _show_table(out: Console, keys: Sequence[KeyVersion]) -> None:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for heading in ("id", "name", "purpose", "state", "created", "destroyed"):
        table.add_column(heading)
    for key in keys:
        table.add_row(str(key.id), key.name, key.purpose, key.state, key.created, key.destroyed or NO_VALUE)
    out.print(table)


def show_made(out: Console, ring: Keyring, name: str) -> None:
    """Show a key that was made, and how a policy names it."""
    key = ring.primary(name)
    _show_new(out, ring, key, "made")
    keyring = f"keys: {{keyring: {escape(os.path.abspath(ring.path))}}}"
    if key.purpose == SIGN:
        out.print(f"In a policy: {keyring} and sign: keyring")
    else:
        named = "" if name == DEFAULT_NAME else f", and key: keyring:{name}"
        out.print(f"In a policy: {keyring}{named}")


def show_rotated(out: Console, ring: Keyring, name: str) -> None:
    """Show the new version of a key."""
    _show_new(out, ring, ring.primary(name), "rotated")


def _show_new(out: Console, ring: Keyring, key: KeyVersion, what: str) -> None:
    where = f"in {escape(ring.path)}, under {escape(ring.opener().where)}"
    out.print(f"{what}: key [bold]{key.id}[/bold] ({key.name}) {where}")
    if key.public:
        out.print(f"Its public key, for {program()} verify --key: {key.public}", soft_wrap=True)


def show_destroying(
    out: Console, keys: Sequence[KeyVersion], relying: Sequence[Reliance], outputs: Sequence[str]
) -> None:
    """Show what destroying keys means, before anybody is asked.

    Args:
        out: Where it is shown.
        keys: The keys that will be destroyed.
        relying: The published releases that rest on them.
        outputs: The folders in which such releases were looked for.
    """
    for key in keys:
        _show_loss(out, key)
    for one in relying:
        fields = escape(", ".join(one.fields))
        where = f"{escape(one.output)}/{one.release} ({one.label})"
        out.print(f"  {where} rests on it: {fields} can be re-identified no more.")
    if not outputs and any(key.purpose == DATA for key in keys):
        out.print("  Which published releases rest on it is not known here; name their folders by --output DIR.")


def _show_loss(out: Console, key: KeyVersion) -> None:
    out.print(f"[bold]{key.id}[/bold] ({key.name}, {key.state}, made {key.created}) will be destroyed.")
    if key.purpose == SIGN:
        out.print("  It signs nothing from then on; what it signed can still be checked with its public key.")
    if key.name == REGISTER_NAME:
        out.print(
            "  A register was made with it: what was given out of its dataset can be tested with nothing any more,"
        )
        out.print("  and runs with that register stop from then on.")


def show_destroyed(out: Console, relying: Sequence[Reliance]) -> None:
    """Show that keys were destroyed, and what to do next."""
    out.print("Destroyed.")
    for folder in dict.fromkeys(one.output for one in relying):
        out.print(f"Now run: {program()} label --again {escape(folder)}")
    if relying:
        out.print("That never makes a published release anonymized; only a new run can.")
