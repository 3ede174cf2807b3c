"""``beam-deid keys``: keyrings made, listed, rotated, and their keys destroyed; each time it is recorded."""

import os
import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

import click

from beam_deid.pipelines import options, output
from beam_deid.pipelines.commands import Command
from beam_deid.pipelines.language.words import said
from beam_deid.pipelines.passphrases import anchored, ask_for_passphrase
from beam_deid.pipelines.recording import operator_of, reason_of, record_of, record_options, show_record
from beam_deid.transforms.crypto.key_terms import DATA, DEFAULT_NAME, DESTROYED, SIGN, SIGNING_NAME
from beam_deid.transforms.errors import UsageError

if TYPE_CHECKING:
    from beam_deid.transforms.crypto.chained_record import ChainedRecord
    from beam_deid.transforms.crypto.keyring import Keyring, KeyVersion
    from beam_deid.transforms.crypto.keyring_file import Change
    from beam_deid.transforms.crypto.recorded import KeyAct
    from beam_deid.transforms.label.reliances import Reliance


def _forms() -> str:
    """How a user writes where a key-encryption key is."""
    from beam_deid.transforms.crypto.keks import KEKS

    return ", ".join(kek.form for kek in KEKS)


class _CreateCommand(Command):
    """A command whose help ends with the forms of ``--kek``, which are looked up only when the help is shown."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        super().format_epilog(ctx, formatter)
        formatter.write_paragraph()
        with formatter.indentation():
            formatter.write_text(f"Forms of --kek: {_forms()}.")


ring_argument = click.argument("ring", metavar="FILE", type=click.Path(dir_okay=False))
name_option = click.option("--name", default=DEFAULT_NAME, show_default=True, help="Name of the key in the keyring.")


@click.group(
    cls=options.JsonGroup,
    epilog="""\b
Examples:
  export BEAM_DEID_KEK=${BEAM_DEID_KEK:-$(python3 -c 'import secrets; print(secrets.token_hex(32))')}
  beam-deid keys create keys/orders.keyring --kek env:BEAM_DEID_KEK
  beam-deid keys list keys/orders.keyring
  beam-deid keys rotate keys/orders.keyring --reason 'yearly rotation'
  beam-deid keys destroy keys/orders.keyring --id 1284924461 --output out --reason 'end of the contract'
  beam-deid keys record keys/orders.keyring""",
)
def keys() -> None:
    """Make, list, rotate and destroy the keys of a keyring, and show who did.

    A policy names its keyring: keys: {keyring: keys/orders.keyring}. The keys in it are encrypted under a
    key-encryption key that is kept elsewhere. What is done with them is recorded before it is done, in a file beside the
    keyring.
    """


@keys.command(
    name="create",
    cls=_CreateCommand,
    epilog="""\b
Examples:
  beam-deid keys create keys/orders.keyring --kek env:BEAM_DEID_KEK
  beam-deid keys create keys/orders.keyring --name marketing
  beam-deid keys create keys/orders.keyring --sign""",
)
@ring_argument
@click.option(
    "--kek", metavar="SOURCE", help="Where the key-encryption key of a new keyring comes from, never the key itself."
)
@click.option(
    "--name", help=f"Name of the key in the keyring.  [default: {DEFAULT_NAME}, or {SIGNING_NAME} with --sign]"
)
@click.option("--sign", is_flag=True, help="Make a key that signs labels, for policies with sign: keyring.")
@record_options
@options.json_option
def create_key(
    ring: str,
    kek: str | None,
    name: str | None,
    sign: bool,
    reason: str | None,
    operator: str | None,
    record: str | None,
    as_json: bool,
) -> None:
    """Make the keyring FILE with one key; or, without --kek, add a key of another --name to it.

    With --sign the key is an Ed25519 key that signs labels and protects no data. Its public key, which `keys list` shows,
    is what others give to `beam-deid verify --key`.
    """
    purpose = SIGN if sign else DATA
    name = (SIGNING_NAME if sign else DEFAULT_NAME) if name is None else name
    sources = _sources(ring, kek)
    why = reason_of(reason, sources)
    kept = record_of(ring, record, operator_of(operator, sources))
    made = _added(ring, name, purpose, kept, why) if kek is None else _created(ring, kek, name, purpose, kept, why)
    from beam_deid.pipelines.views.keyring import show_made

    show_made(output.console(as_json), made, name)
    if as_json:
        _emit_new(made, name)


def _sources(ring: str, kek: str | None = None) -> tuple[str, ...]:
    """Where the key-encryption keys are that neither a reason nor an operator may hold."""
    from beam_deid.transforms.policy.key_sources import keyring_source

    return (kek or "", keyring_source(ring))


def _created(ring: str, kek: str, name: str, purpose: str, record: "ChainedRecord", reason: str | None) -> "Keyring":
    """A new keyring with one key."""
    from beam_deid.transforms.crypto.keyring_file import create
    from beam_deid.transforms.crypto.recorded import KeyAct, recorded

    source = anchored(kek)
    return create(ring, source, name, purpose, lambda made: recorded(record, KeyAct.CREATE, made, made.keys, reason))


def _added(ring: str, name: str, purpose: str, record: "ChainedRecord", reason: str | None) -> "Keyring":
    """A keyring with one key more."""
    from beam_deid.transforms.crypto.recorded import KeyAct

    if not os.path.exists(ring):
        raise UsageError("a new keyring needs --kek", ring, f"Its forms: {_forms()}")
    with _changing(ring) as changing:
        if any(key.name == name for key in changing.ring.keys):
            raise UsageError("the keyring has a key of that name", ring, "Add another --name, or rotate this one")
        return _with_new(changing, name, purpose, record, KeyAct.CREATE, reason)


def _with_new(
    changing: "Change", name: str, purpose: str, record: "ChainedRecord", act: "KeyAct", reason: str | None
) -> "Keyring":
    """A keyring once it has a new version of a key, which is recorded."""
    from beam_deid.transforms.crypto.recorded import recorded

    made = changing.ring.with_new(name, changing.ring.opener(), purpose)
    with recorded(record, act, made, [made.primary(name)], reason) as told:
        changing.save(told)
    return changing.ring


@keys.command(
    name="list",
    epilog="""\b
