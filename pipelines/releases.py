"""``beam-deid releases``: what a register says was given out, listed, shown, compared, forgotten and made smaller."""

import sys
from dataclasses import asdict
from typing import Any

import click

from beam_deid.pipelines import options, output
from beam_deid.transforms.errors import UsageError
from beam_deid.transforms.label.documents import plain
from beam_deid.transforms.register.document import COUNTED, Document, Entry, Event, State
from beam_deid.transforms.storage.paths import shown

_POLICIES = (".yaml", ".yml")
_NAMED = 20  # names that a message lists
_COMMAND = "beam-deid releases"

register_argument = click.argument("register", metavar="REGISTER")
output_option = click.option(
    "--output", "-o", "output_folder", metavar="DIR", help="Where REGISTER is a policy: the --output of its runs."
)


@click.group(
    epilog="""\b
Examples:
  beam-deid releases list orders.register
  beam-deid releases show orders.register analytics.2
  beam-deid releases diff orders.register analytics.1 analytics.2
  beam-deid releases forget orders.register analytics.1 --reason 'a trial; it never left this machine'
  beam-deid releases compact s3://bucket/orders.register"""
)
def releases() -> None:
    """List, show, compare and forget what was given out before.

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
    from beam_deid.pipelines.entries import show_list, sizes, suppressed_share

    path, found = _opened(register, output_folder)
    show_list(output.console(as_json), found)
    if as_json:
        listed = [
            {
                "name": entry.name,
                "made_at": entry.made_at,
                "label": entry.label,
                "state": entry.state,
                "sharing": entry.sharing,
                "recipient": entry.recipient,
                "records": entry.records.to_document(),
                "suppressed_share": suppressed_share(entry),
                "is_tested": entry.is_tested,
            }
            for entry in found.releases
        ]
        output.emit(
            {
                "path": shown(path),
                "register": found.register,
                "dataset": found.dataset,
                "revision": found.revision,
                "written_at": found.written_at,
                "releases": listed,
                "tested": _tested(found),
                "tables": sizes(found),
            }
        )


@releases.command(
    epilog="""\b
Examples:
  beam-deid releases show orders.register analytics.2
  beam-deid releases show orders.register analytics.2 --json"""
)
@register_argument
@click.argument("name", metavar="NAME")
@output_option
@options.json_option
def show(register: str, name: str, output_folder: str | None, as_json: bool) -> None:
    """Show all that REGISTER holds of the release NAME: its label, levels and losses, its files, and what became of it."""
    from beam_deid.pipelines.entries import later_tested, show_entry, suppressed_share

    path, found = _opened(register, output_folder)
    entry = _entry(found, name, path)
    show_entry(output.console(as_json), found, entry)
    if as_json:
        output.emit(
            {
                **_whole(entry),
                "suppressed_share": suppressed_share(entry),
                "is_tested": entry.is_tested,
                "together_later": later_tested(found, entry),
            }
        )


@releases.command(
    epilog="""\b
