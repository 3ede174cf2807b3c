"""``beam-deid plan``: what a policy will do, without reading data."""

from typing import TYPE_CHECKING, Any

import click

from beam_deid.pipelines import options, output
from beam_deid.pipelines.commands import Command
from beam_deid.pipelines.early import see_the_policy

if TYPE_CHECKING:
    from beam_deid.transforms.policy.model import Policy


@click.command(
    cls=Command,
    epilog="""\b
Examples:
  beam-deid plan policy.yaml
  beam-deid plan policy.yaml -v                       # every field in a sentence, and every test
  beam-deid plan policy.yaml --input 'orders/*.csv'
  beam-deid plan policy.yaml --output out/2026-06""",
)
@click.argument("policy", type=click.Path(dir_okay=False))
@options.input_option(required=False)
@click.option(
    "--output", "-o", "output_folder", metavar="DIR", help="The --output of the run, beside which its register is."
)
@click.option("--verbose", "-v", is_flag=True, help="Show each field in a sentence, and every test.")
@options.json_option
def plan(policy: str, inputs: tuple[str, ...], output_folder: str | None, verbose: bool, as_json: bool) -> None:
    """Say which label each release can get at best and why, what is missing, and what will happen to its fields.

    With --input the files' columns are checked against POLICY as well; no record is read. With --output, or where POLICY says
    where its register is, the earlier releases are told that a run will be tested with if it has some of their records.
    """
    see_the_policy(policy)
    from beam_deid.transforms.policy.reader import read_any_policy
    from beam_deid.transforms.policy.tables import TablesPolicy

    read = read_any_policy(policy)
    if isinstance(read, TablesPolicy):
        from beam_deid.pipelines.tables import checked_files

        tables: list[tuple[str, Policy]] = [(name, table.policy) for name, table in read.tables.items()]
        files = checked_files(read, inputs) if inputs else 0
    else:
        tables = [("", read)]
        files = _checked_files(read, inputs) if inputs else 0
    documents = {name: _planned(of_table) for name, of_table in tables}
    first = tables[0][1]  # the register is that of all tables
    earlier = _earlier(first, output_folder)
    _show(documents, earlier, files, as_json, verbose=verbose)
    if as_json and isinstance(read, TablesPolicy):
        output.emit({"dataset": read.dataset, "policy_sha256": read.sha256, "tables": documents, "earlier": earlier})
    elif as_json:
        output.emit({**documents[""], "earlier": earlier})


def _planned(policy: "Policy") -> dict[str, Any]:
    """What a policy of one table will do."""
    from beam_deid.transforms.policy.keys_here import absent_keys
    from beam_deid.transforms.policy.plan import plan as make_plan

    document = make_plan(policy).to_document()
    for name, release in document["releases"].items():
        release["absent_keys"] = list(absent_keys(policy, name))
    return document


def _show(
    documents: dict[str, dict[str, Any]],
    earlier: list[dict[str, Any]] | None,
    files: int,
    as_json: bool,
    *,
    verbose: bool,
) -> None:
    """Show what will be done, table by table where there are several."""
    from beam_deid.pipelines.views.plan import show_plan, show_register

    out = output.console(as_json)
    for name, document in documents.items():
        if name:
            out.print(f"\n[bold]table {name}[/bold]")
        if document["releases"]:
            show_plan(out, document, verbose)
        else:
            out.print("nothing of it is given out: it says whose the records of other tables are")
    show_register(out, next(iter(documents.values()))["register"], earlier)
    if files:
        told = "1 file" if files == 1 else f"{files:,} files"
        out.print(f"[green]✓[/green] the columns of {told} are those of the policy")


def _checked_files(policy: "Policy", inputs: tuple[str, ...]) -> int:
    """The number of files, once their columns are found to be those of the policy."""
    from beam_deid.transforms.run.shards import prepare

    prepared = prepare(policy, inputs)
    output.note(prepared.found.told())
    return len({shard.path for shard in prepared.shards})


def _earlier(policy: "Policy", output_folder: str | None) -> list[dict[str, Any]] | None:
    """The registered releases that a run will be tested with; None where it is not said where the register is."""
    from beam_deid.transforms.policy.register_location import register_location
    from beam_deid.transforms.register.folder import read

    place = register_location(policy, output_folder)
    if place.missing:
        return None
    found = read(place.path)
    return [
        {"name": entry.name, "made_at": entry.made_at, "sharing": entry.sharing, "records": entry.records.released}
        for entry in (found.tested if found is not None else ())
    ]