Examples:
  beam-deid keys list keys/orders.keyring
  beam-deid keys list keys/orders.keyring --json""",
)
@ring_argument
@options.json_option
def list_keys(ring: str, as_json: bool) -> None:
    """List the keys of FILE; opens none of them."""
    from beam_deid.pipelines.views.keyring import show_keys
    from beam_deid.transforms.crypto.keyring_file import opened

    found = opened(ring)
    show_keys(output.console(as_json), found)
    if as_json:
        output.emit({"id": found.id, "kek": found.opener().where, "keys": [_shown(key) for key in found.keys]})


@keys.command(
    name="rotate",
    epilog="""\b
Examples:
  beam-deid keys rotate keys/orders.keyring
  beam-deid keys rotate keys/orders.keyring --name marketing --reason 'yearly rotation' --operator 'Li Na'""",
)
@ring_argument
@name_option
@record_options
@options.json_option
def rotate_key(
    ring: str, name: str, reason: str | None, operator: str | None, record: str | None, as_json: bool
) -> None:
    """Make a new version of a key in FILE. Old tokens can still be re-identified; new ones bear the new id and differ from them.

    A new version of a signing key has another public key; what the old one signed is checked with the old public key.
    """
    from beam_deid.pipelines.views.keyring import show_rotated
    from beam_deid.transforms.crypto.recorded import KeyAct

    sources = _sources(ring)
    why = reason_of(reason, sources)
    kept = record_of(ring, record, operator_of(operator, sources))
    with _changing(ring) as changing:
        purpose = changing.ring.versions(name)[0].purpose
        rotated = _with_new(changing, name, purpose, kept, KeyAct.ROTATE, why)

    show_rotated(output.console(as_json), rotated, name)
    if as_json:
        _emit_new(rotated, name)


@keys.command(
    name="destroy",
    epilog="""\b
