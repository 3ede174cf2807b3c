"""``beam-deid keys``: keyrings made, listed, rotated, and their keys destroyed."""

import os
import sys
from contextlib import AbstractContextManager

import click
from rich.markup import escape
from rich.table import Table

from beam_deid.pipelines import options, output
from beam_deid.transforms.crypto.keks import KEKS, kek_kind
from beam_deid.transforms.crypto.keks.passphrase import PassphraseKek
from beam_deid.transforms.crypto.keyring import (
    DATA,
    DEFAULT_NAME,
    DESTROYED,
    REGISTER_NAME,
    SIGN,
    SIGNING_NAME,
    Keyring,
    KeyVersion,
)
from beam_deid.transforms.crypto.keyring_file import Change, change, create, opened
from beam_deid.transforms.errors import UsageError

_FORMS = ", ".join(kek.form for kek in KEKS)

ring_argument = click.argument("ring", metavar="FILE", type=click.Path(dir_okay=False))
name_option = click.option("--name", default=DEFAULT_NAME, show_default=True, help="Name of the key in the keyring.")


@click.group(
    epilog="""\b
Examples:
  export BEAM_DEID_KEK=$(python3 -c 'import secrets; print(secrets.token_hex(32))')
  beam-deid keys create keys/orders.keyring --kek env:BEAM_DEID_KEK
  beam-deid keys list keys/orders.keyring
  beam-deid keys rotate keys/orders.keyring
  beam-deid keys destroy keys/orders.keyring --id 1284924461 --output out"""
)
def keys() -> None:
    """Make, list, rotate and destroy the keys of a keyring.

    A policy names its keyring: keys: {keyring: keys/orders.keyring}. The keys in it are encrypted under a
    key-encryption key that is kept elsewhere.
    """


@keys.command(
    name="create",
    epilog=f"""\b
Examples:
  beam-deid keys create keys/orders.keyring --kek env:BEAM_DEID_KEK
  beam-deid keys create keys/orders.keyring --name marketing
  beam-deid keys create keys/orders.keyring --sign

Forms of --kek: {_FORMS}.""",
)
@ring_argument
@click.option(
    "--kek", metavar="SOURCE", help="Where the key-encryption key of a new keyring comes from, never the key itself."
)
@click.option(
    "--name", help=f"Name of the key in the keyring.  [default: {DEFAULT_NAME}, or {SIGNING_NAME} with --sign]"
)
@click.option("--sign", is_flag=True, help="Make a key that signs labels, for policies with sign: keyring.")
@options.json_option
def create_key(ring: str, kek: str | None, name: str | None, sign: bool, as_json: bool) -> None:
    """Make the keyring FILE with one key; or, without --kek, add a key of another --name to it.

    With --sign the key is an Ed25519 key that signs labels and protects no data. Its public key, which `keys list` shows,
    is what others give to `beam-deid verify --key`.
    """
    purpose = SIGN if sign else DATA
    name = (SIGNING_NAME if sign else DEFAULT_NAME) if name is None else name
    if kek is None:
        if not os.path.exists(ring):
            raise UsageError("a new keyring needs --kek", ring, f"Its forms: {_FORMS}")
        with _changing(ring) as changing:
            if any(key.name == name for key in changing.ring.keys):
                raise UsageError("the keyring has a key of that name", ring, "Add another --name, or rotate this one")
            changing.save(changing.ring.with_new(name, changing.ring.opener(), purpose))
            made = changing.ring
    else:
        made = create(ring, _anchored(kek), name, purpose)
    _say_new(made, name, "made", as_json)


@keys.command(name="list")
@ring_argument
@options.json_option
def list_keys(ring: str, as_json: bool) -> None:
    """List the keys of FILE; opens none of them."""
    found = opened(ring)
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for heading in ("id", "name", "purpose", "state", "created", "destroyed"):
        table.add_column(heading)
    for key in found.keys:
        table.add_row(str(key.id), key.name, key.purpose, key.state, key.created, key.destroyed or "–")
    out = output.console(as_json)
    out.print(f"keyring {found.id}, under {escape(found.opener().where)}")
    out.print(table)
    for key in found.keys:
        if key.public:
            out.print(f"public key of {key.id} ({key.name}): {key.public}", soft_wrap=True)
    if as_json:
        output.emit({"id": found.id, "kek": found.opener().where, "keys": [_shown(key) for key in found.keys]})


@keys.command()
@ring_argument
@name_option
@options.json_option
def rotate(ring: str, name: str, as_json: bool) -> None:
    """Make a new version of a key in FILE. Old tokens stay restorable; new ones bear the new id and differ from them.

    A new version of a signing key has another public key; what the old one signed is checked with the old public key.
    """
    with _changing(ring) as changing:
        changing.ring.versions(name)
        changing.save(changing.ring.with_new(name, changing.ring.opener()))
        _say_new(changing.ring, name, "rotated", as_json)


