"""``beam-deid releases``: what a register says was given out, listed, shown, compared, forgotten and made smaller; and of whom."""

import sys
from dataclasses import asdict

import click

from beam_deid.pipelines import options, output
from beam_deid.pipelines.completing import complete_entry, complete_folder
from beam_deid.pipelines.language.words import said
from beam_deid.pipelines.recording import reason_of
from beam_deid.transforms.errors import UsageError

register_argument = click.argument("register", metavar="REGISTER", shell_complete=complete_folder)
output_option = click.option(
    "--output", "-o", "output_folder", metavar="DIR", help="Where REGISTER is a policy: the --output of its runs."
)


@click.group(
    cls=options.JsonGroup,
    epilog="""\b
Examples:
  beam-deid releases list orders.register
  beam-deid releases show orders.register analytics.2
  beam-deid releases diff orders.register analytics.1 analytics.2
  beam-deid releases forget orders.register analytics.1 --reason 'a trial; it never left this machine'
  beam-deid releases compact s3://bucket/orders.register
  beam-deid releases persons orders.register""",
)
def releases() -> None:
    """List, show, compare and forget what was given out before, and count the persons.

    REGISTER is the folder, local or in a store, in which runs register what they publish, so that a new release is tested
    together with all earlier ones of the same records.
    """


@releases.command(
    name="list",
    epilog="""\b
Examples:
  beam-deid releases list orders.register
  beam-deid releases list s3://bucket/orders.register --json""",
)
@register_argument
@output_option
@options.json_option
def list_releases(register: str, output_folder: str | None, as_json: bool) -> None:
    """List what is in REGISTER: every release that was published, and what became of it.

    At the end stands how many of them a new release of the same records is tested together with, and how large the tables of
    fingerprints are.
    """
    from beam_deid.pipelines.registered import list_document, opened
    from beam_deid.pipelines.views.register_list import show_list

    path, found = opened(register, output_folder)
    show_list(output.console(as_json), found)
    if as_json:
        output.emit(list_document(found, path))


@releases.command(
    epilog="""\b
Examples:
  beam-deid releases show orders.register analytics.2
  beam-deid releases show orders.register analytics.2 --json"""
)
@register_argument
@click.argument("name", metavar="NAME", shell_complete=complete_entry)
@output_option
@options.json_option
def show(register: str, name: str, output_folder: str | None, as_json: bool) -> None:
    """Show all that REGISTER holds of the release NAME: its label, levels and losses, its files, and what became of it."""
    from beam_deid.pipelines.registered import entry_named, opened, show_document
    from beam_deid.pipelines.views.register_entry import show_entry

    path, found = opened(register, output_folder)
    entry = entry_named(found, name, path)
    show_entry(output.console(as_json), found, entry)
    if as_json:
        output.emit(show_document(found, entry))


@releases.command(
    epilog="""\b
Examples:
  beam-deid releases diff orders.register analytics.1 analytics.2
  beam-deid releases diff orders.register analytics.1 analytics.2 --json"""
)
@register_argument
@click.argument("one", metavar="ONE", shell_complete=complete_entry)
@click.argument("other", metavar="OTHER", shell_complete=complete_entry)
@output_option
@options.json_option
def diff(register: str, one: str, other: str, output_folder: str | None, as_json: bool) -> None:
    """Say what differs between the releases ONE and OTHER of REGISTER: their labels, fields, levels, records and inputs.

    The tests behind their labels are compared as well, where both label.json are still where they were published and are what
    was registered.
    """
    from beam_deid.pipelines.registered import difference_document, entry_named, opened
    from beam_deid.pipelines.views.register_difference import show_difference

    path, found = opened(register, output_folder)
    left = entry_named(found, one, path)
    right = entry_named(found, other, path)
    document = difference_document(left, right)
    show_difference(output.console(as_json), left, right, document)
    if as_json:
        output.emit(document)