Examples:
  beam-deid keys destroy keys/orders.keyring --id 1284924461 --output out --reason 'end of the contract'
  beam-deid keys destroy keys/orders.keyring --name marketing --output out/2026-11 --output out/2026-12 --yes""",
)
@ring_argument
@click.option("--id", "identity", type=int, metavar="ID", help="The version to destroy.")
@click.option("--name", help="Destroy all versions of the key of this name.")
@click.option(
    "--output", "outputs", multiple=True, metavar="DIR", help="A published run: say what changes in it; repeatable."
)
@click.option("--yes", is_flag=True, help="Do not ask.")
@record_options
@options.json_option
def destroy_keys(
    ring: str,
    identity: int | None,
    name: str | None,
    outputs: tuple[str, ...],
    yes: bool,
    reason: str | None,
    operator: str | None,
    record: str | None,
    as_json: bool,
) -> None:
    """Destroy keys of FILE for good: what they made can never be re-identified again. Asks before it acts.

    Destroying a key never makes a published release anonymized; only a new run can, for only a run measures. What a
    destroyed signing key signed can still be checked with its public key, which stays in FILE.

    The wrapped key is overwritten and removed; the id stays with the date. Copies of the keyring that you made
    elsewhere, backups too, are yours to destroy.
    """
    from beam_deid.pipelines.views.keyring import show_destroyed, show_destroying
    from beam_deid.transforms.label.reliances import reliances

    sources = _sources(ring)
    why = reason_of(reason, sources)
    kept = record_of(ring, record, operator_of(operator, sources))
    chosen = _chosen(ring, identity, name)
    relying = reliances(outputs, [key.id for key in chosen])
    out = output.console(as_json)
    show_destroying(out, chosen, relying, outputs)
    if not yes:
        why = _asked(why, sources, as_json)
    left = _without(ring, chosen, kept, why)
    show_destroyed(out, relying)
    if as_json:
        _emit_destroyed([left.version(key.id) for key in chosen], relying)


def _chosen(ring: str, identity: int | None, name: str | None) -> list["KeyVersion"]:
    """The keys that are to be destroyed, and were not before."""
    from beam_deid.transforms.crypto.keyring_file import opened

    if (identity is None) == (name is None):
        advice = "Give either --id or --name; `beam-deid keys list` shows them"
        raise UsageError("say which key", "keys destroy", advice)
    found = opened(ring)
    versions = [found.version(identity)] if identity is not None else found.versions(str(name))
    chosen = [key for key in versions if key.state != DESTROYED]
    if not chosen:
        raise UsageError("this key was destroyed before", ring, "`beam-deid keys list` shows when")
    return chosen


def _asked(reason: str | None, sources: Sequence[str], as_json: bool) -> str | None:
    """Ask whether keys are to be destroyed, and why, unless that is said."""
    if not sys.stdin.isatty():
        raise UsageError("nobody is here to be asked", "keys destroy", "Add --yes, and --reason TEXT")
    click.confirm(said("Destroy? This cannot be undone"), abort=True, err=as_json)
    if reason is not None:
        return reason
    return reason_of(click.prompt(said("Why? It stands in the record"), err=as_json), sources)


def _without(ring: str, chosen: Sequence["KeyVersion"], record: "ChainedRecord", reason: str | None) -> "Keyring":
    """The keyring, once the keys are destroyed in its file."""
    from beam_deid.transforms.crypto.keyring_file import change
    from beam_deid.transforms.crypto.recorded import KeyAct, recorded

    with change(ring) as changing:
        left = changing.ring
        for key in chosen:
            left = left.without(key.id)
        with recorded(record, KeyAct.DESTROY, left, chosen, reason):
            changing.save(left)
        return changing.ring


@keys.command(
    name="record",
    epilog="""\b
Examples:
  beam-deid keys record keys/orders.keyring
  beam-deid keys record policy.yaml.restored.jsonl --json

Exit codes: 0 every line is bound to the one before, 1 a line is not, or lines of the keyring's keys are gone, 2 there is no
record.""",
)
@ring_argument
@click.option(
    "--holds", metavar="SHA256", help="A line of this hash must be in it, as it was shown when the line was the last."
)
@options.json_option
def show_key_record(ring: str, holds: str | None, as_json: bool) -> None:
    """Show who made, rotated and destroyed keys of the keyring FILE, when and why, and check that no line was changed.

    FILE may also be a record itself: that of a keyring, or of `beam-deid reidentify`. Each line holds the hash of the one
    before, so that a line which was changed or taken out shows, and the first such line is named.
    """
    show_record(ring, holds, as_json)


def _emit_destroyed(gone: Sequence["KeyVersion"], relying: Sequence["Reliance"]) -> None:
    releases = [{"output": o.output, "release": o.release, "label": o.label, "fields": list(o.fields)} for o in relying]
    output.emit({"destroyed": [_shown(key) for key in gone], "releases": releases})


def _changing(ring: str) -> AbstractContextManager["Change"]:
    from beam_deid.transforms.crypto.keyring_file import change, opened

    ask_for_passphrase(opened(ring).kek["source"])
    return change(ring)


def _emit_new(ring: "Keyring", name: str) -> None:
    output.emit({"keyring": ring.id, "key": _shown(ring.primary(name))})


def _shown(key: "KeyVersion") -> dict[str, object]:
    return {
        "id": key.id,
        "name": key.name,
        "purpose": key.purpose,
        "state": key.state,
        "created": key.created,
        "destroyed": key.destroyed,
        "public": key.public,
    }