@keys.command(
    epilog="""\b
Examples:
  beam-deid keys destroy keys/orders.keyring --id 1284924461 --output out
  beam-deid keys destroy keys/orders.keyring --name marketing --output out/2026-11 --output out/2026-12 --yes"""
)
@ring_argument
@click.option("--id", "identity", type=int, metavar="ID", help="The version to destroy.")
@click.option("--name", help="Destroy all versions of the key of this name.")
@click.option(
    "--output", "outputs", multiple=True, metavar="DIR", help="A published run: say what changes in it; repeatable."
)
@click.option("--yes", is_flag=True, help="Do not ask.")
@options.json_option
def destroy(
    ring: str, identity: int | None, name: str | None, outputs: tuple[str, ...], yes: bool, as_json: bool
) -> None:
    """Destroy keys of FILE for good: what they made can never be restored again. Asks before it acts.

    Destroying a key never makes a published release anonymized; only a new run can, for only a run measures. What a
    destroyed signing key signed can still be checked with its public key, which stays in FILE.

    The wrapped key is overwritten and removed; the id stays with the date. Copies of the keyring that you made
    elsewhere, backups too, are yours to destroy.
    """
    from beam_deid.transforms.label.reliances import reliances

    if (identity is None) == (name is None):
        raise UsageError(
            "say which key", "beam-deid keys destroy", "Give either --id or --name; `beam-deid keys list` shows them"
        )
    out = output.console(as_json)
    found = opened(ring)
    chosen = [found.version(identity)] if identity is not None else list(found.versions(str(name)))
    chosen = [key for key in chosen if key.state != DESTROYED]
    if not chosen:
        raise UsageError("this key was destroyed before", ring, "`beam-deid keys list` shows when")
    for key in chosen:
        out.print(f"[bold]{key.id}[/bold] ({key.name}, {key.state}, made {key.created}) will be destroyed.")
        if key.purpose == SIGN:
            out.print("  It signs nothing from then on; what it signed can still be checked with its public key.")
        if key.name == REGISTER_NAME:
            out.print(
                "  A register was made with it: what was given out of its dataset can be tested with nothing any more,"
            )
            out.print("  and runs with that register stop from then on.")
    resting = reliances(outputs, [key.id for key in chosen])
    for one in resting:
        fields = escape(", ".join(one.fields))
        out.print(f"  {escape(one.output)}/{one.release} ({one.label}) rests on it: {fields} can be restored no more.")
    if not outputs and any(key.purpose == DATA for key in chosen):
        out.print("  Which published releases rest on it is not known here; name their folders by --output DIR.")
    if not yes:
        if not sys.stdin.isatty():
            raise UsageError("nobody is here to be asked", "beam-deid keys destroy", "Add --yes")
        click.confirm("Destroy? This cannot be undone", abort=True, err=as_json)
    with change(ring) as changing:
        left = changing.ring
        for key in chosen:
            left = left.without(key.id)
        changing.save(left)
    out.print("Destroyed.")
    for folder in dict.fromkeys(one.output for one in resting):
        out.print(f"Now run: beam-deid label --again {escape(folder)}")
    if resting:
        out.print("That never makes a published release anonymized; only a new run can.")
    if as_json:
        gone = [_shown(changing.ring.version(key.id)) for key in chosen]
        rest = [{"output": o.output, "release": o.release, "label": o.label, "fields": list(o.fields)} for o in resting]
        output.emit({"destroyed": gone, "releases": rest})


def _changing(ring: str) -> AbstractContextManager[Change]:
    _ask_for_passphrase(opened(ring).kek["source"])
    return change(ring)


def _anchored(source: str) -> str:
    """A source that means the same from any folder."""
    if kek_kind(source).scheme == "file":
        return f"file:{os.path.abspath(os.path.expanduser(source.partition(':')[2]))}"
    _ask_for_passphrase(source, new=True)
    return source


def _ask_for_passphrase(source: str, *, new: bool = False) -> None:
    """Ask a person for the passphrase where the environment does not hold it; it stays in this process."""
    scheme, _, variable = source.partition(":")
    if scheme == PassphraseKek.scheme and variable not in os.environ and sys.stdin.isatty():
        os.environ[variable] = click.prompt(
            f"Passphrase of the keyring ({variable})", hide_input=True, confirmation_prompt=new, err=True
        )


def _say_new(ring: Keyring, name: str, what: str, as_json: bool) -> None:
    key = ring.primary(name)
    out = output.console(as_json)
    out.print(f"{what}: key [bold]{key.id}[/bold] ({name}) in {escape(ring.path)}, under {escape(ring.opener().where)}")
    if key.public:
        out.print(f"Its public key, for beam-deid verify --key: {key.public}", soft_wrap=True)
    if what == "made" and key.purpose == SIGN:
        out.print(f"In a policy: keys: {{keyring: {escape(os.path.abspath(ring.path))}}} and sign: keyring")
    elif what == "made":
        named = "" if name == DEFAULT_NAME else f", and key: keyring:{name}"
        out.print(f"In a policy: keys: {{keyring: {escape(os.path.abspath(ring.path))}}}{named}")
    if as_json:
        output.emit({"keyring": ring.id, "key": _shown(key)})


def _shown(key: KeyVersion) -> dict[str, object]:
    return {
        "id": key.id,
        "name": key.name,
        "purpose": key.purpose,
        "state": key.state,
        "created": key.created,
        "destroyed": key.destroyed,
        "public": key.public,
    }