@releases.command(
    epilog="""\b
Examples:
  beam-deid releases forget orders.register analytics.1 --reason 'a trial; it never left this machine'
  beam-deid releases forget orders.register analytics.1 --reason 'the agency never fetched it' --yes"""
)
@register_argument
@click.argument("name", metavar="NAME", shell_complete=complete_entry)
@click.option("--reason", required=True, metavar="TEXT", help="Why nobody can have it; it stands in the register.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@output_option
@options.json_option
def forget(register: str, name: str, reason: str, yes: bool, output_folder: str | None, as_json: bool) -> None:
    """Let no new release be tested together with the release NAME, for it was never given out. Asks before it acts.

    This is right only if nobody ever got it: whoever has it could find persons by it and a later release together. That it was
    made, and the reason, stays in REGISTER.
    """
    from beam_deid.pipelines.registered import entry_document, forget_entry, forgettable, opened, tested_now
    from beam_deid.pipelines.views.register_changes import show_forgetting, show_forgotten
    from beam_deid.transforms.storage.paths import shown

    why = str(reason_of(reason))
    path, found = opened(register, output_folder)
    entry = forgettable(found, name, path)
    out = output.console(as_json)
    show_forgetting(out, entry)
    if not yes:
        _ask(as_json)
    gone, left = forget_entry(path, entry, why)
    show_forgotten(out, left, entry, shown(path))
    if as_json:
        untested = {"records": entry.records.released, "since": entry.made_at} if entry.is_tested else None
        output.emit({"forgotten": entry_document(gone), "untested": untested, "tested": tested_now(left)})


def _ask(as_json: bool) -> None:
    if not sys.stdin.isatty():
        raise UsageError("nobody is here to be asked", "releases forget", "Add --yes")
    click.confirm(said("Forget? This cannot be undone"), abort=True, err=as_json)


@releases.command(
    epilog="""\b
Examples:
  beam-deid releases compact orders.register
  beam-deid releases compact s3://bucket/orders.register --json"""
)
@register_argument
@output_option
@options.json_option
def compact(register: str, output_folder: str | None, as_json: bool) -> None:
    """Make the tables of REGISTER smaller: what releases have in common is kept once, and what was forgotten is removed.

    Nothing that new releases are tested with is lost. No run may use REGISTER at the same time.
    """
    from beam_deid.pipelines.registered import opened
    from beam_deid.pipelines.views.register_changes import show_compacted
    from beam_deid.transforms.register.compacting import compact as compact_held
    from beam_deid.transforms.register.folder import hold
    from beam_deid.transforms.storage.paths import shown

    path, _ = opened(register, output_folder)
    with hold(path) as held:
        figures = compact_held(held)
    show_compacted(output.console(as_json), figures.before, figures.after, figures.records)
    if as_json:
        output.emit({"path": shown(path), **asdict(figures)})


@releases.command(
    epilog="""\b
Examples:
  beam-deid releases persons orders.register
  beam-deid releases persons orders.register --year 2026 --json"""
)
@register_argument
@click.option("--year", type=click.IntRange(1900, 9999), metavar="YEAR", help="The year. Default: this one, in China.")
@output_option
@options.json_option
def persons(register: str, year: int | None, output_folder: str | None, as_json: bool) -> None:
    """Count the persons whose records the runs of REGISTER read, and those given out abroad; each person counts once.

    Beside them stand the numbers of persons from which Chinese law asks for more, with what that would be and where it is
    written. No key is needed: persons are counted by their fingerprints.
    """
    from beam_deid.pipelines.registered import opened, persons_document
    from beam_deid.pipelines.views.persons import show_persons
    from beam_deid.transforms.clock import now
    from beam_deid.transforms.register.persons_counted import count_persons, year_of

    path, found = opened(register, output_folder)
    counted = count_persons(found, path, year_of(now()) if year is None else year)
    show_persons(output.console(as_json), found, counted)
    if as_json:
        output.emit(persons_document(counted, path))