Examples:
  beam-deid releases diff orders.register analytics.1 analytics.2
  beam-deid releases diff orders.register analytics.1 analytics.2 --json"""
)
@register_argument
@click.argument("one", metavar="ONE")
@click.argument("other", metavar="OTHER")
@output_option
@options.json_option
def diff(register: str, one: str, other: str, output_folder: str | None, as_json: bool) -> None:
    """Say what differs between the releases ONE and OTHER of REGISTER: their labels, fields, levels, records and inputs.

    The tests behind their labels are compared as well, where both label.json are still where they were published and are what
    was registered.
    """
    from beam_deid.pipelines.entries import show_difference
    from beam_deid.transforms.register.comparing import difference, differs

    path, found = _opened(register, output_folder)
    left = _entry(found, one, path)
    right = _entry(found, other, path)
    differing = difference(left, right)
    document = {
        "one": left.name,
        "other": right.name,
        "same": not differs(differing),
        **differing,
        "tests": _tests(left, right),
    }
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
@click.argument("name", metavar="NAME")
@click.option("--reason", required=True, metavar="TEXT", help="Why nobody can have it; it stands in the register.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@output_option
@options.json_option
def forget(register: str, name: str, reason: str, yes: bool, output_folder: str | None, as_json: bool) -> None:
    """Let no new release be tested together with the release NAME, for it was never given out. Asks before it acts.

    This is right only if nobody ever got it: whoever has it could find persons by it and a later release together. That it was
    made, and the reason, stays in REGISTER.
    """
    from beam_deid.pipelines.entries import show_forgetting, show_forgotten
    from beam_deid.transforms.clock import now
    from beam_deid.transforms.register.folder import hold

    why = _reason(reason)
    path, found = _opened(register, output_folder)
    entry = _forgettable(found, name, path)
    out = output.console(as_json)
    show_forgetting(out, entry)
    if not yes:
        if not sys.stdin.isatty():
            raise UsageError("nobody is here to be asked", f"{_COMMAND} forget", "Add --yes")
        click.confirm("Forget? This cannot be undone", abort=True, err=as_json)
    with hold(path) as held:
        # A run may have replaced it, or registered something that was tested with it, while somebody thought.
        if held.document is None or held.document.entry(name) != entry:
            raise UsageError(
                "the register has changed since this was asked", shown(path), "Look at it, and forget again"
            )
        gone = entry.after(Event(now(), State.FORGOTTEN, reason=why))
        left = held.save(held.document.with_entries({name: gone}))
    show_forgotten(out, left, entry, shown(path))
    if as_json:
        untested = {"records": entry.records.released, "since": entry.made_at} if entry.is_tested else None
        output.emit({"forgotten": _whole(gone), "untested": untested, "tested": _tested(left)})


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
    from beam_deid.pipelines.entries import show_compacted
    from beam_deid.transforms.register.compacting import compact as compact_held
    from beam_deid.transforms.register.folder import hold

    path, _ = _opened(register, output_folder)
    with hold(path) as held:
        figures = compact_held(held)
    show_compacted(output.console(as_json), figures.before, figures.after, figures.records)
    if as_json:
        output.emit({"path": shown(path), **asdict(figures)})


def _opened(register: str, output_folder: str | None) -> tuple[str, Document]:
    """The folder of a register, and its newest revision."""
    from beam_deid.transforms.register.folder import read

    path = _register_of(register, output_folder)
    found = read(path)
    if found is None:
        raise UsageError(
            "there is no register here",
            shown(path),
            "Name the folder that a run registered in: DATASET.register beside its output",
        )
    return path, found


def _register_of(path: str, output_folder: str | None) -> str:
    """The folder of the register that is meant.

    Args:
        path: The folder, or a policy whose runs register there.
        output_folder: Where it is a policy: the output of its runs.
    """
    from beam_deid.transforms.policy.reader import read_policy
    from beam_deid.transforms.policy.register_place import register_place
    from beam_deid.transforms.storage.paths import absolute

    if not shown(path).endswith(_POLICIES):
        if output_folder is not None:
            raise UsageError("an output is asked for only where a policy is named", "--output", "Leave it out")
        return absolute(path)
    place = register_place(read_policy(path, key_given=True), output_folder, key_given=True)
    if place.missing:
        raise UsageError(
            place.missing, shown(path), "Name the output of its runs by --output DIR, or the register's folder"
        )
    return place.path


def _entry(found: Document, name: str, path: str) -> Entry:
    entry = found.entry(name)
    if entry is not None:
        return entry
    names = [one.name for one in found.releases]
    known = ", ".join(names[-_NAMED:]) or "nothing"
    told = f"It has: {known}" if len(names) <= _NAMED else f"The latest of {len(names):,}: {known}"
    raise UsageError("the register has no release of that name", shown(path), told)


def _forgettable(found: Document, name: str, path: str) -> Entry:
    entry = _entry(found, name, path)
    if entry.state in COUNTED:
        return entry
    said = next((event for event in reversed(entry.events) if event.state is entry.state), None)
    when = f" on {said.at}" if said is not None else ""
    raise UsageError(
        f"this release was {entry.state}{when}: nothing new is tested with it",
        shown(path),
        f"See: {_COMMAND} show {shown(path)} {entry.name}",
    )


def _whole(entry: Entry) -> dict[str, Any]:
    """An entry as JSON has it."""
    told: dict[str, Any] = plain(asdict(entry))
    return told


def _reason(text: str) -> str:
    """A reason as one line."""
    why = " ".join(text.split())
    if not why or not why.isprintable():
        raise UsageError("a reason is a line of text", "--reason", "Say why nobody can have it")
    return why


def _tested(found: Document) -> dict[str, Any]:
    """What a new release of the same records is tested together with."""
    tested = found.tested
    return {"releases": [entry.name for entry in tested], "records": sum(entry.records.released for entry in tested)}


def _tests(one: Entry, other: Entry) -> dict[str, Any]:
    """What differs in the tests of two labels, or why that cannot be told."""
    from beam_deid.transforms.register.comparing import differing_tests

    (left, left_problem) = _registered_label(one)
    (right, right_problem) = _registered_label(other)
    differing = None if left is None or right is None else differing_tests(left, right)
    return {"problems": {"one": left_problem, "other": right_problem}, "differing": differing}


def _registered_label(entry: Entry) -> tuple[dict[str, Any] | None, str | None]:
    """The label of an entry as it was registered; or None, and why it cannot be told."""
    from beam_deid.transforms.errors import DeidError
    from beam_deid.transforms.label.reading import read_manifest
    from beam_deid.transforms.storage.journal import sha256_of
    from beam_deid.transforms.storage.paths import join

    path = join(entry.output, entry.release, "label.json")
    try:
        label, problem = read_manifest(path)
        fits = label is not None and sha256_of(path) == entry.label_sha256
    except DeidError as error:
        return None, f"the label of {entry.name} cannot be read: {error.message}"
    except OSError:
        return None, f"the label of {entry.name} cannot be read: {shown(path)}"
    if label is None:
        return None, f"the label of {entry.name} cannot be read: {problem}, in {shown(path)}"
    if not fits:
        return None, (
            f"the label of {entry.name} is not the one that was registered (sha256): {shown(path)} was decided again, was "
            "changed, or is another run's"
        )
    return label, None
