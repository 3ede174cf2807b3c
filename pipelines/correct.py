"""``beam-deid correct``: records replaced in what was published, and kept as they are in later runs."""

import click

from beam_deid.pipelines import options, output
from beam_deid.pipelines.commands import Command


@click.command(
    cls=Command,
    epilog="""\b
Examples:
  beam-deid correct policy.yaml out --subjects corrected.csv --reason 'request 2026-0118'
  beam-deid correct policy.yaml out --subjects corrected.csv --input 'orders/*.csv' --reason 'request 2026-0118'

Exit codes: 0 corrected, or none of them was there; 1 what lies there is not what was published; 2 policy or usage;
3 a file that cannot be read.""",
)
@click.argument("policy", type=click.Path(dir_okay=False))
@click.argument("outputs", metavar="OUT...", nargs=-1, required=True)
@click.option(
    "--subjects",
    required=True,
    metavar="FILE",
    help="The corrected records, with all columns, as the source has them; each is known by what POLICY names as record.",
)
@click.option(
    "--input",
    "-i",
    "sources",
    multiple=True,
    metavar="GLOB",
    help="The files that OUT was made of, as they were: they tell rows where no column shows a record's number; repeatable.",
)
@click.option("--reason", required=True, metavar="TEXT", help="Why; it stands in the register.")
@click.option("--operator", "named", metavar="NAME", help="Who answers for it; the login if not given.")
@options.json_option
def correct(
    policy: str,
    outputs: tuple[str, ...],
    subjects: str,
    sources: tuple[str, ...],
    reason: str,
    named: str | None,
    as_json: bool,
) -> None:
    """Replace records in the still_personal releases in each OUT by corrected ones, and remember them in the register.

    A row is found by its record's number as POLICY releases it, and else with --input by what the record was. New rows are made at
    the release's levels and stand in a part of their own. Each OUT is changed whole or not at all. Later runs withhold a record
    that was corrected and says something else.
    """
    from beam_deid.pipelines.requested import Asked, correct_all
    from beam_deid.pipelines.views.requested import show_done

    done = correct_all(Asked(policy, outputs, subjects, sources, reason, named))
    show_done(output.console(as_json), done)
    output.warn(done.notes)
    if as_json:
        output.emit(done.to_document())
